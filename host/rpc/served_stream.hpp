// SPDX-License-Identifier: Apache-2.0
/// A stream of Micro's wire protocol, the server's side (sources: captures 10 to 12, 28, v1.1-04): the request that opens it,
/// further requests on the same connection as messages, answers with status 200 that nobody asked for one by one, and
/// Micro-Error: EOS as the end of either direction. The connection carries nothing else, and is closed afterwards.
#pragma once

#include <string>
#include <string_view>

#include "http/exchange.hpp"
#include "rpc/asked.hpp"
#include "rpc/call_metrics.hpp"
#include "rpc/message_reader.hpp"
#include "rpc/stream_call.hpp"
#include "rpc/stream_in.hpp"

namespace microhost::rpc {

class ServedStream final : public StreamIn, private http::Dependent {
  public:
    /// Takes over the connection of `x`, whose body was read and is of no interest. Frees itself. `head` is lent. `meter`: what
    /// counts it; null: it is no service of the process.
    static void begin(http::Exchange& x, std::string_view service, const mucp::Asked& asked,
                      const mucp::Coding& coding, const Taker& taker, const mh_rpc_head& head,
                      CallMetrics::Meter* meter);

    mh_status send(std::string_view content_type, std::string_view body, bool fin) override;
    mh_status pause(bool on) override;
    mh_status splice(mh_rpc_call& out) override;

  private:
    ServedStream(http::Exchange& x, const mucp::Asked& asked, const mucp::Coding& coding,
                 const Taker& taker);

    void answer_error(std::string_view error) override;
    void on_request_body(std::string_view piece, bool fin) override;
    void on_client_drained() override;
    void abandon() override;

    void read_messages();
    void take_message();
    bool is_ours(const mucp::Asked& a) const;
    void refuse_other(const mucp::Asked& a);
    bool write(const mucp::Asked& a, std::string_view content_type, std::string_view body,
               std::string_view error);
    void write_end(std::string_view error);
    void end(mh_status s);
    void end_later(mh_status s);
    void leave();
    bool held_back() const;
    // The other side of a splice.
    static void on_out_message(void* user, mh_rpc_call*, const mh_rpc_message* m);
    static void on_out_end(void* user, mh_rpc_call*, mh_status s, mh_str error);
    static void on_out_writable(void* user, mh_rpc_call*);
    void pass_on(std::string_view body);
    void pass_end_on();

    http::Exchange* x_;  // null: over
    mucp::Asked asked_;
    mucp::Coding coding_;
    MessageReader reader_;
    CallMetrics::Meter* meter_ = nullptr;
    mh_status end_ = MH_OK;
    StreamCall* out_ = nullptr;  // spliced: messages go there and come from there
    std::string pending_;        // a message that `out_` did not take
    bool has_pending_ = false;
    bool out_paused_ = false;
    bool paused_ = false;
    bool reading_ = false;
    bool caller_done_ = false;  // its end of the stream was read
    bool over_ = false;         // our end was written
    bool busy_told_ = false;
};

}  // namespace microhost::rpc
