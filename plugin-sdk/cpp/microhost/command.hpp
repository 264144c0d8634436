// SPDX-License-Identifier: Apache-2.0
/// Commands of a module, for terminal, chat, browser and remote callers alike.
///
///     struct tools : mh::command_set<tools> {
///         void hello(const mh::run_ptr& run) {
///             run->text("Hello " + std::string(run->arg("name")) + "\n");
///             run->done();
///         }
///         static constexpr std::array hello_args{mh::place("name", "who is greeted", MH_ARG_REQUIRED)};
///         static constexpr auto commands = mh::commands(
///             mh::command("hello", "Greets", &tools::hello).with(hello_args).role("viewer"));
///     };
///
/// A command ends with done() or fail(), now or later, on [main] (a blocking one before it returns). The manifest names all of
/// them, so that `microhost NAME` finds the module. Optional members: config, needs.
#pragma once

#include <microhost/handler.hpp>

#include <array>
#include <functional>
#include <initializer_list>
#include <optional>

namespace mh {

/// A typed cell of a row, with what a person reads.
struct cell {
    int32_t type = MH_TYPE_NULL;
    std::string text = "-";
    int64_t integer = 0;
    double number = 0;

    static cell of(string_view text) { return {MH_TYPE_TEXT, std::string(text)}; }
    static cell of(int64_t n) { return {MH_TYPE_INTEGER, std::to_string(n), n}; }
    /// MH_TYPE_DURATION (milliseconds), MH_TYPE_SIZE (bytes), MH_TYPE_TIME (milliseconds since 1970).
    static cell of(int32_t type, int64_t n, string_view text) {
        return {type, std::string(text), n};
    }
    static cell json(string_view json) { return {MH_TYPE_JSON, std::string(json)}; }
};

/// One run of a command. What the receiver does not take in time waits here, so that output never has to be tried again; a
/// command that puts out without end looks at waiting(). Output of more than 1 MiB at once is left out, and the command fails.
class [[gnu::visibility("hidden")]] command_run {
  public:
    /// Keeps itself until it is over.
    static std::shared_ptr<command_run> begin(mh_command_in * in) {
        auto run = std::make_shared<command_run>(in);
        run->self_ = run;
        return run;
    }
    explicit command_run(mh_command_in * in) : in_(in) {}
    command_run(const command_run&) = delete;
    command_run& operator=(const command_run&) = delete;

    /// It has ended, or nobody waits any more: output goes nowhere.
    bool over() const { return !in_ || ended_; }
    std::size_t waiting() const { return waiting_.size(); }

    // ---- what was asked for; lent until the end

    /// As given or by default; empty when it is neither.
    string_view arg(string_view name, uint32_t i = 0) const {
        mh_str out{};
        const bool there = in_ && api().arg(in_, lend(name), i, &out) == MH_OK;
        return there ? view(out) : string_view{};
    }
    bool given(string_view name) const {
        mh_str out;
        return in_ && api().arg(in_, lend(name), 0, &out) == MH_OK;
    }
    /// All of a repeated one.
    std::vector<std::string> args(string_view name) const {
        std::vector<std::string> out;
        mh_str one;
        while (in_ && api().arg(in_, lend(name), static_cast<uint32_t>(out.size()), &one) == MH_OK)
            out.emplace_back(view(one));
        return out;
    }
    /// A whole number, a bool, a duration, a size, a time.
    std::optional<int64_t> integer(string_view name) const {
        int64_t v;
        const bool there = in_ && api().arg_integer(in_, lend(name), &v) == MH_OK;
        return there ? std::optional(v) : std::nullopt;
    }
    bool flag(string_view name) const { return integer(name).value_or(0) != 0; }
    uint32_t surface() const { return in_ ? api().surface(in_) : 0; }
    const mh_principal* principal() const { return in_ ? api().principal(in_) : nullptr; }
    uint32_t time_left_ms() const { return in_ ? api().time_left_ms(in_) : 0; }

    // ---- output

    void columns(std::initializer_list<string_view> names) {
        item i{kind::columns};
        for (string_view n : names) i.cells.push_back(cell::of(n));
        put(std::move(i));
    }
    void row(std::vector<cell> cells) { put({kind::row, std::move(cells), {}}); }
    void text(std::string text) { put({kind::text, {}, std::move(text)}); }
    void json(std::string json) { put({kind::json, {}, std::move(json)}); }
    /// Beside the result: standard error in a terminal.
    void note(std::string line) { put({kind::note, {}, std::move(line)}); }
    void done(int32_t exit_code = 0) { end(MH_OK, exit_code, {}); }
    void fail(std::string error, int32_t exit_code = 1, mh_status s = MH_E_INVALID) {
        end(s, exit_code, std::move(error));
    }

    /// Called when nobody waits any more, unless it has ended: let go of what it was doing. Forgotten at the end.
    std::function<void()> on_cancel;

    // ---- for the glue

    void go_on() {
        while (in_ && !waiting_.empty() && taken(waiting_.front())) waiting_.pop_front();
        if (ended_ && waiting_.empty()) self_.reset();
    }
    void cancelled() {
        in_ = nullptr;
        waiting_.clear();
        if (const auto fn = std::exchange(on_cancel, nullptr)) fn();
        self_.reset();
    }
    const std::shared_ptr<command_run>& self() const { return self_; }

  private:
    enum class kind : uint8_t { columns, row, text, json, note, end };
    struct item {
        kind what;
        std::vector<cell> cells = {};
        std::string text = {};
        mh_status status = MH_OK;
        int32_t exit_code = 0;
    };
    static const mh_command_output& api() { return *the_table<mh_command_output>; }

    void put(item i) {
        if (over()) return;
        if (!waiting_.empty() || !taken(i)) waiting_.push_back(std::move(i));
    }
    void end(mh_status s, int32_t exit_code, std::string error) {
        item i{kind::end, {}, std::move(error), s, exit_code};
        if (over()) return;
        const auto keep = self_;
        put(std::move(i));
        ended_ = true;
        on_cancel = nullptr;
        if (waiting_.empty()) self_.reset();
    }
    /// False: the receiver has no room. What it refuses for another reason is missing from the result, and the end says so.
    bool taken(const item& i) {
        const mh_status s =
            i.what == kind::end && lost_ && i.status == MH_OK
                ? give({kind::end, {}, "a part of the result is too large (1 MiB)", MH_E_LIMIT, 1})
                : give(i);
        lost_ = lost_ || (s < 0 && s != MH_E_BUSY && s != MH_E_GONE);
        return s != MH_E_BUSY;
    }
    mh_status give(const item& i) {
        switch (i.what) {
            case kind::columns: {
                std::vector<mh_str> names;
                for (const cell& c : i.cells) names.push_back(lend(c.text));
                return api().columns(in_, names.data(), static_cast<uint32_t>(names.size()));
            }
            case kind::row: {
                std::vector<mh_cell> cells;
                for (const cell& c : i.cells)
                    cells.push_back({c.type, 0, c.integer, c.number, lend(c.text)});
                return api().row(in_, cells.data(), static_cast<uint32_t>(cells.size()));
            }
            case kind::text: return api().text(in_, lend(i.text));
            case kind::json: return api().json(in_, lend(i.text));
            case kind::note: return api().note(in_, lend(i.text));
            case kind::end: return api().end(in_, i.status, i.exit_code, lend(i.text)), MH_OK;
        }
        return MH_OK;
    }

    mh_command_in* in_;
    std::deque<item> waiting_;
    bool ended_ = false;
    bool lost_ = false;  ///< something was refused
    std::shared_ptr<command_run> self_;
};
using run_ptr = std::shared_ptr<command_run>;

/// Takes a word that could be the value of an argument, and what it is (may be empty).
using candidates = std::function<void(string_view word, string_view summary)>;

// ---- what a command takes

/// Given by place.
constexpr mh_command_arg place(const char* name, const char* summary, uint32_t flags = 0,
                               const char* choices = nullptr) {
    return {name, summary, nullptr, choices, MH_TYPE_TEXT, flags | MH_ARG_POSITIONAL};
}
/// Given as --name.
constexpr mh_command_arg flag(const char* name, const char* summary, int32_t type = MH_TYPE_TEXT,
                              const char* choices = nullptr, const char* value = nullptr,
                              uint32_t flags = 0) {
    return {name, summary, value, choices, type, flags};
}

template <class D>
struct command_row {
    const char* name;
    const char* summary;
    void (D::*run)(const run_ptr&);
    const mh_command_arg* args = nullptr;
    uint32_t n_args = 0;
    const char* needs_role = nullptr;
    const char* more_help = nullptr;
    const char* shown_examples = nullptr;
    uint32_t flags = 0;
    uint32_t surfaces = 0;
    void (D::*complete)(string_view arg, string_view prefix, const candidates& add) = nullptr;

    /// `list` has static storage.
    template <std::size_t N>
    constexpr command_row with(const std::array<mh_command_arg, N>& list) const {
        command_row r = *this;
        r.args = list.data(), r.n_args = N;
        return r;
    }
    constexpr command_row role(const char* name_of_role) const {
        command_row r = *this;
        r.needs_role = name_of_role;
        return r;
    }
    constexpr command_row help(const char* text) const {
        command_row r = *this;
        r.more_help = text;
        return r;
    }
    constexpr command_row examples(const char* lines) const {
        command_row r = *this;
        r.shown_examples = lines;
        return r;
    }
    /// In the process of the terminal, on that registry.
    constexpr command_row here() const {
        command_row r = *this;
        r.flags |= MH_COMMAND_HERE;
        return r;
    }
    /// On a worker: the one object is used by several at once.
    constexpr command_row blocking() const {
        command_row r = *this;
        r.flags |= MH_COMMAND_BLOCKING;
        return r;
    }
    /// Offers values of `arg` that begin with `prefix`, beside its choices.
    constexpr command_row completes(void (D::*offer)(string_view arg, string_view prefix,
                                                     const candidates& add)) const {
        command_row r = *this;
        r.complete = offer;
        return r;
    }
    constexpr command_row only_on(uint32_t mask) const {
        command_row r = *this;
        r.surfaces = mask;
        return r;
    }
};
template <class D>
constexpr command_row<D> command(const char* name, const char* summary,
                                 void (D::*run)(const run_ptr&)) {
    return {name, summary, run};
}
template <class... Rows>
constexpr auto commands(Rows... rows) {
    return std::array{rows...};
}

template <class D>
struct [[gnu::visibility("hidden")]] command_part : per_loop_part<D> {
    using typename per_loop_part<D>::config;

    static run_ptr kept(mh_command_in * in) {
        void** slot = the_table<mh_command_output>->slot(in);
        return slot && *slot ? static_cast<command_run*>(*slot)->self() : nullptr;
    }

    static mh_status run(void* user, mh_command_in* in) {
        run_ptr mine;
        const mh_status s = guarded("run", [&] {
            mine = command_run::begin(in);
            *the_table<mh_command_output>->slot(in) = mine.get();
            (per_loop_part<D>::home->*D::commands[reinterpret_cast<std::size_t>(user)].run)(mine);
            return MH_OK;
        });
        if (s == MH_OK || !mine) return s;
        mine->on_cancel = nullptr;
        mine->cancelled();  // the host ends it, with what was said
        return s;
    }
    static void on_cancel(void*, mh_command_in* in, mh_status) {
        guarded("on_cancel", [&] {
            if (const run_ptr mine = kept(in)) mine->cancelled();
            return MH_OK;
        });
    }
    static void on_writable(void*, mh_command_in* in) {
        guarded("on_writable", [&] {
            if (const run_ptr mine = kept(in)) mine->go_on();
            return MH_OK;
        });
    }
    static void complete(void* user, mh_str arg, mh_str prefix,
                         void (*candidate)(void* to, mh_str word, mh_str summary), void* to) {
        guarded("complete", [&] {
            const auto& row = D::commands[reinterpret_cast<std::size_t>(user)];
            const candidates add = [&](string_view word, string_view summary) {
                candidate(to, lend(word), lend(summary));
            };
            (per_loop_part<D>::home->*row.complete)(view(arg), view(prefix), add);
            return MH_OK;
        });
    }

    static mh_status contribute(const config&) {
        mh_status s = MH_OK;
        for (std::size_t i = 0; s == MH_OK && i < D::commands.size(); ++i) {
            const command_row<D>& c = D::commands[i];
            mh_command_provider& p = providers[i];
            p.size = sizeof p;
            p.info = {sizeof p.info,
                      c.surfaces,
                      c.flags,
                      c.n_args,
                      c.name,
                      c.summary,
                      c.more_help,
                      c.shown_examples,
                      c.needs_role,
                      nullptr,
                      c.args,
                      sizeof(mh_command_arg),
                      0};
            p.user = reinterpret_cast<void*>(i);
            p.run = run;
            p.on_cancel = on_cancel;
            p.on_writable = on_writable;
            if (c.complete) p.complete = complete;
            s = the_host->contribute(the_host, MH_COMMAND_PROVIDER, &p);
        }
        return s;
    }
    inline static std::array<mh_command_provider, D::commands.size()> providers{};
};

template <class D>
struct command_set {
    using part = command_part<D>;
};

}  // namespace mh
