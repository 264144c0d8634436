// SPDX-License-Identifier: Apache-2.0
/// Responses that a module writes bit by bit (mh.http.stream).
#pragma once

#include <microhost/draft/http_stream.h>

#include "http/exchange.hpp"

namespace microhost::http {

extern const mh_http_stream kStreamTable;

/// The source of one response; frees itself when the request is over. It keeps no timer: a client that takes nothing is
/// the connection's business.
class ResponseStream final : public Dependent {
  public:
    /// Bytes that may wait for the client before write() answers MH_E_BUSY.
    static constexpr size_t kWindow = 64 * 1024;

    static mh_status begin(Exchange& x, uint32_t status, const mh_kv* headers, uint32_t n,
                           const mh_http_stream_events* e, void* user);
    mh_status write(const mh_seg* v, uint32_t n);
    mh_status end();
    void abort();

    void abandon() override;
    void on_client_drained() override;
    bool ends_with_client() const override { return !announced_; }

  private:
    ResponseStream(Exchange& x, const mh_http_stream_events* e, void* user);
    Exchange& leave();
    void finish_bodiless();

    Exchange* x_;
    void (*on_writable_)(void*, mh_req*) = nullptr;
    void* user_;
    uint64_t length_ = 0;  // of the whole body, when it was announced
    uint64_t written_ = 0;
    bool announced_ = false;
    bool bodiless_ = false;
    bool blocked_ = false;  // a filter or the client holds up: on_client_drained comes
    bool busy_told_ = false;
};

}  // namespace microhost::http
