// SPDX-License-Identifier: Apache-2.0
/// What a file says: read at the start and again after each change. What was read last stays in force while the file is
/// missing or wrong, and /readyz?verbose says so. The module needs mh::uses<mh_file, mh_health, mh_loop>.
///
///     struct shared {
///         explicit shared(const config& c) : words(c.file, "/file") {}
///         mh::file_value<word_list> words;  // word_list is made of (std::string_view); it throws mh::failure
///     };
#pragma once

#include <microhost/watch.hpp>

#include <atomic>
#include <memory>
#include <optional>

namespace mh {

template <class T>
class [[gnu::visibility("hidden")]] file_value {
  public:
    /// Throws when the file cannot be used at the start; `json_pointer` is the option that named it. [main]
    file_value(std::string_view path, std::string json_pointer)
        : path_(path), check_("file:" + path_) {
        watch_.emplace(path_, [this](mh_status s, string_view content) { take(s, content); });
        if (!now_.load()) throw failure(path_ + ": " + why_, std::move(json_pointer), MH_E_IO);
    }
    ~file_value() {
        watch_.reset();
        delete now_.load();
    }
    file_value(const file_value&) = delete;
    file_value& operator=(const file_value&) = delete;

    /// As read last; the reference is good until the hook returns. [any loop]
    const T& now() const { return *now_.load(std::memory_order_acquire); }

  private:
    void take(mh_status s, string_view content) {
        try {
            if (s != MH_OK) throw failure(std::string(file_problem(s)));
            publish(new T(content));
            use<mh_health>().set(the_host, check_.c_str(), MH_HEALTH_OK, lend("read"));
        } catch (const failure& f) {
            why_ = f.what();
            if (!now_.load()) return;  // the constructor says so
            const std::string text = path_ + ": " + why_ + "; what was read last still counts";
            log::warn(text);
            use<mh_health>().set(the_host, check_.c_str(), MH_HEALTH_DEGRADED, lend(text));
        }
    }
    void publish(const T* fresh) {
        const T* old = now_.exchange(fresh, std::memory_order_acq_rel);
        if (!old) return;
        // Freed when no loop can still be in a lookup.
        const mh_status s = use<mh_loop>().broadcast(
            the_host, [](void*, void*) {}, const_cast<T*>(old),
            [](void* gone) { delete static_cast<const T*>(gone); });
        if (s != MH_OK) log::warn(path_ + ": the version before is kept in memory");
    }

    std::string path_, check_, why_;
    std::optional<watched_file> watch_;
    std::atomic<const T*> now_{nullptr};
};

}  // namespace mh
