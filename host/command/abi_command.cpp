// SPDX-License-Identifier: Apache-2.0
#include "command/abi_command.hpp"

#include <algorithm>
#include <cstring>

#include "command/complete.hpp"
#include "command/table.hpp"
#include "command/words.hpp"
#include "module/environment.hpp"
#include "module/generation.hpp"

namespace microhost::command {
namespace {

using module::broken;
using module::guard_status;
using module::HostSide;
using module::lend;
using module::view;

thread_local std::string last_fault;

Table* table_of(const mh_host* h) {
    HostSide* side = HostSide::find(h);
    return side ? side->environment.commands : nullptr;
}

/// An mh_command_info over a definition; lives as long as that and this object.
struct Shown {
    std::vector<mh_command_arg> args;
    mh_command_info info{};

    explicit Shown(const Definition& d) {
        auto or_null = [](const std::string& s) { return s.empty() ? nullptr : s.c_str(); };
        for (const Argument& a : d.args)
            args.push_back({a.name.c_str(), a.summary.c_str(),
                            a.has_value ? a.value.c_str() : nullptr, or_null(a.choices), a.type,
                            a.flags});
        info.size = sizeof info;
        info.surfaces = d.surfaces;
        info.flags = d.flags;
        info.name = d.name.c_str();
        info.summary = d.summary.c_str();
        info.help = or_null(d.help);
        info.examples = or_null(d.examples);
        info.role = or_null(d.role);
        info.module = d.module.c_str();
        info.args = args.data();
        info.n_args = static_cast<uint32_t>(args.size());
        info.stride = sizeof(mh_command_arg);
    }
};

mh_status each(const mh_host* h, const mh_principal* p, uint32_t surface,
               void (*fn)(void*, const mh_command_info*), void* user) {
    const Table* table = table_of(h);
    if (!table || !fn) return table || !h ? MH_E_INVALID : MH_E_UNSUPPORTED;
    return guard_status([&] {
        const EntriesPtr all = table->entries();
        for (const EntryPtr& e : *all)
            if ((e->definition.surfaces & surface) && allows(p, e->definition.role)) {
                const Shown shown(e->definition);
                fn(user, &shown.info);
            }
        return mh_status{MH_OK};
    });
}

mh_status complete_line(const mh_host* h, const mh_principal* p, uint32_t surface, mh_str line,
                        uint32_t cursor, void (*fn)(void*, mh_str, mh_str), void* user) {
    const Table* table = table_of(h);
    if (!table || !fn || broken(line) || cursor > line.len) return MH_E_INVALID;
    if (Loop::current() != &table->environment().control) return MH_E_WRONG_THREAD;
    return guard_status([&] {
        complete(*table, p, surface, view(line), cursor,
                 [&](std::string_view word, std::string_view summary) {
                     fn(user, lend(word), lend(summary));
                 });
        fn(user, {}, {});
        return mh_status{MH_OK};
    });
}

/// What `r` asks for: the command and what is given to it.
EntryPtr understand(const Table& table, const mh_command_run& r, Given& given, Refusal& refusal) {
    std::vector<std::string> words;
    if (auto split = command::split(r.name.len ? view(r.name) : view(r.line)))
        words = std::move(*split);
    else
        return refusal = {MH_E_INVALID, split.error().what}, nullptr;
    size_t used = 0;
    EntryPtr entry = table.match(words, r.surface, used, refusal);
    if (!entry) return nullptr;
    const auto rest = std::span(words).subspan(used);
    if (r.name.len && !rest.empty())
        return refusal = {MH_E_NOT_FOUND, fmt::format("there is no command {:?}", view(r.name))},
               nullptr;
    auto read = read_words(entry->definition, rest);
    if (!read) return refusal = {MH_E_INVALID, read.error().what}, nullptr;
    given = std::move(*read);
    for (uint32_t i = 0; i < r.n_args; i++)
        given.emplace_back(view(r.args[i].key), view(r.args[i].val));
    return entry;
}

/// Of a module that was built when the table was shorter, too.
mh_command_sink copy_of(const mh_command_sink& sink) {
    mh_command_sink out{};
    std::memcpy(&out, &sink, std::min<size_t>(sink.size, sizeof out));
    return out;
}

mh_status run(const mh_host* h, const mh_command_run* r, const mh_command_sink* sink, void* user,
              mh_token* out) {
    constexpr uint32_t kSurfaces = MH_SURFACE_ALL;
    Table* table = table_of(h);
    if (!table || !r || r->size < sizeof *r || !MH_FIELD_OK(sink, on_end) || !out ||
        broken(r->name) || broken(r->line) || (r->n_args && !r->args) ||
        !(r->surface & kSurfaces) || (r->surface & (r->surface - 1)))
        return MH_E_INVALID;
    Loop* home = Loop::current();
    if (!home) return MH_E_WRONG_THREAD;
    return guard_status([&] {
        last_fault.clear();
        Refusal refusal;
        Given given;
        RunningPtr running;
        if (EntryPtr e = understand(*table, *r, given, refusal))
            running = table->start(
                e, given, *r, {*home, copy_of(*sink), user, &HostSide::of(h).generation}, refusal);
        if (running) {
            *out = running->id();
            return mh_status{MH_OK};
        }
        last_fault = std::move(refusal.text);
        return refusal.status;
    });
}

mh_str fault(const mh_host*) { return lend(last_fault); }

mh_status cancel(mh_token t) {
    const RunningPtr r = Running::find(t);
    return r ? r->cancel() : MH_E_GONE;
}

mh_status flow(mh_token t, uint32_t go) {
    const RunningPtr r = Running::find(t);
    return r ? r->flow(go != 0) : MH_E_GONE;
}

}  // namespace

const mh_command kCommandTable = {
    sizeof(mh_command), 0, each, complete_line, run, fault, cancel, flow};

}  // namespace microhost::command
