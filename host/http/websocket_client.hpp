// SPDX-License-Identifier: Apache-2.0
/// A websocket that a module opens to a server (mh.http.websocket, connect).
#pragma once

#include <string>

#include "http/client_target.hpp"
#include "http/websocket.hpp"

namespace microhost::http {

class Engine;

class ClientWebsocket final : public Websocket, private Transaction {
  public:
    static constexpr size_t kMostPerLoop = 1024;
    static constexpr uint32_t kOpenMs = 10'000;
    static constexpr uint64_t kMessage = 1024 * 1024;

    /// Checks and copies everything, and begins. No callback comes before it has returned. `side` may be null in tests.
    static mh_status connect(Engine& e, module::HostSide* side, const mh_ws_connect& o,
                             const mh_ws_events& events, void* user, Websocket** out);
    ~ClientWebsocket() override = default;

  private:
    ClientWebsocket(Engine& e, module::HostSide* side, const mh_ws_connect& o,
                    const mh_ws_events& events, void* user);
    mh_status take_options(const mh_ws_connect& o);
    void begin();
    void attempt();
    void refused(const ResponseHead& head);
    void switched(const ResponseHead& head);
    void fail(uint16_t code, std::string_view why);
    static void end_of_module(module::HostSide& side);

    // Transaction
    void on_response(ResponseHead* head, std::string_view body, bool end) override;
    void on_failure(const UpstreamFailure& f) override;
    void on_drained() override { drained(); }

    // Websocket
    bool transmit(const iovec* v, int n) override { return Transaction::send(v, n, false); }
    size_t unsent() const override { return Transaction::unsent(); }
    void pause_input() override { pause_reading(); }
    void resume_input() override { resume_reading(); }
    void detach() override;
    void let_go(bool broken) override;
    bool enter(Call which, void (*fn)(void*), void* arg) noexcept override;
    void on_late() override;

    Engine& engine_;
    module::HostSide* side_;  // null in tests, and once it is over
    ClientTarget target_;
    std::string request_, key_, offered_;
    std::string tls_problem_;  // of the first address that had one
    bool ended_ = false;       // the server sends no more
    bool lingers_ = false;     // the module has heard of the end, the server may not have
};

}  // namespace microhost::http
