// SPDX-License-Identifier: Apache-2.0
#include "module/check.hpp"

#include <gnu/libc-version.h>
#include <microhost/entry.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace microhost::module {
namespace {

constexpr uint32_t kLargestEntry = 4096;

Result<> check_entry(const Elf& elf) {
    if (!elf.entry)
        return error("no symbol mh_module_entry; define it with MH_MODULE and export it");
    const EntrySymbol& e = *elf.entry;
    if (!e.is_object)
        return error("mh_module_entry is a function, not data; define it with MH_MODULE");
    if (e.size < sizeof(mh_module_entry_t))
        return error("mh_module_entry has {} bytes, {} are needed; define it with MH_MODULE",
                     e.size, sizeof(mh_module_entry_t));
    if (e.magic != MH_MAGIC)
        return error("mh_module_entry begins with {:#010x}, not MH_MAGIC; define it with MH_MODULE",
                     e.magic);
    if (e.abi_epoch != MH_ABI_EPOCH)
        return error(
            "built for ABI epoch {}, this host speaks epoch {}; build it against this host's SDK",
            e.abi_epoch, MH_ABI_EPOCH);
    if (e.declared_size < sizeof(mh_module_entry_t) || e.declared_size > e.size ||
        e.declared_size > kLargestEntry)
        return error(
            "mh_module_entry says it has {} bytes, the symbol has {}; define it with MH_MODULE",
            e.declared_size, e.size);
    return {};
}

/// Compilers' checkers live in the program, not in a library.
bool of_a_sanitizer(std::string_view symbol) {
    static constexpr std::array<std::string_view, 7> kPrefixes{
        "__asan_", "__ubsan_", "__tsan_", "__msan_", "__lsan_", "__sanitizer_", "__sancov_"};
    return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                       [&](std::string_view p) { return symbol.starts_with(p); });
}

/// Libraries all of whose symbols have versions: a symbol without one is found in none of them.
bool gives_versions(const std::string& library) {
    static constexpr std::array<std::string_view, 9> kLibraries{
        "libc.so.6",  "libm.so.6",  "libstdc++.so.6", "libgcc_s.so.1",       "libpthread.so.0",
        "libdl.so.2", "librt.so.1", "libresolv.so.2", "ld-linux-x86-64.so.2"};
    return std::find(kLibraries.begin(), kLibraries.end(), library) != kLibraries.end();
}

Result<> check_undefined(const Elf& elf) {
    const bool all_versioned = std::all_of(elf.needed.begin(), elf.needed.end(), gives_versions);
    for (const std::string& symbol : elf.undefined) {
        if (symbol.starts_with("mh_") || symbol.find("9microhost") != std::string::npos)
            return error(
                "needs the symbol {} of the host; a module reaches the host through mh_host only",
                symbol);
        if (all_versioned && !of_a_sanitizer(symbol))
            return error("undefined symbol {}; define it or link the library that has it", symbol);
    }
    return {};
}

Result<> check_glibc(const Elf& elf) {
    unsigned major = 0, minor = 0, needs_major = 0, needs_minor = 0;
    if (std::sscanf(elf.glibc.c_str(), "%u.%u", &needs_major, &needs_minor) != 2) return {};
    if (std::sscanf(gnu_get_libc_version(), "%u.%u", &major, &minor) != 2) return {};
    if (needs_major > major || (needs_major == major && needs_minor > minor))
        return error("needs glibc {}, this machine has {}; build it on an older system", elf.glibc,
                     gnu_get_libc_version());
    return {};
}

Result<> check_elf(const Elf& elf) {
    if (elf.executable) return error("a program, not a module; link it with -shared");
    if (elf.text_relocations) return error("has text relocations; compile it with -fPIC");
    if (!elf.manifest)
        return error(
            "manifest: no section .mh_manifest; is it a microhost module? Define it with "
            "MH_MODULE");
    if (elf.manifest_size > kMaxManifest)
        return error("manifest: {} bytes, at most {} are allowed", elf.manifest_size, kMaxManifest);
    if (auto ok = check_entry(elf); !ok) return ok;
    return {};
}

Result<Manifest> read_manifest(const Elf& elf) {
    auto text = manifest_text(*elf.manifest);
    if (!text) return text.error();
    return parse_manifest(*text);
}

}  // namespace

Result<CandidatePtr> check_file(const std::string& path, Links links) {
    auto file = File::open(path, links);
    if (!file) return file.error();
    auto elf = read_elf(file->bytes());
    if (!elf) return elf.error().context(path);
    if (auto ok = check_elf(*elf); !ok) return ok.error().context(path);
    auto manifest = read_manifest(*elf);
    if (!manifest) return manifest.error().context(path);
    if (auto ok = check_undefined(*elf); !ok) return ok.error().context(path);
    if (auto ok = check_glibc(*elf); !ok) return ok.error().context(path);
    return CandidatePtr(std::make_shared<Candidate>(
        Candidate{std::move(*file), std::move(*elf), std::move(*manifest)}));
}

}  // namespace microhost::module
