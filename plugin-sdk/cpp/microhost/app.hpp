// SPDX-License-Identifier: Apache-2.0
/// A module in the foreground: `microhost VERB ...` that owns the terminal until it is done.
///
///     struct shell : mh::app<shell> {
///         static constexpr const char* verb = "shell";
///         static constexpr const char* summary = "A prompt";
///         mh_status run(const std::vector<mh::string_view>& args);  // go on from callbacks, end with mh::control().exit
///         void on_interrupt(mh_status why);                         // may be missing
///     };
///
/// All of it is on [main]. In a process that serves nothing of it runs, and mh::control() must not be called: see has_control().
#pragma once

#include <microhost/handler.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

namespace mh {

/// Whether this process belongs to the person at the terminal.
inline bool has_control() { return the_host->get(the_host, MH_APP_CONTROL) != nullptr; }
inline const mh_app_control& control() {
    return *static_cast<const mh_app_control*>(the_host->get(the_host, MH_APP_CONTROL));
}

/// What waits for an answer of the host, which does not come any more after exit(): then it ends with the module.
template <class T>
struct [[gnu::visibility("hidden")]] asked {
    template <class Ask>
    static mh_status keep(T one, Ask ask) {
        auto mine = std::make_unique<T>(std::move(one));
        const mh_status s = ask(mine.get());
        if (s >= 0) all.push_back(std::move(mine));
        return s;
    }
    /// The answer is there.
    static std::unique_ptr<T> take(void* user) {
        const auto at =
            std::find_if(all.begin(), all.end(), [&](auto& p) { return p.get() == user; });
        std::unique_ptr<T> mine = std::move(*at);
        all.erase(at);
        return mine;
    }
    inline static std::vector<std::unique_ptr<T>> all;
};

/// Runs `microhost WORDS...` on this terminal, then ended(its exit status). Errors as mh_app_control's run_line has them; then
/// there is no call.
inline mh_status run_line(const std::vector<std::string>& words,
                          std::function<void(int32_t)> ended) {
    using call = std::function<void(int32_t)>;
    std::vector<mh_str> lent;
    for (const std::string& w : words) lent.push_back(lend(w));
    const auto once = [](void* user, int32_t status) {
        guarded("run_line", [&] { return (*asked<call>::take(user))(status), MH_OK; });
    };
    const mh_app_control& c = control();
    if (!MH_FIELD_OK(&c, run_line)) return MH_E_UNSUPPORTED;
    return asked<call>::keep(std::move(ended), [&](void* user) {
        return c.run_line(the_host, lent.data(), static_cast<uint32_t>(lent.size()), once, user);
    });
}

/// What could stand at the end of `before`, which follows `microhost`: found(words), once. Errors as mh_app_control's complete
/// has them; then there is no call.
inline mh_status complete_line(string_view before,
                               std::function<void(std::vector<std::string>)> found) {
    struct state {
        std::function<void(std::vector<std::string>)> found;
        std::vector<std::string> words;
    };
    const auto word = [](void* user, mh_str text) {
        auto* self = static_cast<state*>(user);
        guarded("complete", [&] {
            if (text.len) return self->words.emplace_back(view(text)), MH_OK;
            const std::unique_ptr<state> last = asked<state>::take(self);
            return last->found(std::move(last->words)), MH_OK;
        });
    };
    const mh_app_control& c = control();
    if (!MH_FIELD_OK(&c, complete)) return MH_E_UNSUPPORTED;
    return asked<state>::keep({std::move(found), {}}, [&](void* user) {
        return c.complete(the_host, lend(before), static_cast<uint32_t>(before.size()), word, user);
    });
}

template <class D>
struct [[gnu::visibility("hidden")]] app_part : per_loop_part<D> {
    using typename per_loop_part<D>::config;

    static mh_status run(void*, const mh_str* args, uint32_t n) {
        return guarded("run", [&] {
            std::vector<string_view> words;
            for (uint32_t i = 0; i < n; ++i) words.push_back(view(args[i]));
            return per_loop_part<D>::home->run(words);
        });
    }
    static void on_interrupt(void*, mh_status why) {
        guarded("on_interrupt", [&] {
            if constexpr (requires(D d) { d.on_interrupt(why); })
                per_loop_part<D>::home->on_interrupt(why);
            return MH_OK;
        });
    }

    static constexpr mh_app make_table() {
        mh_app a{};
        a.size = sizeof a;
        a.verb = D::verb;
        a.summary = D::summary;
        a.run = run;
        if constexpr (requires(D d, mh_status s) { d.on_interrupt(s); })
            a.on_interrupt = on_interrupt;
        return a;
    }
    static constexpr mh_app table = make_table();

    static mh_status contribute(const config&) {
        return has_control() ? the_host->contribute(the_host, MH_APP, &table) : MH_OK;
    }
};

template <class D>
struct app {
    using part = app_part<D>;
};

}  // namespace mh
