// SPDX-License-Identifier: Apache-2.0
#include "net/module_listener.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <vector>

#include "module/generation.hpp"
#include "net/module_sockets.hpp"
#include "net/no_connections.hpp"

namespace microhost::net {
namespace {

using module::HostSide;

constexpr size_t kMostListeners = 256;

thread_local std::map<mh_token, ModuleListener*> listeners_here;

}  // namespace

ModuleListener::ModuleListener(Loop& loop, HostSide& side, ListenWish wish,
                               ModuleStream::OnAccept on_accept, void* user)
    : loop_(loop), side_(side), wish_(std::move(wish)), on_accept_(on_accept), user_(user) {
    static std::atomic<mh_token> last{0};
    token_ = ++last;
}

ModuleListener* ModuleListener::find(mh_token token) {
    const auto it = listeners_here.find(token);
    return it == listeners_here.end() ? nullptr : it->second;
}

mh_status ModuleListener::open(Loop& loop, HostSide& side, ListenWish wish,
                               ModuleStream::OnAccept on_accept, void* user, mh_token* out) {
    if (listeners_here.size() >= kMostListeners)
        return refuse(side, MH_E_LIMIT, "more than 256 addresses to listen at");
    if (wish.tls) {
        auto tls = server_tls(*wish.tls);
        if (!tls) return refuse(side, MH_E_INVALID, tls.error().what);
        wish.settings.tls.server = *tls;
    }
    std::unique_ptr<ModuleListener> l(
        new ModuleListener(loop, side, std::move(wish), on_accept, user));
    if (auto at = Address::parse(l->wish_.address); !at)
        return refuse(side, MH_E_INVALID, at.error().what);
    ModuleSockets& sockets = ModuleSockets::get();
    const std::scoped_lock lock(sockets.mutex);
    if (connections_forbidden()) {  // the address may be that of the generation that serves
        l->enlist();
        *out = l.release()->token_;
        return MH_OK;
    }
    auto fd = sockets.socket(side.id, l->wish_.address);
    if (!fd) {
        const bool used = fd.error().what.find("in use") != std::string::npos;
        return refuse(side, used ? MH_E_EXISTS : MH_E_IO, fd.error().what);
    }
    l->acceptor_ = std::make_unique<Acceptor>(
        loop, *fd,
        [](void* self, int client, const Address& peer) {
            static_cast<ModuleListener*>(self)->take(client, peer);
        },
        l.get());
    l->enlist();
    *out = l->token_;
    l.release();
    return MH_OK;
}

void ModuleListener::enlist() {
    listeners_here[token_] = this;
    side_.generation.at_end(loop_.index(), end_all);
    if (acceptor_)
        ModuleSockets::get().add(
            {side_.id, wish_.address, side_.generation.number(), token_, &loop_, acceptor_.get()});
}

void ModuleListener::close() {
    {
        ModuleSockets& sockets = ModuleSockets::get();
        const std::scoped_lock lock(sockets.mutex);
        sockets.remove(side_.id, wish_.address, token_);
        if (acceptor_) acceptor_->close();
    }
    listeners_here.erase(token_);
    loop_.free_later(this);  // this may be within a call of the acceptor
}

void ModuleListener::end_all(HostSide& side) {
    std::vector<ModuleListener*> its;
    for (const auto& [token, l] : listeners_here)
        if (&l->side_ == &side) its.push_back(l);
    for (ModuleListener* l : its) l->close();
}

const std::string& ModuleListener::local() {
    return local_ = acceptor_ ? local_address(acceptor_->fd()).text() : wish_.address;
}

void ModuleListener::take(int fd, const Address& peer) {
    ConnectionSettings settings = wish_.settings;
    if (ModuleStream::too_many()) {
        ::close(fd);
        refuse(side_, MH_E_LIMIT,
               wish_.address + ": too many connections; one more was turned away");
        return;
    }
    if (wish_.tls) {
        // The files may have been renewed; while they are wrong, what was read before serves.
        if (auto now = server_tls(*wish_.tls))
            wish_.settings.tls.server = settings.tls.server = *now;
        else
            refuse(side_, MH_E_INVALID, now.error().what);
    }
    ModuleStream::accept(loop_, side_, std::move(settings), fd, peer, on_accept_, user_);
}

}  // namespace microhost::net
