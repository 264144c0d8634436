// SPDX-License-Identifier: Apache-2.0
/// The service's side of a call within the process. The ABI's mh_rpc_in.
#pragma once

#include <microhost/draft/rpc_listener.h>
#include <microhost/draft/rpc_service.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.hpp"

struct mh_rpc_in {};

namespace microhost::rpc {

extern const mh_rpc_server kServerTable;
extern const mh_rpc_incoming kIncomingTable;

/// Names and values in one string, so that a recycled one need not allocate.
class CallMetadata {
  public:
    void clear() {
        text_.clear();
        rows_.clear();
    }
    void add(std::string_view name, std::string_view value);
    /// The first of that name in any case; null data when there is none.
    std::string_view find(std::string_view name) const;

  private:
    struct Row {
        uint32_t name, value, end;  // offsets
    };
    std::string text_;
    std::vector<Row> rows_;
};

/// What a service sees of a call. One reply() or fail() takes it; `waiting` false: it was taken.
class Incoming : public mh_rpc_in {
  public:
    static Incoming& of(mh_rpc_in* in) { return *static_cast<Incoming*>(in); }

    std::string service, endpoint;
    CallMetadata metadata;
    bool waiting = false;

    virtual bool right_thread() const = 0;
    virtual void answer(std::string_view content_type, std::string_view body) = 0;
    virtual void answer_error(std::string_view error) = 0;
    virtual uint32_t time_left_ms() const = 0;
    // Of streams.
    virtual mh_status send(std::string_view /*content_type*/, std::string_view /*body*/,
                           bool /*fin*/) {
        return MH_E_INVALID;
    }
    virtual mh_status pause(bool /*on*/) { return MH_E_INVALID; }
    /// Of calls that a router took.
    virtual mh_status splice(mh_rpc_call& /*out*/) { return MH_E_INVALID; }

  protected:
    ~Incoming() = default;
};

}  // namespace microhost::rpc
