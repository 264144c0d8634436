// SPDX-License-Identifier: Apache-2.0
/// HTTP requests to somewhere else, answered to a lambda. The module needs mh::uses<mh_http_client>.
#pragma once

#include <microhost/host.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace mh {

/// The parts of "http://HOST[:PORT][/PATH][?QUERY]" or "https://...".
struct url {
    bool tls = false;
    std::string host;     ///< of an IPv6 address without its brackets
    std::string address;  ///< "host:port", as mh_http_out wants it
    std::string authority, target;

    /// Nothing for anything else: other schemes, a user, a fragment, no host.
    static std::optional<url> parse(string_view text) {
        url u;
        if (text.starts_with("https://"))
            u.tls = true;
        else if (!text.starts_with("http://"))
            return {};
        text.remove_prefix(u.tls ? 8 : 7);
        const auto end = std::min(text.find_first_of("/?"), text.size());
        u.authority = text.substr(0, end);
        u.target = text.substr(end);
        if (!u.target.starts_with('/')) u.target.insert(0, "/");
        const bool bracketed = u.authority.starts_with('[');
        const auto close = bracketed ? u.authority.find(']') : u.authority.find(':');
        u.host = bracketed ? u.authority.substr(1, close - 1) : u.authority.substr(0, close);
        const string_view after =
            close == std::string::npos
                ? string_view{}
                : string_view(u.authority).substr(close + (bracketed ? 1 : 0));
        for (const string_view part : {string_view(u.authority), string_view(u.target)}) {
            for (const char c : part) {
                if (c <= ' ' || c == 0x7f || c == '#' || c == '@' || c == '\\') return {};
            }
        }
        if (u.host.empty() || (bracketed && close == std::string::npos) || after == ":") return {};
        const bool port =
            after.starts_with(':') && after.find_first_not_of("0123456789", 1) == string_view::npos;
        if (!after.empty() && !port) return {};
        u.address = u.authority + (after.empty() ? (u.tls ? ":443" : ":80") : "");
        return u;
    }
};

/// What came back.
struct fetched {
    mh_status status = MH_OK;  ///< MH_OK: all of it, whatever its code says
    unsigned code = 0;         ///< 200, 404, ...
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// First field with this name, which is given in lower case; empty when there is none.
    string_view header(string_view lower) const {
        for (const auto& [name, value] : headers) {
            if (name == lower) return value;
        }
        return {};
    }
};

struct to_fetch {
    url where;
    string_view method = "GET";
    string_view body = {};
    std::span<const mh_kv> headers = {};
    std::chrono::milliseconds timeout{5000};
    std::uint64_t max_response = 1 << 20;
    /// See mh_http_out; for https:// only.
    string_view tls_ca_file = {}, tls_cert_file = {}, tls_key_file = {}, tls_server_name = {};
};

/// A request on its way; destroying it ends it without an answer. Redirects are not followed.
/// [loop] [main], all of it on one thread
class fetching {
  public:
    fetching() = default;
    explicit operator bool() const { return state_ && state_->call; }

    /// Calls done(const mh::fetched&) once, never before this returns. A negative status: nothing was opened, nothing follows.
    template <class F>
    mh_status start(const to_fetch& t, F done) {
        mh_http_out out{};
        out.size = sizeof out;
        out.flags = t.where.tls ? MH_CLIENT_TLS : 0;
        out.method = lend(t.method);
        out.address = lend(t.where.address);
        out.authority = lend(t.where.authority);
        out.target = lend(t.where.target);
        out.headers = t.headers.data();
        out.n_headers = static_cast<uint32_t>(t.headers.size());
        out.timeout_ms = static_cast<uint32_t>(t.timeout.count());
        out.body = bytes(t.body);
        out.max_response = t.max_response;
        out.tls_ca_file = lend(t.tls_ca_file);
        out.tls_cert_file = lend(t.tls_cert_file);
        out.tls_key_file = lend(t.tls_key_file);
        out.tls_server_name = lend(t.tls_server_name);
        state_.reset(new state{nullptr, std::move(done), {}});
        return use<mh_http_client>().open(the_host, &out, &sink, state_.get(), &state_->call);
    }

  private:
    struct state {
        mh_http_call* call;
        std::function<void(const fetched&)> done;
        fetched got;
        ~state() {
            if (call) use<mh_http_client>().cancel(call);
        }
    };
    static void on_head(void* user, mh_http_call*, uint32_t code, const mh_header* h, uint32_t n) {
        guarded("on_head", [&] {
            fetched& got = static_cast<state*>(user)->got;
            got.code = code;
            for (uint32_t i = 0; i < n; ++i) {
                std::string name(view(h[i].name));
                for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
                got.headers.emplace_back(std::move(name), view(h[i].value));
            }
            return MH_OK;
        });
    }
    static void on_body(void* user, mh_http_call*, mh_seg piece) {
        guarded("on_body", [&] {
            static_cast<state*>(user)->got.body += view(piece);
            return MH_OK;
        });
    }
    static void on_end(void* user, mh_http_call*, mh_status s) {
        auto& self = *static_cast<state*>(user);
        self.call = nullptr;
        const auto done = std::move(self.done);
        fetched got = std::move(self.got);  // done may start the next one in the same place
        got.status = s;
        guarded("fetched", [&] { return done(got), MH_OK; });
    }
    static constexpr mh_http_sink sink{sizeof(mh_http_sink), 0, on_head, on_body, on_end};
    std::unique_ptr<state> state_;
};

}  // namespace mh
