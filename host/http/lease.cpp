// SPDX-License-Identifier: Apache-2.0
#include "http/lease.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstring>

namespace microhost::http {
namespace {

constexpr size_t kRegion = 16 * 1024;
constexpr size_t kPage = 4096;
constexpr size_t kGraves = 4096;

/// Regions whose hook has returned: mapped, so that nobody else gets their addresses, and unreadable. Read by a signal handler.
struct Grave {
    std::atomic<char*> begin{nullptr};
    size_t size = 0;
    const char* module = "";
    const char* hook = "";
};
std::array<Grave, kGraves> graves;
std::atomic<size_t> buried{0};

thread_local Lease* running = nullptr;

void say(std::string_view text) {
    [[maybe_unused]] auto n = ::write(STDERR_FILENO, text.data(), text.size());
}

struct sigaction before;

void on_fault(int, siginfo_t* info, void*) {
    const auto* at = static_cast<const char*>(info->si_addr);
    for (const Grave& g : graves) {
        const char* begin = g.begin.load(std::memory_order_acquire);
        if (!begin || at < begin || at >= begin + g.size) continue;
        say("microhost: module ");
        say(g.module);
        say(" used what was lent to its hook ");
        say(g.hook);
        say(" after it had returned; copy what has to live longer\n");
        break;
    }
    ::sigaction(SIGSEGV, &before,
                nullptr);  // the instruction runs again, and into what was there before us
}

}  // namespace

Lease::Lease(const char* module, const char* hook) : module_(module), hook_(hook), outer_(running) {
    running = this;
}

Lease::~Lease() {
    running = outer_;
    for (const Region& r : regions_) {
        ::mprotect(r.begin, r.size, PROT_NONE);
        ::madvise(r.begin, r.size, MADV_DONTNEED);
        Grave& g = graves[buried++ % kGraves];
        if (char* old = g.begin.exchange(nullptr)) ::munmap(old, g.size);
        g.size = r.size;
        g.module = module_;
        g.hook = hook_;
        g.begin.store(r.begin, std::memory_order_release);
    }
}

Lease* Lease::current() { return running; }

void* Lease::room(size_t bytes, size_t align) {
    const size_t at = (used_ + align - 1) / align * align;
    if (!regions_.empty() && at + bytes <= regions_.back().size) {
        used_ = at + bytes;
        return regions_.back().begin + at;
    }
    const size_t size = std::max(kRegion, (bytes + kPage - 1) / kPage * kPage);
    void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return nullptr;
    regions_.push_back({static_cast<char*>(p), size});
    used_ = bytes;
    return p;
}

std::string_view Lease::copy(std::string_view s) {
    auto* p = static_cast<char*>(s.empty() ? nullptr : room(s.size(), 1));
    if (!p) return s;
    std::memcpy(p, s.data(), s.size());
    return {p, s.size()};
}
mh_str Lease::copy(mh_str s) {
    const std::string_view c = copy(std::string_view(s.ptr, s.len));
    return {c.data(), c.size()};
}
mh_seg Lease::copy(mh_seg s) {
    const std::string_view c = copy(std::string_view(reinterpret_cast<const char*>(s.ptr), s.len));
    return {reinterpret_cast<const uint8_t*>(c.data()), c.size()};
}

void name_late_readers() {
    struct sigaction ours {};
    ours.sa_sigaction = on_fault;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(SIGSEGV, &ours, &before);
}

}  // namespace microhost::http
