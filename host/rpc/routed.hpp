// SPDX-License-Identifier: Apache-2.0
/// A unary call from outside that a module's router takes: it answers, now or later, or splices it with a call of its own.
#pragma once

#include <string>
#include <string_view>

#include "http/exchange.hpp"
#include "rpc/call.hpp"
#include "rpc/stream_in.hpp"

namespace microhost::rpc {

/// How an answer goes out; in the arena of the request.
class Answerer {
  public:
    virtual void reply(std::string_view content_type, std::string_view body) = 0;
    virtual void fail(std::string_view error) = 0;

  protected:
    ~Answerer() = default;
};

class RoutedCall final : public StreamIn, private http::Dependent {
  public:
    /// Frees itself. `body` is lent.
    static void begin(http::Exchange& x, Answerer& answerer, const Taker& taker,
                      const mh_rpc_head& head, std::string_view body);

    mh_status splice(mh_rpc_call& out) override;

  private:
    RoutedCall(http::Exchange& x, Answerer& answerer, const Taker& taker);

    mh_status send(std::string_view content_type, std::string_view body, bool fin) override;
    void answer_error(std::string_view error) override;
    uint32_t time_left_ms() const override;
    void abandon() override;
    static void on_out_message(void* user, mh_rpc_call*, const mh_rpc_message* m);
    static void on_out_end(void* user, mh_rpc_call*, mh_status s, mh_str error);

    http::Exchange* x_;  // null: over
    Answerer& answerer_;
    std::string content_type_;
    Call* out_ = nullptr;
    mh_status end_ = MH_E_CANCELLED;
    uint64_t deadline_ms_ = UINT64_MAX;
};

}  // namespace microhost::rpc
