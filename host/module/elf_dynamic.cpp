// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>

#include "module/elf_tables.hpp"

namespace microhost::module {
namespace {

constexpr size_t kMaxEntries = 4096;
constexpr uint64_t kMaxDynamicStrings = 64u << 20;

/// Address and size of the tables that the system's loader follows blindly.
struct Followed {
    int64_t address, size;
    const char* name;
};
constexpr std::array kFollowed{
    Followed{DT_STRTAB, DT_STRSZ, "string table"},
    Followed{DT_RELA, DT_RELASZ, "relocations"},
    Followed{DT_JMPREL, DT_PLTRELSZ, "call relocations"},
    Followed{DT_INIT_ARRAY, DT_INIT_ARRAYSZ, "constructors"},
    Followed{DT_FINI_ARRAY, DT_FINI_ARRAYSZ, "destructors"},
    Followed{DT_SYMTAB, 0, "symbol table"},
    Followed{DT_GNU_HASH, 0, "symbol hash"},
    Followed{DT_HASH, 0, "symbol hash"},
    Followed{DT_VERSYM, 0, "symbol versions"},
    Followed{DT_VERNEED, 0, "needed versions"},
};

using Tags = std::map<int64_t, uint64_t>;

Result<> check_followed(const Tags& tags, const std::vector<Segment>& segments) {
    for (const Followed& f : kFollowed) {
        const auto address = tags.find(f.address);
        if (address == tags.end()) continue;
        const auto size = f.size ? tags.find(f.size) : tags.end();
        const uint64_t bytes = size == tags.end() ? 4 : size->second;
        const bool inside = std::any_of(segments.begin(), segments.end(), [&](const Segment& s) {
            return s.holds(address->second, bytes) && address->second - s.address <= s.file_size &&
                   bytes <= s.file_size - (address->second - s.address);
        });
        if (!inside && bytes != 0)
            return error("damaged: its {} lie outside the file; copy it again", f.name);
    }
    return {};
}

Result<Strings> dynamic_strings(const ElfTables& t, const Elf& elf, const Tags& tags) {
    const auto at = tags.find(DT_STRTAB), size = tags.find(DT_STRSZ);
    if (at == tags.end() || size == tags.end() || tags.find(DT_SYMTAB) == tags.end())
        return error("damaged: no dynamic symbols; copy it again");
    if (size->second > kMaxDynamicStrings) return error("damaged: its string table is too large");
    std::string bytes(size->second, '\0');
    if (!t.read_at(elf.segments, at->second, bytes.data(), bytes.size()))
        return error("damaged: its string table lies outside the file; copy it again");
    return Strings(std::move(bytes));
}

}  // namespace

Result<> read_dynamic(const ElfTables& t, Elf& elf) {
    const auto dynamic = std::find_if(t.programs.begin(), t.programs.end(),
                                      [](const Elf64_Phdr& p) { return p.p_type == PT_DYNAMIC; });
    if (dynamic == t.programs.end()) return error("not a shared object: it has no dynamic section");
    Tags tags;
    std::vector<uint64_t> needed;
    std::vector<Elf64_Dyn> entries(
        std::min<uint64_t>(dynamic->p_filesz / sizeof(Elf64_Dyn), kMaxEntries));
    // By address, not by offset: that is where the system's loader looks.
    if (!t.read_at(elf.segments, dynamic->p_vaddr, entries.data(),
                   entries.size() * sizeof(Elf64_Dyn)))
        return error("damaged: the dynamic section is not in the file; copy it again");
    for (const Elf64_Dyn& d : entries) {
        if (d.d_tag == DT_NULL) break;
        if (d.d_tag == DT_NEEDED)
            needed.push_back(d.d_un.d_val);
        else
            tags[d.d_tag] = d.d_un.d_val;
    }
    auto strings = dynamic_strings(t, elf, tags);
    if (!strings) return strings.error();
    if (auto ok = check_followed(tags, elf.segments); !ok) return ok;
    for (const uint64_t at : needed) elf.needed.push_back(strings->at(at));
    if (const auto it = tags.find(DT_SONAME); it != tags.end())
        elf.soname = strings->at(it->second);
    const auto flags = tags.find(DT_FLAGS), more = tags.find(DT_FLAGS_1);
    elf.text_relocations =
        tags.count(DT_TEXTREL) != 0 || (flags != tags.end() && (flags->second & DF_TEXTREL) != 0);
    elf.executable = more != tags.end() && (more->second & DF_1_PIE) != 0;
    return {};
}

}  // namespace microhost::module
