// SPDX-License-Identifier: Apache-2.0
#include "stream.hpp"

#include <algorithm>

#include "splitter.hpp"

namespace microhost::registry_etcd {

struct Stream::State : std::enable_shared_from_this<State> {
    explicit State(Hooks h) : hooks(std::move(h)) {}
    ~State() { cancel(); }
    void cancel() {
        if (mh_http_call* c = std::exchange(call, nullptr)) mh::use<mh_http_client>().cancel(c);
    }
    void body(std::string_view piece);
    void end(mh_status s);
    void finish(mh_status s, const std::string& why) {
        const Hooks last = std::move(hooks);  // end() may destroy us
        last.end(s, why);
    }

    Hooks hooks;
    mh_http_call* call = nullptr;
    unsigned code = 0;
    Splitter splitter{kLongestMessage};
};

void Stream::State::body(std::string_view piece) {
    const auto keep = weak_from_this().lock();
    if (!keep) return;  // it is being destroyed
    const bool fits = splitter.feed(piece, [&](std::string_view message) {
        hooks.message(message);
        return keep->call != nullptr && keep.use_count() > 1;
    });
    if (fits || !call) return;
    cancel();
    finish(MH_E_LIMIT, "a message of it is longer than 16 MiB");
}

void Stream::State::end(mh_status s) {
    const auto keep = weak_from_this().lock();
    call = nullptr;
    Answer a;  // the same words as for other requests
    a.status = s == MH_OK && code == 200 ? MH_E_IO : s;
    a.code = code;
    if (code != 200) a.refusal = read_refusal(mh::json_document(splitter.rest()).root());
    finish(s, a.why());
}

mh_status Stream::start(const Client& client, const Endpoint& endpoint, const Settings& settings,
                        std::string_view path, std::string_view body, Hooks hooks) {
    static constexpr mh_http_sink kSink{
        sizeof(mh_http_sink), 0,
        [](void* user, mh_http_call*, uint32_t status, const mh_header*, uint32_t) {
            static_cast<State*>(user)->code = status;
        },
        [](void* user, mh_http_call*, mh_seg piece) {
            mh::guarded("watch",
                        [&] { return static_cast<State*>(user)->body(mh::view(piece)), MH_OK; });
        },
        [](void* user, mh_http_call*, mh_status s) {
            mh::guarded("watch", [&] { return static_cast<State*>(user)->end(s), MH_OK; });
        }};
    state_ = std::make_shared<State>(std::move(hooks));
    const std::string target = std::string(client.base()) + std::string(path);
    const mh_kv headers[] = {{mh::lend("Content-Type"), mh::lend("application/json")},
                             {mh::lend("Authorization"), mh::lend(client.token())}};
    mh_http_out out{};
    out.size = sizeof out;
    out.flags = endpoint.tls ? MH_CLIENT_TLS : 0;
    out.method = mh::lend("POST");
    out.address = out.authority = mh::lend(endpoint.address);
    out.target = mh::lend(target);
    out.headers = headers;
    out.n_headers = client.token().empty() ? 1 : 2;
    out.timeout_ms = UINT32_MAX;
    out.head_timeout_ms = static_cast<uint32_t>(settings.timeout.count());
    out.idle_timeout_ms = kLongestPause_ms;
    out.body = mh::bytes(body);
    out.max_response = UINT64_MAX;
    out.tls_ca_file = mh::lend(settings.ca_file), out.tls_cert_file = mh::lend(settings.cert_file);
    out.tls_key_file = mh::lend(settings.key_file);
    out.tls_server_name = mh::lend(settings.server_name);
    const mh_status s =
        mh::use<mh_http_client>().open(mh::the_host, &out, &kSink, state_.get(), &state_->call);
    if (s != MH_OK) state_.reset();
    return s;
}

}  // namespace microhost::registry_etcd
