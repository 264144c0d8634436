// SPDX-License-Identifier: Apache-2.0
/// A request streamed to an upstream and its response streamed back, with back-pressure both ways; upgrades become tunnels.
#pragma once

#include <microhost/draft/http_forward.h>

#include <string>

#include "http/exchange.hpp"
#include "http/upstream.hpp"

namespace microhost::http {

/// Where a forward goes, and who chose it. Views live as long as the request.
struct ForwardWay {
    Upstream* upstream = nullptr;
    std::string_view host;  // for Host; empty: the upstream's name
    /// Told once how it went in the end; may be null.
    void (*report)(void* user, bool ok, mh_status why, uint64_t latency_ns) = nullptr;
    /// No connection came about: what to try now, or null; what is to be told of the one that failed is the callee's
    /// business. May be null.
    Upstream* (*next)(void* user, Upstream& failed, std::string_view* host) = nullptr;
    void* user = nullptr;
};

/// A field of mh_http_forward_to with memory of its own; what takes a field out stays so.
mh_kv own_field(Arena& arena, const mh_kv& field);

class Forward final : public Dependent, private Transaction {
  public:
    /// Begins. The forward frees itself.
    static void begin(Exchange& x, const mh_http_forward_to& to, const ForwardWay& way);
    /// Answers for a forward that nothing came of. `late`: because no connection was made in time.
    static void fail(Exchange& x, void (*on_error)(void*, mh_req*, mh_status), void* user,
                     mh_status why, std::string_view upstream, std::string_view reason,
                     bool late = false);

    void abandon() override;
    void on_client_drained() override;
    void on_request_body(std::string_view piece, bool fin) override;

  private:
    Forward(Exchange& x, const mh_http_forward_to& to, const ForwardWay& way);
    bool start(bool fresh);
    bool start_elsewhere();
    void write_forwarded(h1::HeadWriter& w, std::string_view peer) const;
    size_t write_request(char* out, size_t cap);
    void on_response(ResponseHead* head, std::string_view body, bool end) override;
    void on_failure(const UpstreamFailure& f) override;
    void fetch(unsigned step) const override;
    void on_drained() override;
    void on_informational(const ResponseHead& head) override;
    void take_head(Exchange& x, const ResponseHead& head);
    void report(bool ok, mh_status why);
    void give_up(mh_status why, const char* detail, bool late = false);
    void end_tunnel_when_sent();
    void done();

    Exchange* x_;
    ForwardWay way_;
    void (*on_error_)(void*, mh_req*, mh_status);
    void (*on_head_)(void*, mh_req*);
    void* user_;
    uint32_t flags_;
    uint32_t connect_ms_, response_ms_;
    std::string_view path_, host_;
    const mh_kv* set_ = nullptr;
    uint32_t n_set_ = 0;
    uint64_t started_ns_;
    unsigned ways_ = 1;  // begun
    bool has_body_ = false;
    bool chunked_ = false;
    bool body_sent_ = false;  // some of the body left: never twice
    bool upgrade_ = false;
    bool tunnel_ = false;
    bool retried_ = false;
    bool deferred_ = false;  // a failure waits for the end of the turn
    std::string refusal_;    // why it could not be sent
    bool client_ended_ = false, upstream_ended_ = false;
};

}  // namespace microhost::http
