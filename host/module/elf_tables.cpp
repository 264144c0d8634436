// SPDX-License-Identifier: Apache-2.0
#include "module/elf_tables.hpp"

#include <algorithm>
#include <cstring>

namespace microhost::module {
namespace {

constexpr size_t kMaxProgramHeaders = 512;
constexpr size_t kMaxSections = 16 * 1024;
constexpr uint64_t kMaxStrings = 64u << 20;
constexpr uint64_t kMaxMapped = 4ull << 30;

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
constexpr const char* kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
constexpr const char* kMachineName = "ARM64";
#elif defined(__riscv)
constexpr uint16_t kMachine = EM_RISCV;
constexpr const char* kMachineName = "RISC-V";
#else
#error "add this machine's ELF number"
#endif

std::string machine_name(uint16_t machine) {
    switch (machine) {
        case EM_X86_64: return "x86-64";
        case EM_AARCH64: return "ARM64";
        case EM_386: return "32-bit x86";
        case EM_ARM: return "32-bit ARM";
        case EM_RISCV: return "RISC-V";
        case EM_PPC64: return "POWER";
        case EM_S390: return "s390";
        default: return fmt::format("machine {}", machine);
    }
}

Result<> check_identity(const Elf64_Ehdr& h) {
    if (std::memcmp(h.e_ident, ELFMAG, SELFMAG) != 0) return error("not an ELF file");
    if (h.e_ident[EI_CLASS] != ELFCLASS64)
        return error("not a 64-bit file; build it for this machine");
    if (h.e_ident[EI_DATA] != ELFDATA2LSB)
        return error("not a little-endian file; build it for this machine");
    if (h.e_ident[EI_VERSION] != EV_CURRENT || h.e_version != EV_CURRENT)
        return error("unknown ELF version {}", h.e_version);
    if (h.e_machine != kMachine)
        return error("built for {}, this machine is {}; build it for this machine",
                     machine_name(h.e_machine), kMachineName);
    if (h.e_type != ET_DYN)
        return error("not a shared object (ELF type {}); link it with -shared", h.e_type);
    return {};
}

template <class T>
bool read_table(const Bytes& file, uint64_t at, size_t n, std::vector<T>& out) {
    if (!file.holds(at, n * sizeof(T))) return false;
    out.resize(n);
    return n == 0 || file.read(at, out.data(), n * sizeof(T));
}

}  // namespace

const Elf64_Shdr* ElfTables::section(const char* name) const {
    for (const Elf64_Shdr& s : sections)
        if (section_names.is(s.sh_name, name)) return &s;
    return nullptr;
}

const Elf64_Shdr* ElfTables::section_of_type(uint32_t type) const {
    for (const Elf64_Shdr& s : sections)
        if (s.sh_type == type) return &s;
    return nullptr;
}

Strings ElfTables::strings_of(const Elf64_Shdr& s) const {
    if (s.sh_link >= sections.size()) return {};
    return Strings(bytes_of(sections[s.sh_link], kMaxStrings));
}

std::string ElfTables::bytes_of(const Elf64_Shdr& s, uint64_t limit) const {
    if (s.sh_type == SHT_NOBITS || !file.holds(s.sh_offset, s.sh_size)) return {};
    std::string out(std::min(s.sh_size, limit), '\0');
    if (!out.empty() && !file.read(s.sh_offset, out.data(), out.size())) return {};
    return out;
}

bool ElfTables::read_at(const std::vector<Segment>& segments, uint64_t address, void* out,
                        size_t n) const {
    for (const Segment& s : segments) {
        if (!s.holds(address, n)) continue;
        const uint64_t from = address - s.address;
        const uint64_t in_file = from < s.file_size ? std::min<uint64_t>(n, s.file_size - from) : 0;
        std::memset(out, 0, n);
        return in_file == 0 || file.read(s.offset + from, out, in_file);
    }
    return false;
}

Result<> read_headers(ElfTables& t) {
    Elf64_Ehdr& h = t.header;
    if (t.file.size() == 0) return error("empty file");
    char magic[SELFMAG] = {};
    if (!t.file.read(0, magic) || std::memcmp(magic, ELFMAG, SELFMAG) != 0)
        return error("not an ELF file");
    if (!t.file.read(0, h))
        return error("cut off: the file ends inside the ELF header; copy it again");
    if (auto ok = check_identity(h); !ok) return ok;
    if (h.e_phentsize != sizeof(Elf64_Phdr) || h.e_phnum == 0 || h.e_phnum > kMaxProgramHeaders)
        return error("damaged: {} program headers of {} bytes", h.e_phnum, h.e_phentsize);
    if (!read_table(t.file, h.e_phoff, h.e_phnum, t.programs))
        return error("damaged: the program headers lie outside the file; copy it again");
    if (h.e_shnum != 0 && (h.e_shentsize != sizeof(Elf64_Shdr) || h.e_shnum > kMaxSections))
        return error("damaged: {} sections of {} bytes", h.e_shnum, h.e_shentsize);
    if (!read_table(t.file, h.e_shoff, h.e_shnum, t.sections))
        return error("cut off: the section table lies behind the end of the file; copy it again");
    if (h.e_shstrndx < t.sections.size())
        t.section_names = Strings(t.bytes_of(t.sections[h.e_shstrndx], kMaxStrings));
    if (h.e_shnum != 0 && t.section_names.empty())
        return error("damaged: the section names are missing; copy it again");
    return {};
}

Result<std::vector<Segment>> read_segments(const ElfTables& t) {
    std::vector<Segment> out;
    uint64_t mapped = 0;
    for (const Elf64_Phdr& p : t.programs) {
        if (p.p_type == PT_DYNAMIC && !t.file.holds(p.p_offset, p.p_filesz))
            return error(
                "cut off: the dynamic section lies behind the end of the file; copy it again");
        if (p.p_type != PT_LOAD) continue;
        if (!t.file.holds(p.p_offset, p.p_filesz))
            return error("cut off: a segment ends behind the end of the file; copy it again");
        if (p.p_filesz > p.p_memsz || p.p_memsz > kMaxMapped || p.p_vaddr > UINT64_MAX - p.p_memsz)
            return error("damaged: a segment has impossible sizes");
        if (!out.empty() && p.p_vaddr < out.back().address + out.back().memory_size)
            return error("damaged: segments overlap or are not in order");
        if (p.p_align > 1 && (p.p_vaddr - p.p_offset) % 4096 != 0)
            return error("damaged: a segment is not aligned to pages");
        mapped = p.p_vaddr + p.p_memsz - (out.empty() ? p.p_vaddr : out.front().address);
        out.push_back({p.p_vaddr, p.p_memsz, p.p_offset, p.p_filesz, (p.p_flags & PF_X) != 0});
    }
    if (out.empty()) return error("damaged: no segment to load");
    if (mapped > kMaxMapped) return error("damaged: its segments span more than 4 GiB");
    return out;
}

}  // namespace microhost::module
