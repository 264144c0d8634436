// SPDX-License-Identifier: Apache-2.0
// In the handler only what signal-safety(7) allows: no memory is taken, no lock, no stdio.
#include "supervise/crash_line.hpp"

#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <mutex>

#include "loop/loop.hpp"
#include "observe/trace.hpp"
#include "sanitizer.hpp"
#include "supervise/safe_text.hpp"

namespace microhost::supervise {
namespace {

constexpr size_t kStackBytes = 64 * 1024;
constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

struct Range {
    std::atomic<const ModuleMark*> module{nullptr};
    uintptr_t low = 0, high = 0;
};
std::array<Range, 512> ranges;
std::mutex ranges_mutex;  // of those who change it; the handler only reads

int record_channel = -1;
pid_t process = 0;
std::atomic<bool> told{false};

const char* name_of(int number) {
    switch (number) {
        case SIGSEGV: return "SIGSEGV";
        case SIGBUS: return "SIGBUS";
        case SIGFPE: return "SIGFPE";
        case SIGILL: return "SIGILL";
        default: return "SIGABRT";
    }
}

uintptr_t program_counter(const void* context) {
    const auto* c = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
    return static_cast<uintptr_t>(c->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return static_cast<uintptr_t>(c->uc_mcontext.pc);
#else
    (void)c;
    return 0;
#endif
}

const ModuleMark* module_at(uintptr_t pc) {
    for (const Range& r : ranges)
        if (const ModuleMark* m = r.module.load(std::memory_order_acquire);
            m && pc >= r.low && pc < r.high)
            return m;
    return nullptr;
}

struct Place {
    uintptr_t pc = 0;
    const char* file = nullptr;
    uintptr_t offset = 0;
};

int find_file(dl_phdr_info* info, size_t, void* arg) {
    auto* place = static_cast<Place*>(arg);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const auto& h = info->dlpi_phdr[i];
        const uintptr_t low = info->dlpi_addr + h.p_vaddr;
        if (h.p_type != PT_LOAD || place->pc < low || place->pc >= low + h.p_memsz) continue;
        place->file = info->dlpi_name[0] ? info->dlpi_name : "the program";
        place->offset = place->pc - info->dlpi_addr;
        return 1;
    }
    return 0;
}

/// Whose thread it is that crashed. Of a process that was ended for hanging, the thread that hangs: the watchdog knows it, or
/// will; all others are in a hook for a moment only.
const Activity& guilty(bool hung) {
    const Activity* in_hook = nullptr;
    for (unsigned i = 0; hung && i < Loop::kMaxLoops; i++) {
        const Loop* l = Loop::by_index(i);
        if (l && l->activity.stalled) return l->activity;
        if (l && l->activity.hook()) in_hook = &l->activity;
    }
    return in_hook ? *in_hook : Loop::activity_here();
}

void tell(int number, const siginfo_t& info, const void* context) {
    const bool hung = number == SIGABRT && info.si_code <= 0 && info.si_pid == ::getppid();
    const Activity& activity = guilty(hung);
    const HookMark* hook = activity.hook();
    const uintptr_t pc = program_counter(context);
    const ModuleMark* module = hook ? hook->module : module_at(pc);
    SafeText<1024> line;
    line.add("microhost: ").add(hung ? "hung" : "crashed").add(": ").add(name_of(number));
    if (info.si_code > 0) line.add(" at ").hex(reinterpret_cast<uintptr_t>(info.si_addr));
    if (module) {
        line.add(", module ").add(module->id).add(" ").add(module->version);
        line.add(", generation ").number(module->generation);
    }
    if (hook) line.add(", hook ").add(hook->name);
    if (const observe::RequestId* id = hook ? activity.request() : nullptr)
        line.add(", request ").add(id->view());
    line.add(", pid ").number(static_cast<uint64_t>(::getpid()));
    if (!module) {
        // This one may wait for a lock that a thread holds which will not give it back: not for ever.
        std::signal(SIGALRM, SIG_DFL);
        ::alarm(2);
        Place place{pc};
        if (dl_iterate_phdr(find_file, &place)) line.add(", in ").add(place.file);
        if (place.file) line.add("+").hex(place.offset);
        ::alarm(0);
    }
    line.add("\n").write_to(STDERR_FILENO);
    if (record_channel < 0) return;
    SafeText<1024> record;
    record.add("crash\n").add(module ? module->id : "").add("\n");
    record.add(module ? module->version : "").add("\n").add(module ? module->build : "");
    record.add("\n").add(hook ? hook->name : "").add("\n").add(name_of(number));
    record.send_to(record_channel);
}

void on_crash(int number, siginfo_t* info, void* context) {
    if (::getpid() == process) {  // a child that was forked has nothing to tell here
        if (told.exchange(true))
            for (;;) ::pause();  // another thread was first, and ends all of us
        tell(number, *info, context);
    }
    std::signal(number, SIG_DFL);
    // A fault happens again when we return. What somebody sent does not: it waits until this handler is over.
    if (info->si_code <= 0) ::syscall(SYS_tgkill, ::getpid(), ::syscall(SYS_gettid), number);
}

}  // namespace

void install_crash_line(int channel) {
    if (kSanitizer) return;
    record_channel = channel;
    process = ::getpid();
    struct sigaction action {};
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    for (const int s : kSignals) ::sigaction(s, &action, nullptr);
}

CrashStack::CrashStack() {
    if (kSanitizer) return;
    void* m =
        ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) return;
    memory_ = m;
    stack_t stack{};
    stack.ss_sp = m;
    stack.ss_size = kStackBytes;
    ::sigaltstack(&stack, nullptr);
}

CrashStack::~CrashStack() {
    if (!memory_) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
    ::munmap(memory_, kStackBytes);
}

MappedCode::MappedCode(const ModuleMark& module, const void* inside) {
    struct Search {
        uintptr_t at, low = 0, high = 0;
    } search{reinterpret_cast<uintptr_t>(inside)};
    auto visit = [](dl_phdr_info* info, size_t, void* arg) {
        auto& s = *static_cast<Search*>(arg);
        uintptr_t low = UINTPTR_MAX, high = 0;
        for (int i = 0; i < info->dlpi_phnum; i++) {
            const auto& h = info->dlpi_phdr[i];
            if (h.p_type != PT_LOAD) continue;
            low = std::min<uintptr_t>(low, info->dlpi_addr + h.p_vaddr);
            high = std::max<uintptr_t>(high, info->dlpi_addr + h.p_vaddr + h.p_memsz);
        }
        if (s.at < low || s.at >= high) return 0;
        s.low = low, s.high = high;
        return 1;
    };
    if (!dl_iterate_phdr(visit, &search)) return;
    const std::scoped_lock lock(ranges_mutex);
    for (size_t i = 0; i < ranges.size(); i++) {
        if (ranges[i].module.load(std::memory_order_relaxed)) continue;
        ranges[i].low = search.low, ranges[i].high = search.high;
        ranges[i].module.store(&module, std::memory_order_release);
        slot_ = static_cast<int>(i);
        return;
    }
}

MappedCode::~MappedCode() {
    if (slot_ < 0) return;
    const std::scoped_lock lock(ranges_mutex);
    ranges[static_cast<size_t>(slot_)].module.store(nullptr, std::memory_order_release);
}

}  // namespace microhost::supervise
