// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <array>

namespace microhost::registry_etcd {
namespace {

constexpr std::array<std::string_view, 3> kBases{"/v3", "/v3beta", "/v3alpha"};

bool bad_token(const Answer& a) {
    return a.refusal && (a.refusal->code == kUnauthenticated || a.refused("invalid auth token") ||
                         a.refused("revision of auth store is old"));
}

}  // namespace

std::string Answer::why() const {
    if (refusal) return "it says \"" + refusal->text.substr(0, 200) + '"';
    switch (status) {
        case MH_OK: break;
        case MH_E_TIMEOUT: return "it did not answer in time";
        case MH_E_LIMIT: return "its answer is too long";
        case MH_E_INVALID: return "the address or a TLS file cannot be used";
        case MH_E_UNAVAILABLE: return "no connection, or none that TLS trusts";
        default: return "the connection broke";
    }
    if (code != 200) return "it answered " + std::to_string(code);
    return "its answer makes no sense";
}

Client::Client(const Settings& settings, Endpoints& endpoints)
    : settings_(settings), endpoints_(endpoints), password_(settings.password) {}

std::string_view Client::base() const { return kBases[base_]; }

Client::Ticket Client::post(std::string_view path, std::string body, Done done,
                            uint64_t max_response) {
    const Ticket t = ++tickets_;
    auto call = std::make_unique<Call>();
    call->path = path, call->body = std::move(body), call->done = std::move(done);
    call->max_response = max_response;
    calls_.emplace(t, std::move(call));
    begin(t);
    return t;
}

void Client::begin(Ticket t) {
    Call& c = *calls_.at(t);
    c.waits = wants_token();
    if (c.waits) return authenticate();
    send(t, c);
}

void Client::send(Ticket t, Call& c) {
    const Endpoint& e = endpoints_.at(endpoints_.current());
    c.waits = false;
    c.endpoint = endpoints_.current(), c.base = base_, c.token = token_;
    mh::to_fetch what;
    what.where.tls = e.tls;
    what.where.address = what.where.authority = e.address;
    what.where.target = std::string(base()) + c.path;
    what.method = "POST";
    what.body = c.body;
    const mh_kv headers[] = {{mh::lend("Content-Type"), mh::lend("application/json")},
                             {mh::lend("Authorization"), mh::lend(c.token)}};
    what.headers = {headers, c.token.empty() ? 1u : 2u};
    what.timeout = settings_.timeout;
    what.max_response = c.max_response;
    what.tls_ca_file = settings_.ca_file, what.tls_cert_file = settings_.cert_file;
    what.tls_key_file = settings_.key_file, what.tls_server_name = settings_.server_name;
    refused_ = c.fetching.start(what, [this, t](const mh::fetched& got) { on_fetched(t, got); });
    if (refused_ == MH_OK) return;
    early_.emplace_back(t, refused_);  // told later, as everything else is
    early_timer_.start(std::chrono::milliseconds(0), [this] {
        for (const auto& [ticket, status] : std::exchange(early_, {})) {
            mh::fetched nothing;
            nothing.status = status;
            on_fetched(ticket, nothing);
        }
    });
}

void Client::on_fetched(Ticket t, const mh::fetched& got) {
    const auto it = calls_.find(t);
    if (it == calls_.end()) return;
    Answer a;
    a.status = got.status, a.code = got.code, a.endpoint = it->second->endpoint;
    if (got.status == MH_OK) a.json = mh::json_document(got.body);
    if (got.status == MH_OK && got.code != 200) a.refusal = read_refusal(a.json.root());
    if (!again(t, *it->second, a)) finish(t, a);
}

// True when the same request is on its way once more.
bool Client::again(Ticket t, Call& c, const Answer& a) {
    // etcd's own "not found" is a refusal; this is a version that has the gateway at another place.
    if (a.code == 404 && !a.refusal && c.base + 1 < kBases.size()) {
        base_ = std::max(base_, c.base + 1);
        send(t, c);
        return true;
    }
    if (settings_.username.empty() || t == authenticating_ || c.renewed) return false;
    if (a.refused("user name is empty"))
        auth_off_ = false;
    else if (!bad_token(a))
        return false;
    c.renewed = true;
    if (c.token == token_) token_.clear();
    begin(t);
    return true;
}

void Client::finish(Ticket t, const Answer& a) {
    const auto it = calls_.find(t);
    const Done done = std::move(it->second->done);
    calls_.erase(it);
    done(a);
}

void Client::cancel(Ticket t) { calls_.erase(t); }

void Client::cancel_all() {
    calls_.clear();
    early_.clear();
    authenticating_ = 0;
}

void Client::authenticate() {
    if (authenticating_) return;
    const Ticket t = authenticating_ = ++tickets_;
    auto call = std::make_unique<Call>();
    call->path = "/auth/authenticate";
    call->body = authenticate_request(settings_.username, password_);
    call->max_response = 64 << 10;
    call->done = [this](const Answer& a) { on_token(a); };
    Call& c = *calls_.emplace(t, std::move(call)).first->second;
    send(t, c);
}

void Client::on_token(const Answer& a) {
    authenticating_ = 0;
    if (a.good()) token_ = a.json.root()["token"].string().value_or("");
    auth_off_ = a.refused("authentication is not enabled");
    const bool go_on = auth_off_ || !token_.empty();
    std::vector<Ticket> waiting;
    for (const auto& [t, call] : calls_)
        if (call->waits) waiting.push_back(t);
    for (const Ticket t : waiting) {
        const auto it = calls_.find(t);
        if (it == calls_.end()) continue;  // what another one's end has cancelled
        if (go_on)
            send(t, *it->second);
        else
            finish(t, a);
    }
}

}  // namespace microhost::registry_etcd
