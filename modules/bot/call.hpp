// SPDX-License-Identifier: Apache-2.0
/// A unary call to a service that can be given up.
#pragma once

#include <microhost/draft/rpc.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace microhost::bot {

struct CallTo {
    std::string service, endpoint, content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> metadata;
    uint32_t timeout_ms = 0;
};

struct CallEnd {
    bool ok = false;
    bool late = false;
    std::string body;
    std::string error;  ///< one line
};

/// [main]
class Call {
  public:
    using Done = std::function<void(CallEnd)>;
    Call() = default;
    /// Gives it up, without a further call.
    ~Call() { cancel(); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    /// Calls done once, perhaps at once; it may destroy this.
    void begin(const CallTo& to, std::string_view body, Done done);
    void cancel();

  private:
    static const mh_rpc_sink kSink;
    mh_rpc_call* call_ = nullptr;
    std::string body_;
    Done done_;
};

}  // namespace microhost::bot
