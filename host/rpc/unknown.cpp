// SPDX-License-Identifier: Apache-2.0
#include "rpc/unknown.hpp"

#include <atomic>
#include <utility>

#include "loop/loop.hpp"

namespace microhost::rpc {
namespace {

// Loops outlive it, so what they post finds it or null.
std::atomic<Loop*> main_loop{nullptr};  // null: nobody to ask
Unknown* on_main = nullptr;

/// A flood of random names must not become one of the control thread.
bool within_rate() {
    thread_local uint64_t second = 0;
    thread_local size_t count = 0;
    const uint64_t now = Loop::current() ? Loop::current()->now_ms() / 1000 : 0;
    if (std::exchange(second, now) != now) count = 0;
    return ++count <= Unknown::kMostASecond;
}

}  // namespace

void ask_for(std::string_view name) {
    Loop* main = main_loop.load(std::memory_order_acquire);
    if (!main || name.empty() || name.size() > Unknown::kLongestName || !within_rate()) return;
    main->post([name = std::string(name)] {
        if (on_main) on_main->ask(name);
    });
}

Unknown::Unknown(Loop& main, Ask ask) : ask_(std::move(ask)), main_(main) { on_main = this; }

Unknown::~Unknown() {
    enable(false);
    if (on_main == this) on_main = nullptr;
}

void Unknown::enable(bool on) { main_loop.store(on ? &main_ : nullptr, std::memory_order_release); }

void Unknown::ask(std::string name, Clock::time_point now) {
    auto known = until_.find(name);
    if (known != until_.end() && now < known->second) return;
    if (known == until_.end() && until_.size() >= kMostNames) {
        std::erase_if(until_, [now](const auto& row) { return row.second <= now; });
        if (until_.size() >= kMostNames) return;
    }
    until_.insert_or_assign(name, now + kRemembered);
    ask_(name);
}

void Unknown::found(std::string_view name) {
    if (auto at = until_.find(name); at != until_.end()) until_.erase(at);
}

}  // namespace microhost::rpc
