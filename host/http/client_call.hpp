// SPDX-License-Identifier: Apache-2.0
/// One HTTP request of a module to somewhere else (mh.http.client), on the loop that asked.
#pragma once

#include <microhost/draft/http_client.h>

#include <string>
#include <string_view>

#include "http/client_target.hpp"
#include "loop/loop.hpp"

struct mh_http_call {};

namespace microhost::http {

/// Frees itself after on_end or cancel(). Until then its module counts it as outstanding.
class ClientCall final : public mh_http_call, private Transaction {
  public:
    static ClientCall& of(mh_http_call* c) { return *static_cast<ClientCall*>(c); }
    /// Checks and copies everything, and begins. No callback comes before it has returned.
    static mh_status open(Engine& e, module::HostSide* side, const mh_http_out& out,
                          const mh_http_sink& sink, void* user, ClientCall** call);
    void cancel();

  private:
    ClientCall(Engine& e, module::HostSide* side, const mh_http_sink& sink, void* user);
    ~ClientCall() override = default;
    mh_status take(const mh_http_out& out);
    mh_status go();
    bool start(bool fresh);
    void start_or_fail();
    void fail_later(mh_status why);
    void on_response(ResponseHead* head, std::string_view body, bool end) override;
    void on_failure(const UpstreamFailure& f) override;
    void take_body(std::string_view body);
    void end(mh_status s);
    void leave();
    template <class F>
    void tell(const char* hook, F&& call) noexcept;

    Engine& engine_;
    module::HostSide* side_;
    mh_http_sink sink_{};
    void* user_;
    ClientTarget target_;
    std::string request_;  // head and body: what a second attempt needs
    uint64_t received_ = 0, max_response_ = 0;
    Method method_ = Method::get;
    mh_status late_failure_ = MH_OK;
    uint32_t idle_timeout_ms_ = 0;
    bool endless_ = false;  // the deadline is for the head alone
    bool retried_ = false;
    bool over_ = false;
    struct Deadline : Timer {
        ClientCall* owner;
    } timer_;
};

}  // namespace microhost::http
