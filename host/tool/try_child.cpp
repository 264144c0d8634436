// SPDX-License-Identifier: Apache-2.0
#include "tool/try_child.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "config/assemble.hpp"
#include "json/writer.hpp"
#include "module/generation.hpp"
#include "observe/names.hpp"
#include "serve/site_set.hpp"
#include "tool/asking.hpp"
#include "tool/echo.hpp"
#include "tool/rig.hpp"
#include "tool/tell.hpp"
#include "tool/try_job.hpp"

namespace microhost::tool {
namespace {

using json::Writer;
using Fields = std::vector<std::string>;

/// Two listeners with the same handler: what passes "plain" shows what the filter of the other one did.
Result<config::Config> config_for(const module::Candidate& m, const TryJob& job) {
    auto own = json::Document::parse(job.config, {.comments = true});
    if (!own) return error("--config: {}", own.error().what);
    const std::string id = json::quote(m.id());
    const std::string text = fmt::format(
        R"({{"filters": {{{0}: {{"use": {0}, "config": {1}}}}}, "listeners": {{
            "plain": {{"module": {0}, "address": "127.0.0.1:0", "filters": []}},
            "tried": {{"module": {0}, "address": "127.0.0.1:0", "filters": [{0}]}}}}}})",
        id, own->text());
    auto file = config::parse_file("--config", text);
    if (!file) return file.error();
    const config::ModuleSchema schema{m.id(), m.manifest.config_schema(),
                                      m.manifest.document.root().find("filter_schema")};
    const config::Surroundings nowhere;
    return config::assemble({{}, nowhere, *file, {&schema, 1}});
}

std::string request_text(const TryJob& job) {
    std::string out = fmt::format("{} {} HTTP/1.1\r\nConnection: close\r\n", job.method, job.path);
    bool host = false;
    for (const std::string& h : job.headers) {
        out += h + "\r\n";
        host |= strncasecmp(h.c_str(), "host:", 5) == 0;
    }
    if (!host) out += "Host: localhost\r\n";
    if (!job.body.empty()) out += fmt::format("Content-Length: {}\r\n", job.body.size());
    return out + "\r\n" + job.body;
}

/// One request and what came of it on both sides.
struct Answered {
    Seen seen;
    Reply reply;
};

struct Stand {
    explicit Stand(Rig& r, const TryJob& j)
        : rig(r), job(j), echo(j.status, j.response_headers, j.response_body) {}

    Rig& rig;
    const TryJob& job;
    Echo echo;
    serve::FilterSet filters;
    serve::SiteSet sites{rig.loops, rig.control};

    Result<> open(const module::CandidatePtr& candidate);
    Result<> publish(const std::vector<serve::SitePlanPtr>& plans);
    Result<Answered> ask(std::string_view listener);
    std::string verdict();
    void close();
};

Result<> Stand::open(const module::CandidatePtr& candidate) {
    auto config = config_for(*candidate, job);
    if (!config) return config.error();
    stage("create()");
    auto made = module::Generation::create(*rig.environment, candidate,
                                           config->module(candidate->id())->config);
    if (!made) return made.error();
    module::Generation& g = rig.modules->add(std::move(*made));
    // Ours, on its behalf: a listener serves the handler of a module.
    if (g.contribute(MH_HTTP_HANDLER, echo.handler()) != MH_OK)
        return error("{}: a handler cannot be put behind it", candidate->path());
    stage("start()");
    if (auto ok = rig.start(); !ok) return ok.error();
    stage("instance_create()");
    auto set = serve::FilterSet::make(*config, rig.modules->published(), {}, {});
    if (!set) return set.error();
    filters = std::move(*set);
    for (const serve::FilterPtr& f : filters.all())
        if (!f->filter) return error("{}: {}", candidate->path(), f->problem);
    auto plans = serve::plan_sites(*config, rig.modules->published(), filters, {}, nullptr, {});
    if (!plans) return plans.error();
    for (const auto& s : plans->sites) {
        auto ours = std::make_shared<serve::ProgramPlan>(*s->program);
        ours->generation = nullptr;  // the time of our handler is not the module's
        s->program = std::move(ours);
    }
    if (auto ok = sites.open(plans->sites); !ok) return ok.error();
    stage("shard_create()");
    return publish(plans->sites);
}

Result<> Stand::publish(const std::vector<serve::SitePlanPtr>& plans) {
    bool done = false;
    Result<> outcome;
    serve::StagedSitesPtr staged;
    sites.stage(plans, [&](Result<serve::StagedSitesPtr> made) {
        if (made)
            staged = std::move(*made);
        else
            outcome = made.error();
        done = true;
    });
    rig.until(done);
    if (!outcome) return outcome;
    done = false;
    sites.on_every_loop([&](serve::RequestLoop& l) { sites.publish(*staged, l); },
                        [&] { done = true; });
    rig.until(done);
    sites.published(*staged);
    return {};
}

Result<Answered> Stand::ask(std::string_view listener) {
    net::Address address;
    for (const auto& s : sites.sites())
        if (s->name == listener) address = s->address();
    bool done = false;
    Result<Reply> reply = error("not asked");
    std::thread client([&, text = request_text(job)] {
        reply = tool::ask(address, text);
        rig.control.post([&done] { done = true; });
    });
    rig.until(done);
    client.join();
    if (!reply) return error("{}: the request was broken off: {}", job.file, reply.error().what);
    return Answered{echo.take(), std::move(*reply)};
}

/// What the filter said to the requests so far, as the host counted it.
std::string Stand::verdict() {
    static constexpr std::array kNames{"lets it pass", "answers", "fails", "suspends",
                                       "ran out of time"};
    std::string out;
    bool done = false;
    rig.loops[0]->loop.post([&] {
        sites.each(0, [&](const http::Site& site) {
            for (const http::FilterLink& l : site.program->chain) {
                const http::FilterFigures& f = *l.figures;
                const std::array counts{f.continued, f.answered, f.failed, f.suspended,
                                        f.timed_out};
                for (size_t i = 0; i < kNames.size(); i++)
                    if (counts[i]) out += fmt::format("{}{}", out.empty() ? "" : ", ", kNames[i]);
            }
        });
        rig.control.post([&] { done = true; });
    });
    rig.until(done);
    return out.empty() ? "has no say before the response" : out;
}

void Stand::close() {
    bool done = false;
    sites.stop_accepting(false, [&] { done = true; });
    rig.until(done);
    done = false;
    sites.remove([&] { done = true; });
    rig.until(done);
    filters = {};
}

// ---- what to say

std::string name_of(std::string_view field) {
    std::string name(field.substr(0, field.find(':')));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    return name;
}

/// Names whose values differ between two requests that are the same: ids, dates.
std::set<std::string> restless(const Fields& a, const Fields& b) {
    std::set<std::string> out;
    for (const Fields* list : {&a, &b})
        for (const std::string& f : *list)
            if (std::ranges::count(a, f) != std::ranges::count(b, f)) out.insert(name_of(f));
    return out;
}

void write_edits(Writer& w, std::string_view key, const Fields& before, const Fields& now,
                 const std::set<std::string>& ignored) {
    auto list = [&](const char* what, const Fields& of, Fields others) {
        w.key(what).array();
        for (const std::string& f : of) {
            const auto found = std::ranges::find(others, f);
            if (found != others.end())
                others.erase(found);
            else if (!ignored.contains(name_of(f)))
                w.string(f);
        }
        w.end();
    };
    w.key(key).object();
    list("added", now, before);
    list("removed", before, now);
    w.end();
}

void write_calls(Writer& w, const observe::Metrics& metrics, std::string_view module) {
    std::map<std::string, std::pair<uint64_t, uint64_t>> hooks;  // calls, nanoseconds
    for (const observe::Family& f : metrics.collect()) {
        const bool calls = f.name == observe::names::kModuleCalls.name;
        if (!calls && f.name != observe::names::kModuleSeconds.name) continue;
        for (const observe::Sample& s : f.samples) {
            if (s.values[0] != module || !s.values[1].starts_with("on_") || s.cells.empty())
                continue;
            auto& hook = hooks[s.values[1]];
            (calls ? hook.first : hook.second) = s.cells[0];
        }
    }
    w.key("calls").object();
    for (const auto& [hook, cost] : hooks)
        if (cost.first)
            w.key(hook)
                .object()
                .key("calls")
                .uint64(cost.first)
                .key("mean_ns")
                .uint64(cost.second / cost.first)
                .end();
    w.end();
}

struct Outcome {
    Answered plain, again, tried;
    std::string verdict;
};

std::string report(const Outcome& o, const Rig& rig, const std::string& id) {
    std::string out;
    Writer w(out);
    w.object().key("filter").string(id).key("verdict").string(o.verdict);
    w.key("reached_handler").boolean(o.tried.seen.reached);
    if (!o.tried.seen.principal.empty()) w.key("principal").string(o.tried.seen.principal);
    if (o.tried.seen.reached) {
        write_edits(w, "request", o.plain.seen.fields, o.tried.seen.fields,
                    restless(o.plain.seen.fields, o.again.seen.fields));
        if (o.tried.seen.target != o.plain.seen.target)
            w.key("rewritten_to").string(o.tried.seen.target);
        if (o.tried.seen.body != o.plain.seen.body) w.key("request_body").string(o.tried.seen.body);
    }
    w.key("status").uint64(o.tried.reply.status);
    write_edits(w, "response", o.plain.reply.fields, o.tried.reply.fields,
                restless(o.plain.reply.fields, o.again.reply.fields));
    if (o.tried.reply.body != o.plain.reply.body) w.key("body").string(o.tried.reply.body);
    write_calls(w, rig.metrics, id);
    w.end();
    return out;
}

Result<> run(Rig& rig, const TryJob& job, const module::CandidatePtr& candidate) {
    Stand stand(rig, job);
    if (auto ok = stand.open(candidate); !ok) return ok;
    Outcome o;
    for (auto [listener, into] : {std::pair{"plain", &o.plain}, {"plain", &o.again}}) {
        auto asked = stand.ask(listener);
        if (!asked) return asked.error();
        *into = std::move(*asked);
    }
    stage("hooks");
    for (unsigned i = 0; i < job.repeat; i++) {
        auto asked = stand.ask("tried");
        if (!asked) return asked.error();
        if (i == 0) {
            o.tried = std::move(*asked);
            o.verdict = stand.verdict();
        }
    }
    tell("report", report(o, rig, candidate->id()));
    stage("destroy()");
    stand.close();
    rig.stop();
    return {};
}

}  // namespace

int try_child(const Arguments& arguments) {
    TryJob job;
    if (auto status = read_job(arguments, job)) return *status;
    fence(job.limit_ms);
    auto candidate = module::check_file(job.file);
    if (!candidate) finish(candidate.error().what);
    auto rig = Rig::make();
    if (!rig) finish(rig.error().what);
    const auto done = run(**rig, job, *candidate);
    (*rig)->log->flush(std::chrono::milliseconds(500));
    finish(done ? "" : done.error().what);
}

}  // namespace microhost::tool
