// SPDX-License-Identifier: Apache-2.0
/// A streamed call to a node over Micro's wire protocol, the client's side (sources: captures 10 to 12, 28): a connection of its
/// own, a request that opens the stream, each message as a further request with the same ids, and what the node pushes.
#pragma once

#include <string>
#include <string_view>

#include "http/upstream.hpp"
#include "registry/selector.hpp"
#include "rpc/message_reader.hpp"
#include "rpc/names.hpp"
#include "rpc/stream_call.hpp"
#include "rpc/text.hpp"

namespace microhost::rpc {

class NodeStream final : public StreamCall, private http::Transaction, private NameWait {
  public:
    /// MH_E_NOT_FOUND, MH_E_UNAVAILABLE, MH_E_INVALID as mh_rpc.open.
    static mh_status make(Engine& e, const mh_rpc_target& t, NodeStream** out);
    ~NodeStream() override;
    /// Begins. What fails is told later.
    void go(const mh_rpc_target& t);

  private:
    explicit NodeStream(Engine& e);
    mh_status push(std::string_view body, bool fin) override;
    void hold(bool on) override;
    void stop(mh_status s) override;

    mh_status choose(const mh_rpc_target& t);
    mh_status pick_node(const mh_rpc_target& t);
    void connect();
    void fail_later(mh_status s, std::string_view why);
    bool write(std::string_view body, std::string_view error);
    void read_messages();
    void take_message();
    void report(registry::Outcome outcome);
    void on_response(http::ResponseHead* head, std::string_view body, bool end) override;
    void on_failure(const http::UpstreamFailure& f) override;
    void on_drained() override;
    void on_name(const char* why) override;

    registry::Pick pick_;
    http::Upstream* upstream_ = nullptr;
    const char* refusal_ = nullptr;
    std::string place_;  // "name:port", where the node's address is a name
    const net::TlsClientContext* place_tls_ = nullptr;
    std::string fields_;  // of each head
    std::string held_;    // what was sent before the connection began
    Text head_;
    MessageReader reader_;
    mh_status late_status_ = MH_OK;
    std::string late_why_;
    bool begun_ = false;  // the connection is under way
    bool reading_ = false;
    bool answered_ = false;
};

}  // namespace microhost::rpc
