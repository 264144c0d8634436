// SPDX-License-Identifier: Apache-2.0
/// A connection that a module has (mh.net.stream): its callbacks, and its end with the module.
#pragma once

#include <microhost/draft/net_stream.h>

#include <string_view>

#include "module/host_side.hpp"
#include "net/connection.hpp"

struct mh_net_stream {};

namespace microhost::net {

/// Frees itself. Thread: that of its loop.
class ModuleStream final : public mh_net_stream, private Connection::Sink {
  public:
    static constexpr size_t kMostPerLoop = 16'384;
    using OnAccept = mh_status (*)(void* user, mh_net_stream* s, const mh_net_events** events,
                                   void** stream_user);

    /// Of this thread: what a module hands in is looked up here before it is used. Null when it is over, or another thread's.
    static ModuleStream* find(const mh_net_stream* s);
    static bool too_many();
    static mh_status open(Loop& loop, module::HostSide& side, ConnectionSettings settings,
                          const mh_net_events& events, void* user, mh_net_stream** out);
    /// Asks the module what it calls. Takes the descriptor.
    static void accept(Loop& loop, module::HostSide& side, ConnectionSettings settings, int fd,
                       const Address& peer, OnAccept on_accept, void* user);
    static mh_status adopt(Loop& loop, module::HostSide& side, ConnectionParts parts,
                           const mh_net_events& events, void* user, mh_net_stream** out);

    module::HostSide& side() { return side_; }
    Connection& connection() { return *connection_; }
    void abort();
    /// Gives the connection away; false when it cannot now.
    bool park(ConnectionParts& out);

  private:
    ModuleStream(Loop& loop, module::HostSide& side, const mh_net_events* events, void* user);
    ~ModuleStream() = default;
    static void end_all(module::HostSide& side);
    void begin();
    void forget();
    void panicked();
    template <class F>
    void tell(const char* hook, F&& call);
    void on_open() override;
    size_t on_bytes(std::string_view bytes) override;
    bool on_finish() override;
    void on_writable() override;
    void on_end(mh_status why, std::string_view text) override;

    Loop& loop_;
    module::HostSide& side_;
    mh_net_events events_{};
    void* user_;
    Connection* connection_ = nullptr;
};

/// `why` for the hook in which it happens, if that fails by it, and for the log: a timer or another callback reads no report.
mh_status refuse(module::HostSide& side, mh_status s, const std::string& why);

}  // namespace microhost::net
