// SPDX-License-Identifier: Apache-2.0
#include "node_calls.hpp"

#include <microhost/json.hpp>

#include <algorithm>
#include <deque>

#include "go_text.hpp"
#include "listing.hpp"
#include "registry.hpp"
#include "rpc_call.hpp"

namespace microhost::cli {
namespace {

/// One node, what it was asked, and what it said.
struct Asked {
    std::string service, version, id, address;
    std::string body, problem;  ///< one of them
    bool ok() const { return problem.empty(); }
    RpcCall call;
};

struct Round {
    std::deque<Asked> nodes;  // calls do not move
    size_t left = 0;
    std::function<void()> done;
};
using RoundPtr = std::shared_ptr<Round>;

/// The nodes that take calls; one without any is in this process, and is asked by name.
void add_nodes(Round& round, std::string_view name) {
    for (const Version& v : versions_of(registry_now(), name)) {
        const std::vector<mh_node_view> nodes = v.nodes();
        const auto add = [&](std::string_view id, std::string_view address) {
            Asked& a = round.nodes.emplace_back();
            a.service = name;
            a.version = v.version();
            a.id = id;
            a.address = address;
        };
        if (nodes.empty()) add("(in this process)", {});
        for (const mh_node_view& n : nodes)
            if (takes_calls(n)) add(mh::view(n.id), mh::view(n.address));
    }
}

void ask(const mh::run_ptr& run, const RoundPtr& round, std::string_view endpoint) {
    run->on_cancel = [round] {
        for (Asked& a : round->nodes) a.call.cancel();
        round->done = nullptr;
    };
    const auto over = [round] {
        if (--round->left == 0)
            if (const auto done = std::exchange(round->done, nullptr)) done();
    };
    const auto timeout = static_cast<uint32_t>(
        std::clamp<int64_t>(run->integer("timeout").value_or(0), 0, UINT32_MAX));
    round->left = round->nodes.size() + 1;
    for (Asked& a : round->nodes) {
        CallTo to{a.service, std::string(endpoint),
                  a.address, a.address.empty() ? a.version : "",
                  {},        timeout};
        a.call.begin(
            to, "{}", [&a](std::string_view body) { a.body = body; },
            [&a, over](const CallEnd& end) {
                if (!end.ok()) a.problem = end.error.empty() ? "no answer" : end.error;
                std::ranges::replace(a.problem, '\n', ' ');
                over();
            });
    }
    over();  // all are begun
}

/// Begins a part of the output for each service and version, as Micro does.
class Parts {
  public:
    explicit Parts(std::string_view header) : header_(header) {}
    std::string before(const Asked& a) {
        std::string out;
        if (a.service != service_)
            out += (service_.empty() ? "" : "\n") + ("service  " + a.service) + "\n";
        if (a.service != service_ || a.version != version_ || out.size()) {
            if (!a.version.empty()) out += "\nversion " + a.version + "\n";
            out += "\n" + std::string(header_) + "\n";
        }
        service_ = a.service;
        version_ = a.version;
        return out;
    }

  private:
    std::string_view header_;
    std::string service_, version_;
};

std::string row_start(const Asked& a) { return a.id + "\t\t" + a.address + "\t\t"; }

int exit_code_of(const Round& round) {
    return std::ranges::all_of(round.nodes, &Asked::ok) ? 0 : 1;
}

/// "ok", or what the node says of itself.
std::string status_of(Asked& a) {
    if (!a.ok()) return a.problem;
    const mh::json_document d(a.body);
    std::string status(d.root()["status"].string().value_or("no status"));
    if (status != "ok") a.problem = status;
    return status;
}

void show_health(mh::command_run& run, Round& round) {
    std::string text;
    Parts parts("node\t\taddress:port\t\tstatus");
    const bool micro = as_micro(run);
    if (!micro) run.columns({"service", "version", "node", "address", "status"});
    for (Asked& a : round.nodes) {
        const std::string status = status_of(a);
        text += parts.before(a) + row_start(a) + status + "\n";
        if (!micro)
            run.row({mh::cell::of(a.service), mh::cell::of(a.version), mh::cell::of(a.id),
                     mh::cell::of(a.address), mh::cell::of(status)});
    }
    if (micro) run.text(std::move(text));
    run.done(exit_code_of(round));
}

/// A number, or one as text: gRPC's JSON writes those of 64 bits so.
uint64_t number_of(const mh::json_document& d, std::string_view key) {
    const mh::json_value v = d.root()[key];
    if (const auto n = v.integer()) return *n > 0 ? static_cast<uint64_t>(*n) : 0;
    uint64_t out = 0;
    for (const char c : v.string().value_or("")) {
        if (c < '0' || c > '9') return 0;
        out = out * 10 + static_cast<uint64_t>(c - '0');
    }
    return out;
}

struct Figures {
    uint64_t started, uptime, memory, threads, gc;

    explicit Figures(std::string_view body) {
        const mh::json_document d(body);
        started = number_of(d, "started");
        uptime = number_of(d, "uptime");
        memory = number_of(d, "memory");
        threads = number_of(d, "threads");
        gc = number_of(d, "gc");
    }
    std::string uptime_text() const { return go_duration(uptime * 1'000'000'000); }
    std::string line() const {
        return go_stamp(static_cast<int64_t>(started)) + "\t" + uptime_text() + "\t" +
               megabytes(memory) + "\t" + std::to_string(threads) + "\t" + go_duration(gc);
    }
    std::vector<mh::cell> cells() const {
        const auto n = [](uint64_t v) { return static_cast<int64_t>(v); };
        return {mh::cell::of(MH_TYPE_TIME, n(started) * 1000, go_stamp(n(started))),
                mh::cell::of(MH_TYPE_DURATION, n(uptime) * 1000, uptime_text()),
                mh::cell::of(MH_TYPE_SIZE, n(memory), megabytes(memory)), mh::cell::of(n(threads)),
                mh::cell::of(MH_TYPE_DURATION, n(gc) / 1'000'000, go_duration(gc))};
    }
};

void show_stats(mh::command_run& run, Round& round) {
    std::string text;
    Parts parts("node\t\taddress:port\t\tstarted\tuptime\tmemory\tthreads\tgc");
    const bool micro = as_micro(run);
    if (!micro)
        run.columns({"service", "version", "node", "address", "started", "uptime", "memory",
                     "threads", "gc", "error"});
    for (const Asked& a : round.nodes) {
        const Figures f(a.body);
        text += parts.before(a) + row_start(a) + (a.ok() ? f.line() : a.problem) + "\n";
        if (micro) continue;
        std::vector<mh::cell> row{mh::cell::of(a.service), mh::cell::of(a.version),
                                  mh::cell::of(a.id), mh::cell::of(a.address)};
        std::vector<mh::cell> cells = a.ok() ? f.cells() : std::vector<mh::cell>(5);
        row.insert(row.end(), cells.begin(), cells.end());
        row.push_back(a.ok() ? mh::cell{} : mh::cell::of(a.problem));
        run.row(std::move(row));
    }
    if (micro) run.text(std::move(text));
    run.done(exit_code_of(round));
}

/// `micro health check --address A NAME`: the word alone.
void health_of_address(const mh::run_ptr& run, std::string_view name) {
    auto round = std::make_shared<Round>();
    Asked& a = round->nodes.emplace_back();
    a.service = name;
    a.address = run->arg("address");
    round->done = [run, round] {
        Asked& one = round->nodes.front();
        const std::string status = status_of(one);
        if (!one.ok()) return run->fail(one.address + ": " + status);
        run->text(status + "\n");
        run->done();
    };
    ask(run, round, "Debug.Health");
}

}  // namespace

void health(const mh::run_ptr& run) {
    const std::string_view typed = run->arg("service");
    if (run->given("address")) {
        const auto name = resolve(*run, typed, false);
        if (name) health_of_address(run, *name);
        return;
    }
    auto round = std::make_shared<Round>();
    if (!typed.empty()) {
        const auto name = resolve(*run, typed);
        if (!name) return;
        add_nodes(*round, *name);
    } else {
        std::string_view last;
        for (const Version& v : all_versions(registry_now()))
            if (std::exchange(last, v.name()) != v.name()) add_nodes(*round, v.name());
        if (round->nodes.empty()) run->note("no services; " + where_looked());
    }
    round->done = [run, round] { show_health(*run, *round); };
    ask(run, round, "Debug.Health");
}

void stats(const mh::run_ptr& run) {
    const auto name = resolve(*run, run->arg("service"));
    if (!name) return;
    auto round = std::make_shared<Round>();
    add_nodes(*round, *name);
    round->done = [run, round] { show_stats(*run, *round); };
    ask(run, round, "Debug.Stats");
}

}  // namespace microhost::cli
