// SPDX-License-Identifier: Apache-2.0
/// A file that is read at the start and again after each change. What was read last stays in force while the file is missing
/// or wrong, and /readyz?verbose says so. The module needs mh::uses<mh_file, mh_health, mh_loop>.
///
///     struct shared {
///         explicit shared(const config& c) : words(c.file, "/file") {}
///         mh::watched_file<word_list> words;  // word_list is made of (std::string_view); it throws mh::failure
///     };
#pragma once

#include <microhost/host.hpp>

#include <atomic>
#include <memory>

namespace mh {

template <class T>
class [[gnu::visibility("hidden")]] watched_file {
  public:
    /// Throws when the file cannot be used at the start; `json_pointer` is the option that named it. [main]
    watched_file(std::string_view path, std::string json_pointer)
        : path_(path), check_("file:" + path_) {
        const mh_status s = use<mh_file>().watch(the_host, path_.c_str(), on_file, this, &watch_);
        if (now_.load()) return;
        if (s == MH_OK) use<mh_file>().unwatch(watch_);
        if (why_.empty()) why_ = reason_of(s);
        throw failure(path_ + ": " + why_, std::move(json_pointer), MH_E_IO);
    }
    ~watched_file() {
        use<mh_file>().unwatch(watch_);
        delete now_.load();
    }
    watched_file(const watched_file&) = delete;
    watched_file& operator=(const watched_file&) = delete;

    /// As read last; the reference is good until the hook returns. [any loop]
    const T& now() const { return *now_.load(std::memory_order_acquire); }

  private:
    static std::string reason_of(mh_status s) {
        switch (s) {
            case MH_E_NOT_FOUND: return "there is no such file";
            case MH_E_DENIED: return "no permission to read it";
            case MH_E_LIMIT: return "it is larger than 16 MiB";
            default: return "it cannot be read";
        }
    }
    static void on_file(void* user, mh_status s, mh_seg content) {
        guarded("on_file", [&] {
            static_cast<watched_file*>(user)->take(s, view(content));
            return MH_OK;
        });
    }
    void take(mh_status s, string_view content) {
        try {
            if (s != MH_OK) throw failure(reason_of(s));
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
    mh_token watch_ = 0;
    std::atomic<const T*> now_{nullptr};
};

}  // namespace mh
