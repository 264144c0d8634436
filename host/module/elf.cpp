// SPDX-License-Identifier: Apache-2.0
#include "module/elf.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "module/elf_tables.hpp"

namespace microhost::module {
namespace {

constexpr size_t kMaxSymbols = 1u << 20;
constexpr uint64_t kMaxNames = 64u << 20;
constexpr size_t kMaxVersions = 4096;
constexpr size_t kMaxBuildId = 128;
constexpr const char* kEntryName = "mh_module_entry";

/// "2.34" as {2, 34}; {0, 0} for what is no version.
std::pair<int, int> version_number(std::string_view text) {
    std::pair<int, int> v{0, 0};
    const char* end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, v.first);
    if (major.ec == std::errc{} && major.ptr != end && *major.ptr == '.')
        std::from_chars(major.ptr + 1, end, v.second);
    return v;
}

/// The newest GLIBC_x.y among the needed versions (SHT_GNU_verneed).
std::string newest_glibc(const ElfTables& t) {
    const Elf64_Shdr* section = t.section_of_type(SHT_GNU_verneed);
    if (!section) return {};
    const std::string bytes = t.bytes_of(*section, 1u << 20);
    const MemoryBytes at(bytes);
    const Strings names = t.strings_of(*section);
    std::string newest;
    size_t budget = kMaxVersions;  // chains are linked by offsets and could go in circles
    for (uint64_t library = 0; budget > 0; budget--) {
        Elf64_Verneed need;
        if (!at.read(library, need)) break;
        uint64_t version = library + need.vn_aux;
        for (unsigned i = 0; i < need.vn_cnt && budget > 0; i++, budget--) {
            Elf64_Vernaux aux;
            if (!at.read(version, aux)) break;
            const std::string name = names.at(aux.vna_name);
            if (name.starts_with("GLIBC_") &&
                version_number(std::string_view(name).substr(6)) > version_number(newest))
                newest = name.substr(6);
            if (aux.vna_next == 0) break;
            version += aux.vna_next;
        }
        if (need.vn_next == 0) break;
        library += need.vn_next;
    }
    return newest;
}

EntrySymbol read_entry(const ElfTables& t, const Elf& elf, const Elf64_Sym& s) {
    EntrySymbol e;
    e.address = s.st_value;
    e.size = s.st_size;
    e.is_object = ELF64_ST_TYPE(s.st_info) == STT_OBJECT;
    uint32_t words[4] = {};
    // What cannot be read stays zero, and has no magic.
    if (!t.read_at(elf.segments, s.st_value, words, sizeof words)) return e;
    e.magic = words[0];
    e.abi_epoch = words[1];
    e.declared_size = words[2];
    e.header_version = words[3];
    return e;
}

std::string read_build_id(const ElfTables& t) {
    const Elf64_Shdr* s = t.section(".note.gnu.build-id");
    if (!s) return {};
    const std::string note = t.bytes_of(*s, kMaxBuildId);
    Elf64_Nhdr head;
    if (!MemoryBytes(note).read(0, head) || head.n_type != NT_GNU_BUILD_ID) return {};
    const size_t from = sizeof head + (head.n_namesz + 3ul) / 4 * 4;
    std::string digits;
    for (size_t i = from; i < note.size() && i < from + head.n_descsz; i++)
        digits += fmt::format("{:02x}", static_cast<unsigned char>(note[i]));
    return digits;
}

void read_manifest(const ElfTables& t, Elf& elf) {
    const Elf64_Shdr* s = t.section(".mh_manifest");
    if (!s) return;
    elf.manifest_size = s->sh_size;
    elf.manifest = t.bytes_of(*s, kMaxManifest + 1);
}

}  // namespace

Result<> read_symbols(const ElfTables& t, Elf& elf) {
    const Elf64_Shdr* table = t.section_of_type(SHT_DYNSYM);
    if (!table) return error("no symbol table: it was cut off or stripped of its section headers");
    const auto symbols = t.table_of<Elf64_Sym>(*table, kMaxSymbols);
    const Strings names = t.strings_of(*table);
    if (symbols.empty() || names.empty()) return error("damaged: its symbols are not in the file");
    std::vector<uint16_t> versions;
    if (const Elf64_Shdr* v = t.section_of_type(SHT_GNU_versym))
        versions = t.table_of<uint16_t>(*v, kMaxSymbols);
    uint64_t named = 0;
    for (size_t i = 1; i < symbols.size(); i++) {
        const Elf64_Sym& s = symbols[i];
        // Names may share bytes, so a small file could ask for much memory.
        std::string name = names.at(s.st_name);
        if ((named += name.size()) > kMaxNames) return error("damaged: its symbol names never end");
        const unsigned bind = ELF64_ST_BIND(s.st_info);
        if (bind == STB_GNU_UNIQUE) elf.gnu_unique = true;
        if (s.st_shndx == SHN_UNDEF) {
            if (name.starts_with("__cxa_thread_atexit")) elf.thread_destructors = true;
            // Versions 0 and 1 are "local" and "global": no library was named for it when it was linked.
            const bool versioned = i < versions.size() && (versions[i] & 0x7fff) > 1;
            if (bind == STB_GLOBAL && !versioned) elf.undefined.push_back(std::move(name));
        } else if (bind != STB_LOCAL && s.st_shndx != SHN_ABS) {
            if (name == kEntryName && !elf.entry) elf.entry = read_entry(t, elf, s);
            elf.exported.push_back(std::move(name));
        }
    }
    elf.glibc = newest_glibc(t);
    return {};
}

Result<Elf> read_elf(const Bytes& file) {
    ElfTables t(file);
    if (auto ok = read_headers(t); !ok) return ok.error();
    auto segments = read_segments(t);
    if (!segments) return segments.error();
    Elf elf;
    elf.segments = std::move(*segments);
    if (auto ok = read_dynamic(t, elf); !ok) return ok.error();
    if (auto ok = read_symbols(t, elf); !ok) return ok.error();
    elf.go_runtime = t.section(".go.buildinfo") || t.section(".note.go.buildid");
    elf.build_id = read_build_id(t);
    read_manifest(t, elf);
    return elf;
}

}  // namespace microhost::module
