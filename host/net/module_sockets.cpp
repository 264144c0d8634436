// SPDX-License-Identifier: Apache-2.0
#include "net/module_sockets.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "net/module_listener.hpp"

namespace microhost::net {
namespace {

constexpr std::string_view kName = "module/";  // no colon: LISTEN_FDNAMES separates by it

void pause(const ModuleSockets::One& one, bool paused) {
    one.loop->post([token = one.token, acceptor = one.acceptor, paused] {
        if (!ModuleListener::find(token)) return;
        paused ? acceptor->pause() : acceptor->resume();
    });
}

}  // namespace

ModuleSockets& ModuleSockets::get() {
    static auto& all = *new ModuleSockets;  // modules may outlive whatever ends at exit
    return all;
}

Result<int> ModuleSockets::socket(const std::string& module, const std::string& address) {
    for (const One& o : all_)
        if (o.module == module && o.address == address)
            if (const int fd = ::fcntl(o.acceptor->fd(), F_DUPFD_CLOEXEC, 3); fd >= 0) return fd;
    const Address at = Address::parse(address).value();
    const std::string name = std::string(kName) + module;
    std::vector<Adopted> its;
    std::erase_if(kept_, [&](const Adopted& a) {
        if (a.name == name) its.push_back(a);
        return a.name == name;
    });
    std::vector<int> given = take_adopted(its, at, name);
    kept_.insert(kept_.end(), its.begin(), its.end());
    if (!given.empty()) {
        for (size_t i = 1; i < given.size(); i++) ::close(given[i]);
        return given[0];
    }
    ListenOptions options;
    options.reuse_port = false;
    return open_listener(at, options);
}

void ModuleSockets::add(One one) {
    all_.push_back(std::move(one));
    const One& added = all_.back();
    choose(std::string(added.module), std::string(added.address));
    if (changed_) changed_();
}

void ModuleSockets::remove(const std::string& module, const std::string& address, mh_token token) {
    if (!std::erase_if(all_, [&](const One& o) { return o.token == token; })) return;
    choose(module, address);
    if (changed_) changed_();
}

void ModuleSockets::choose(const std::string& module, const std::string& address) {
    const auto same = [&](const One& o) { return o.module == module && o.address == address; };
    uint32_t newest = 0;
    for (const One& o : all_)
        if (same(o)) newest = std::max(newest, o.generation);
    for (const One& o : all_)
        if (same(o)) net::pause(o, paused_ || o.generation != newest);
}

void ModuleSockets::keep(std::vector<Adopted>& adopted) {
    const std::scoped_lock lock(mutex);
    std::erase_if(adopted, [&](const Adopted& a) {
        if (!a.name.starts_with(kName)) return false;
        kept_.push_back(a);
        return true;
    });
}

void ModuleSockets::forget_kept() {
    const std::scoped_lock lock(mutex);
    for (const Adopted& a : kept_) ::close(a.fd);
    kept_.clear();
}

void ModuleSockets::each(const std::function<void(int fd, const std::string& name)>& fn) {
    const std::scoped_lock lock(mutex);
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (const One& o : all_)
        if (seen.emplace(o.module, o.address).second)
            fn(o.acceptor->fd(), std::string(kName) + o.module);
}

void ModuleSockets::watch(std::function<void()> changed) {
    const std::scoped_lock lock(mutex);
    changed_ = std::move(changed);
}

void ModuleSockets::pause() {
    const std::scoped_lock lock(mutex);
    paused_ = true;
    for (const One& o : all_) net::pause(o, true);
}

}  // namespace microhost::net
