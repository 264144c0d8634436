// SPDX-License-Identifier: Apache-2.0
#include "control/commands.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "command/ndjson.hpp"
#include "command/table.hpp"
#include "http/abi_stream.hpp"
#include "http/engine.hpp"
#include "http/error_json.hpp"
#include "http/h1/server_connection.hpp"
#include "json/document.hpp"
#include "json/nearest.hpp"
#include "module/host_side.hpp"

namespace microhost::control {
namespace {

using command::Table;
using module::view;

constexpr uint64_t kLargestBody = 8 * 1024 * 1024;  // files are among the arguments

/// Who is at the other end of the socket.
struct Peer {
    std::string subject;
    mh_str role = http::str("admin");
    mh_principal principal{};
    bool known = false;
    uint32_t surface = MH_SURFACE_REMOTE;

    explicit Peer(http::Exchange& x) {
        ucred c{};
        socklen_t size = sizeof c;
        if (!x.connection().peer().is_unix()) return;
        surface = MH_SURFACE_TERMINAL;
        if (::getsockopt(x.connection().stream().fd(), SOL_SOCKET, SO_PEERCRED, &c, &size) != 0)
            return;
        if (c.uid != 0 && c.uid != ::geteuid()) return;
        known = true;
        subject = fmt::format("uid:{}", c.uid);
        principal.size = sizeof principal;
        principal.subject = http::str(subject);
        principal.issuer = http::str("control socket");
        principal.roles = &role;
        principal.n_roles = 1;
    }
    const mh_principal* get() const { return known ? &principal : nullptr; }
};

/// A command's output on its way into a response. Frees itself when the request is over.
class Lines final : public http::Dependent {
  public:
    explicit Lines(http::Exchange& x) : x_(&x) {}

    static const mh_command_sink kSink;

    /// The command runs: the answer begins, and from now on the request frees this.
    void begin(command::RunningPtr running) {
        running_ = std::move(running);
        static const mh_http_stream_events kEvents = {
            sizeof kEvents, 0, [](void* user, mh_req*) { static_cast<Lines*>(user)->go_on(); }};
        std::array<mh_kv, 2> headers{
            {{http::str("Content-Type"), http::str("application/x-ndjson")},
             {http::str("Cache-Control"), http::str("no-store")}}};
        x_->attach(*this);
        http::ResponseStream::begin(*x_, 200, headers.data(), headers.size(), &kEvents, this);
    }

    void abandon() override {
        running_->cancel();
        x_->engine().loop.free_later(this);
        x_ = nullptr;
    }
    bool ends_with_client() const override { return true; }

  private:
    template <class F>
    static void add(void* user, F&& append) {
        auto& self = *static_cast<Lines*>(user);
        append(self.waiting_);
        if (std::exchange(self.flush_due_, true)) return;
        // What comes in one turn goes out in one piece.
        self.x_->engine().loop.defer([](void* p) { static_cast<Lines*>(p)->flush(); }, &self);
    }
    void flush() {
        flush_due_ = false;
        if (!x_ || !x_->stream || waiting_.empty()) return;
        const mh_seg all = http::seg(waiting_);
        const mh_status s = x_->stream->write(&all, 1);
        if (s == MH_E_BUSY) {
            running_->flow(false);
            return;
        }
        waiting_.clear();
        if (ended_ && x_ && x_->stream) x_->stream->end();
    }
    void go_on() {
        flush();
        if (waiting_.empty()) running_->flow(true);
    }

    http::Exchange* x_;
    command::RunningPtr running_;
    std::string waiting_;
    bool flush_due_ = false;
    bool ended_ = false;
};

const mh_command_sink Lines::kSink = {
    sizeof(mh_command_sink),
    0,
    [](void* user, const mh_str* names, uint32_t n) {
        add(user, [&](std::string& out) { command::append_columns(out, names, n); });
    },
    [](void* user, const mh_cell* cells, uint32_t n) {
        add(user, [&](std::string& out) { command::append_row(out, cells, n); });
    },
    [](void* user, mh_str text) {
        add(user, [&](std::string& out) { command::append_text(out, view(text)); });
    },
    [](void* user, mh_str json) {
        add(user, [&](std::string& out) { command::append_json(out, view(json)); });
    },
    [](void* user, mh_status, int32_t exit_code, mh_str error) {
        static_cast<Lines*>(user)->ended_ = true;
        add(user, [&](std::string& out) { command::append_end(out, exit_code, view(error)); });
    },
    [](void* user, mh_str line) {
        add(user, [&](std::string& out) { command::append_note(out, view(line)); });
    }};

// ---- requests

void refuse_method(http::Exchange& x, std::string_view allowed) {
    std::array<char, 256> buffer;
    const std::string_view json =
        http::error_json(buffer.data(), buffer.size(), "microhost", 405,
                         fmt::format("only {} is possible here", allowed));
    std::array<mh_kv, 2> headers{{{http::str("Content-Type"), http::str("application/json")},
                                  {http::str("Allow"), http::str(allowed)}}};
    const mh_seg body = http::seg(json);
    x.respond(405, headers.data(), headers.size(), &body, 1);
}

void list(http::Exchange& x, const Table& table) {
    const Peer peer(x);
    std::string out;
    json::Writer w(out);
    w.array();
    const command::EntriesPtr all = table.entries();
    for (const command::EntryPtr& e : *all)
        if (e->definition.surfaces & peer.surface)
            write_json(w, e->definition, command::allows(peer.get(), e->definition.role));
    w.end();
    std::array<mh_kv, 2> headers{{{http::str("Content-Type"), http::str("application/json")},
                                  {http::str("Cache-Control"), http::str("no-store")}}};
    const mh_seg body = http::seg(out);
    x.respond(200, headers.data(), headers.size(), &body, 1);
}

unsigned http_status(mh_status s) {
    switch (s) {
        case MH_E_NOT_FOUND: return 404;
        case MH_E_DENIED: return 403;
        case MH_E_INVALID: return 400;
        default: return 503;
    }
}

/// "/v1/commands/modules/list" -> modules, list.
std::vector<std::string> words_of(std::string_view path) {
    std::vector<std::string> words;
    path.remove_prefix(kCommandsPath.size());
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const size_t end = std::min(path.find('/'), path.size());
        if (end) words.emplace_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return words;
}

/// Reads what is asked for. Empty: the whole command is there; else why not.
command::EntryPtr read_request(const Table& table, http::Exchange& x, std::string_view body,
                               uint32_t surface, command::Given& given, uint32_t& timeout_ms,
                               command::Refusal& refusal) {
    const std::vector<std::string> words = words_of(x.path.path);
    size_t used = 0;
    command::EntryPtr entry = table.match(words, surface, used, refusal);
    if (entry && used != words.size()) {
        refusal = {MH_E_NOT_FOUND,
                   fmt::format("\"{}\" is a command without {}; arguments belong into the body",
                               entry->definition.name, json::quote_short(words[used]))};
        return nullptr;
    }
    if (!entry) return nullptr;
    auto document = json::Document::parse(body.empty() ? "{}" : body);
    if (!document)
        return refusal = {MH_E_INVALID, "the body is not JSON: " + document.error().what}, nullptr;
    const json::Value root = document->root();
    auto read = command::given_in(entry->definition, root.find("args"));
    if (!read) return refusal = {MH_E_INVALID, read.error().what}, nullptr;
    given = std::move(*read);
    if (const json::Value t = root.find("timeout_ms")) {
        const auto ms = t.as_uint64();
        if (!ms || *ms > UINT32_MAX)
            return refusal = {MH_E_INVALID, "timeout_ms must be a number of milliseconds"}, nullptr;
        timeout_ms = static_cast<uint32_t>(*ms);
    }
    return entry;
}

void run(http::Exchange& x, Table& table, std::string_view body) {
    const Peer peer(x);
    command::Refusal refusal;
    command::Given given;
    mh_command_run asked{};
    asked.size = sizeof asked;
    asked.surface = peer.surface;
    asked.principal = peer.get();
    auto lines = std::make_unique<Lines>(x);
    command::RunningPtr running;
    if (auto entry = read_request(table, x, body, peer.surface, given, asked.timeout_ms, refusal))
        running = table.start(entry, given, asked,
                              {x.engine().loop, Lines::kSink, lines.get(), nullptr}, refusal);
    if (running)
        lines.release()->begin(std::move(running));
    else
        x.refuse(http_status(refusal.status), refusal.text);
}

}  // namespace

bool asks_for_commands(std::string_view path) {
    return path.starts_with(kCommandsPath) &&
           (path.size() == kCommandsPath.size() || path[kCommandsPath.size()] == '/');
}

mh_status answer_command(http::Exchange& x, Table& table) {
    const bool lists = words_of(x.path.path).empty();
    x.route = kCommandsPath;
    if (lists) {
        if (x.head.method == http::Method::get || x.head.method == http::Method::head)
            list(x, table);
        else
            refuse_method(x, "GET, HEAD");
        return MH_OK;
    }
    if (x.head.method != http::Method::post) {
        refuse_method(x, "POST");
        return MH_OK;
    }
    auto whole = [](mh_req* r, void* user, mh_status s, mh_seg body) {
        http::Exchange& asked = http::Exchange::of(r);
        if (s == MH_OK)
            run(asked, *static_cast<Table*>(user), view(body));
        else if (s == MH_E_LIMIT)
            asked.refuse(413, "the arguments of a command are at most 8 MiB");
    };
    return x.collect(kLargestBody, whole, &table);
}

}  // namespace microhost::control
