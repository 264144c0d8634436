// SPDX-License-Identifier: Apache-2.0
#include "command_page.hpp"

#include <microhost/host.hpp>

#include <memory>
#include <set>
#include <utility>

#include "command_text.hpp"
#include "method.hpp"
#include "ongoing.hpp"
#include "text.hpp"

namespace microhost::shared {
namespace {

// Arguments may be files of up to 4 MiB, and JSON writes some of their bytes as two.
constexpr uint64_t kLongestBody = 8 << 20;

/// Who asks, with memory of its own: bodies come later.
struct Principal {
    std::string subject, issuer;
    std::vector<std::string> roles;
    std::vector<mh_str> role_views;
    mh_principal table{};

    Principal(const Asker& who, std::string_view page) {
        if (who.principal) {
            subject = view(who.principal->subject);
            issuer = view(who.principal->issuer);
            for (uint32_t i = 0; i < who.principal->n_roles; ++i)
                roles.emplace_back(view(who.principal->roles[i]));
        } else if (who.token) {
            subject = who.token->subject;
            issuer = std::string(page) + " token";
            roles = who.token->roles;
        } else if (who.user) {
            subject = who.user->subject;
            issuer = who.user->issuer;
            roles = who.user->roles;
        } else if (who.role != Role::nobody) {
            subject = "local";
            issuer = page;
            roles.emplace_back(name_of(who.role));
        }
        for (const std::string& r : roles) role_views.push_back(mh::lend(r));
        table.size = sizeof table;
        table.subject = mh::lend(subject);
        table.issuer = mh::lend(issuer);
        table.roles = role_views.data();
        table.n_roles = static_cast<uint32_t>(role_views.size());
    }
    Principal(const Principal&) = delete;
};

/// A request for a command, from its head to its last line.
struct Run : Ongoing {
    const CommandPage& page;
    mh_req* request;
    std::string name, out;
    Principal who;
    mh_token command = 0;
    bool begun = false;
    bool ended = false;
    bool held = false;  ///< the command waits until the client has read

    Run(const CommandPage& p, mh_req* r, std::string n, const Asker& asker)
        : page(p), request(r), name(std::move(n)), who(asker, p.name) {}
    ~Run() override {
        if (command && !ended) mh::use<mh_command>().cancel(command);
    }
    void flush();
};

void Run::flush() {
    if (!begun) return;
    const mh_http_stream& stream = mh::use<mh_http_stream>();
    if (!out.empty()) {
        const mh_seg piece = mh::bytes(out);
        const mh_status s = stream.write(request, &piece, 1);
        if (s == MH_E_BUSY) {
            if (!held) mh::use<mh_command>().flow(command, 0);
            held = true;
            return;
        }
        out.clear();
    }
    if (ended)
        stream.end(request);
    else if (std::exchange(held, false))
        mh::use<mh_command>().flow(command, 1);
}

template <class F>
void add(void* user, F&& append) {
    auto& run = *static_cast<Run*>(user);
    mh::guarded("command", [&] {
        append(run.out);
        run.flush();
        return MH_OK;
    });
}

constexpr mh_command_sink kSink{
    sizeof(mh_command_sink),
    0,
    [](void* user, const mh_str* names, uint32_t n) {
        add(user, [&](std::string& out) { append_columns(out, names, n); });
    },
    [](void* user, const mh_cell* cells, uint32_t n) {
        add(user, [&](std::string& out) { append_row(out, cells, n); });
    },
    [](void* user, mh_str text) {
        add(user, [&](std::string& out) { append_text(out, view(text)); });
    },
    [](void* user, mh_str json) {
        add(user, [&](std::string& out) { append_json(out, view(json)); });
    },
    [](void* user, mh_status, int32_t exit_code, mh_str error) {
        static_cast<Run*>(user)->ended = true;
        add(user, [&](std::string& out) { append_end(out, exit_code, view(error)); });
    },
    [](void* user, mh_str line) {
        add(user, [&](std::string& out) { append_note(out, view(line)); });
    }};

unsigned http_status(mh_status s) {
    switch (s) {
        case MH_E_NOT_FOUND: return 404;
        case MH_E_DENIED: return 403;
        case MH_E_INVALID: return 400;
        default: return 503;
    }
}

void start(Run& run, std::string_view body) {
    mh::request r(run.request);
    CommandBody given;
    std::string why;
    if (!read_command(body, given, why)) {
        r.respond_error(400, run.page.name, why);
        return;
    }
    std::vector<mh_kv> args;
    for (const auto& [name, value] : given.args) args.push_back({mh::lend(name), mh::lend(value)});
    mh_command_run asked{};
    asked.size = sizeof asked;
    asked.surface = run.page.surface;
    asked.name = mh::lend(run.name);
    asked.args = args.data();
    asked.n_args = static_cast<uint32_t>(args.size());
    asked.timeout_ms = given.timeout_ms;
    asked.principal = &run.who.table;
    const mh_command& command = mh::use<mh_command>();
    const mh_status s = command.run(mh::the_host, &asked, &kSink, &run, &run.command);
    if (s != MH_OK) {
        r.respond_error(http_status(s), run.page.name, view(command.fault(mh::the_host)));
        return;
    }
    static constexpr mh_http_stream_events kEvents{
        sizeof(mh_http_stream_events), 0, [](void* user, mh_req*) {
            mh::guarded("on_writable", [&] { return static_cast<Run*>(user)->flush(), MH_OK; });
        }};
    const mh_kv headers[] = {{mh::lend("Content-Type"), mh::lend("application/x-ndjson")},
                             {mh::lend("Cache-Control"), mh::lend("no-store")}};
    const mh_status b =
        mh::use<mh_http_stream>().begin(run.request, 200, headers, 2, &kEvents, &run);
    run.begun = b == MH_OK;
    run.flush();
}

void on_body(mh_req* r, void* user, mh_status s, mh_seg body) {
    mh::guarded("on_body", [&] {
        if (s == MH_OK)
            start(*static_cast<Run*>(user), view(body));
        else if (s == MH_E_LIMIT)
            mh::request(r).respond_error(413, static_cast<Run*>(user)->page.name,
                                         "the arguments of a command are at most 8 MiB");
        return MH_OK;
    });
}

// ---- the list: asked for on the control thread

struct List {
    Principal who;
    uint32_t surface;
    mh_token token = 0;
    std::set<std::string, std::less<>> allowed;  // of all, those that this one may run
    std::string out = "[";

    List(const CommandPage& p, const Asker& asker) : who(asker, p.name), surface(p.surface) {}
};

void drop_list(void* arg) { delete static_cast<List*>(arg); }

void answer_list(mh_req* q, void* arg) {
    const std::unique_ptr<List> list(static_cast<List*>(arg));
    mh::guarded("answer", [&] {
        mh::request(q).respond(200, "application/json", list->out, {{"Cache-Control", "no-store"}});
        return MH_OK;
    });
}

/// All commands are in it, as over the control socket: who may not run one hears so from the host, by the role that it needs.
mh_principal everybody() {
    static const mh_str kAdmin = mh::lend("admin");
    mh_principal p{};
    p.size = sizeof p;
    p.roles = &kAdmin;
    p.n_roles = 1;
    return p;
}

void make_list(void*, void* arg) {
    auto* list = static_cast<List*>(arg);
    mh::guarded("list", [&] {
        const mh_command& command = mh::use<mh_command>();
        command.each(
            mh::the_host, &list->who.table, list->surface,
            [](void* user, const mh_command_info* i) {
                static_cast<List*>(user)->allowed.emplace(i->name);
            },
            list);
        const mh_principal all = everybody();
        command.each(
            mh::the_host, &all, list->surface,
            [](void* user, const mh_command_info* i) {
                auto& made = *static_cast<List*>(user);
                if (made.out.size() > 1) made.out += ',';
                append_info(made.out, *i, made.allowed.contains(i->name));
            },
            list);
        list->out += ']';
        return MH_OK;
    });
    if (mh::use<mh_http_request>().post(list->token, answer_list, list, drop_list) != MH_OK)
        delete list;
}

mh_status list_commands(const CommandPage& page, mh::request r, const Asker& who) {
    auto list = std::make_unique<List>(page, who);
    list->token = r.suspend(10'000);
    if (!list->token) return MH_E_NOMEM;
    List* const job = list.release();
    const mh_status s =
        mh::use<mh_loop>().post(mh::the_host, MH_LOOP_MAIN, make_list, job, drop_list);
    if (s == MH_OK) return MH_PENDING;
    delete job;
    return s;
}

}  // namespace

bool is_command(const CommandPage& page, std::string_view path) {
    const size_t n = page.prefix.size();
    return path.starts_with(page.prefix) && (path.size() == n || path[n] == '/');
}

mh_status answer_command(const CommandPage& page, mh::request r, const Asker& who,
                         std::string_view path) {
    r.set_route(page.prefix);
    if (page.needs_credential && !who.has_credential()) {
        r.respond_error(401, page.name,
                        "commands need a credential: set token_file and send one as Bearer",
                        {{"WWW-Authenticate", R"(Bearer realm="microhost")"}});
        return MH_OK;
    }
    std::string name;
    if (!command_name(path.substr(page.prefix.size()), name)) {
        r.respond_error(404, page.name, "there is no such command");
        return MH_OK;
    }
    const bool reads = r.method() == "GET" || r.method() == "HEAD";
    if (name.empty()) return reads ? list_commands(page, r, who) : refuse_method(r, "GET, HEAD");
    if (r.method() != "POST") return refuse_method(r, "POST");
    auto* const run = keep(r, new Run(page, r.raw(), std::move(name), who));
    if (r.flags() & MH_REQ_HAS_BODY)
        return mh::use<mh_http_request>().collect(r.raw(), kLongestBody, on_body, run);
    start(*run, {});
    return MH_OK;
}

}  // namespace microhost::shared
