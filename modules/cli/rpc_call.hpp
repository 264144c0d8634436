// SPDX-License-Identifier: Apache-2.0
/// A call to a service whose end is told once, whatever it is.
#pragma once

#include <microhost/command.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace microhost::cli {

struct CallTo {
    std::string service, endpoint;
    std::string address;  ///< of a node; empty: the registry's
    std::string version;
    std::vector<std::pair<std::string, std::string>> metadata;
    uint32_t timeout_ms = 0;  ///< 0: the configured one; of a stream none
    bool stream = false;
};

struct CallEnd {
    mh_status status;
    std::string_view error;  ///< Micro's error JSON, or a sentence; lent
    bool ok() const { return status == MH_OK; }
};

/// [main]
class RpcCall {
  public:
    using OnMessage = std::function<void(std::string_view body)>;
    using OnEnd = std::function<void(const CallEnd&)>;

    RpcCall() = default;
    /// Ends it without further callbacks.
    ~RpcCall() { cancel(); }
    RpcCall(const RpcCall&) = delete;
    RpcCall& operator=(const RpcCall&) = delete;

    /// Opens it and sends the first message, for a unary call the only one. `end` is called once, perhaps at once, and may
    /// destroy this.
    void begin(const CallTo& to, std::string_view body, OnMessage message, OnEnd end);
    /// Of a stream. False: it is not taken now, and writable is called.
    bool send(std::string_view body);
    void finish_sending();
    std::function<void()> writable;
    void cancel();

  private:
    static void on_message(void* user, mh_rpc_call*, const mh_rpc_message* m);
    static void on_end(void* user, mh_rpc_call*, mh_status s, mh_str error);
    static void on_writable(void* user, mh_rpc_call*);
    static const mh_rpc_sink kSink;

    mh_rpc_call* call_ = nullptr;
    OnMessage message_;
    OnEnd end_;
};

/// "error calling SERVICE.ENDPOINT: ..." as Micro says it, on one line.
std::string call_error(std::string_view what, const CallTo& to, const CallEnd& end);
/// 124 for a deadline, else 1.
int exit_code_of(const CallEnd& end);

}  // namespace microhost::cli
