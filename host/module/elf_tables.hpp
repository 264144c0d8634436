// SPDX-License-Identifier: Apache-2.0
/// Private to the ELF reader: headers, string tables and address translation, each checked against the file's size.
#pragma once

#include <elf.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "module/elf.hpp"

namespace microhost::module {

/// The strings of one SHT_STRTAB, or none.
class Strings {
  public:
    Strings() = default;
    explicit Strings(std::string bytes) : bytes_(std::move(bytes)) {}
    /// Empty when there is no such string; cut at 64 KiB.
    std::string at(uint64_t offset) const {
        if (offset >= bytes_.size()) return {};
        const auto rest = std::string_view(bytes_).substr(offset, kLongest);
        return std::string(rest.substr(0, rest.find('\0')));
    }
    bool is(uint64_t offset, std::string_view name) const {
        return offset < bytes_.size() && bytes_.compare(offset, name.size(), name) == 0 &&
               offset + name.size() < bytes_.size() && bytes_[offset + name.size()] == '\0';
    }
    bool empty() const { return bytes_.empty(); }

  private:
    static constexpr size_t kLongest = 64 * 1024;
    std::string bytes_;
};

/// The headers, all of whose ranges lie inside the file.
struct ElfTables {
    explicit ElfTables(const Bytes& f) : file(f) {}

    const Bytes& file;
    Elf64_Ehdr header{};
    std::vector<Elf64_Phdr> programs;
    std::vector<Elf64_Shdr> sections;
    Strings section_names;

    const Elf64_Shdr* section(const char* name) const;
    const Elf64_Shdr* section_of_type(uint32_t type) const;
    /// The string table that `s` is linked to.
    Strings strings_of(const Elf64_Shdr& s) const;
    /// A section's bytes, at most `limit` of them; empty when it has none.
    std::string bytes_of(const Elf64_Shdr& s, uint64_t limit) const;
    /// Reads at an address as the system's loader would see it: zeros behind the part that is in the file.
    bool read_at(const std::vector<Segment>& segments, uint64_t address, void* out, size_t n) const;

    template <class T>
    std::vector<T> table_of(const Elf64_Shdr& s, size_t limit) const {
        std::string bytes = bytes_of(s, limit * sizeof(T));
        std::vector<T> out(bytes.size() / sizeof(T));
        if (!out.empty()) __builtin_memcpy(out.data(), bytes.data(), out.size() * sizeof(T));
        return out;
    }
};

Result<> read_headers(ElfTables& t);
Result<std::vector<Segment>> read_segments(const ElfTables& t);
/// Fills in needed, soname, text_relocations, executable; refuses tables that lie outside what is mapped.
Result<> read_dynamic(const ElfTables& t, Elf& elf);
/// Fills in exported, undefined, glibc, gnu_unique, entry.
Result<> read_symbols(const ElfTables& t, Elf& elf);

}  // namespace microhost::module
