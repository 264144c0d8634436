// SPDX-License-Identifier: Apache-2.0
/// What an ELF file says about itself, read without running or mapping any of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "module/bytes.hpp"
#include "result.hpp"

namespace microhost::module {

/// A piece of the file that the system's loader maps.
struct Segment {
    uint64_t address = 0, memory_size = 0;
    uint64_t offset = 0, file_size = 0;
    bool executable = false;

    bool holds(uint64_t at, uint64_t n) const {
        return at >= address && at - address <= memory_size && n <= memory_size - (at - address);
    }
};

/// The symbol `mh_module_entry` as it stands in the file; its pointers are only known once it is loaded.
struct EntrySymbol {
    uint64_t address = 0;
    uint64_t size = 0;       ///< as the symbol table says
    bool is_object = false;  ///< data, not a function
    uint32_t magic = 0, abi_epoch = 0, declared_size = 0, header_version = 0;
};

struct Elf {
    std::vector<Segment> segments;
    std::vector<std::string> needed;    ///< libraries, as DT_NEEDED names them
    std::vector<std::string> exported;  ///< defined dynamic symbols
    std::vector<std::string>
        undefined;  ///< that must be found, without a version: by no library that has versions
    std::string soname;
    std::string glibc;     ///< newest "GLIBC_" version asked for ("2.34"), or empty
    std::string build_id;  ///< in hexadecimal digits, or empty
    bool text_relocations = false;
    bool gnu_unique = false;  ///< has STB_GNU_UNIQUE symbols: glibc never unmaps it
    bool thread_destructors =
        false;  ///< has thread_local objects with destructors: threads may still run them
    bool go_runtime = false;  ///< a Go runtime inside: its threads never end
    bool executable = false;  ///< a position-independent program, not a shared object
    std::optional<EntrySymbol> entry;

    std::optional<std::string> manifest;  ///< the section's bytes, cut behind kMaxManifest
    uint64_t manifest_size = 0;           ///< of the section
};

constexpr uint64_t kMaxManifest = 64 * 1024;

/// Errors say what is wrong with the file ("cut off: ..."), without its name. Whatever the bytes are, it ends soon, takes
/// memory in proportion to the file's size and never crashes. Thread: any.
Result<Elf> read_elf(const Bytes& file);

}  // namespace microhost::module
