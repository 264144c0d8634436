// SPDX-License-Identifier: Apache-2.0
/// Where a module accepts connections (mh.net.stream), also over a reload.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "module/host_side.hpp"
#include "net/listener.hpp"
#include "net/module_stream.hpp"
#include "net/server_tls.hpp"

namespace microhost::net {

struct ListenWish {
    std::string address;
    ConnectionSettings settings;   // of what is accepted
    std::optional<ServerTls> tls;  // from the first byte
};

/// Thread: that of its loop.
class ModuleListener {
  public:
    static mh_status open(Loop& loop, module::HostSide& side, ListenWish wish,
                          ModuleStream::OnAccept on_accept, void* user, mh_token* out);
    /// Of this thread; null when it is over.
    static ModuleListener* find(mh_token token);
    void close();
    /// Lent until the module returns to the host.
    const std::string& local();

  private:
    ModuleListener(Loop& loop, module::HostSide& side, ListenWish wish,
                   ModuleStream::OnAccept on_accept, void* user);
    static void end_all(module::HostSide& side);
    void enlist();
    void take(int fd, const Address& peer);

    Loop& loop_;
    module::HostSide& side_;
    ListenWish wish_;
    ModuleStream::OnAccept on_accept_;
    void* user_;
    mh_token token_;
    std::unique_ptr<Acceptor> acceptor_;
    std::string local_;
};

}  // namespace microhost::net
