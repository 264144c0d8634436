// SPDX-License-Identifier: Apache-2.0
#include "net/resolver.hpp"

#include <netdb.h>

#include <cassert>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace microhost::net {
namespace {

using Clock = std::chrono::steady_clock;

Resolved ask_system(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    int r = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
    if (r != 0)
        return error("resolve {}: {}", host,
                     r == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(r));
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
    std::vector<Address> found;
    for (addrinfo* i = list; i; i = i->ai_next) {
        if (i->ai_family != AF_INET && i->ai_family != AF_INET6) continue;
        Address a;
        std::memcpy(&a.storage, i->ai_addr, i->ai_addrlen);
        a.len = i->ai_addrlen;
        found.push_back(a);
    }
    if (found.empty()) return error("resolve {}: the name has no IP address", host);
    return found;
}

// What can be answered here: IP addresses, and what cannot be a name.
std::optional<Resolved> answer_at_once(std::string_view host) {
    if (host.empty() || host.size() > 253 || host.find('\0') != host.npos)
        return error("resolve \"{}\": that cannot be a host name", host.substr(0, 60));
    bool colon = host.find(':') != host.npos && host[0] != '[';
    if (host == "localhost") return {};  // its addresses are the system's business
    auto ip = Address::parse(colon ? fmt::format("[{}]:0", host) : fmt::format("{}:0", host));
    if (ip) return std::vector<Address>{*ip};
    if (host.find(':') != host.npos) return error("resolve \"{}\": not an address", host);
    return {};
}

// RFC 4343: names do not differ by case.
std::string lower(std::string_view host) {
    std::string out(host);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return out;
}

}  // namespace

namespace {
Resolver* process_resolver = nullptr;
}

Resolver* Resolver::of_process() { return process_resolver; }
void Resolver::set_of_process(Resolver* resolver) { process_resolver = resolver; }

struct Resolver::Shared {
    struct Known {
        Resolved result;
        Clock::time_point until;
    };

    void work();
    void answer(const std::string& host, Resolved result);
    void send(std::shared_ptr<Lookup> lookup, const Resolved& result);
    void remember(const std::string& host, const Resolved& result);

    ResolverOptions options;
    std::mutex
        mutex;  // guards all below; a callback is posted under it, so that none is after the destructor
    std::condition_variable wake;
    std::deque<std::string> queue;
    std::map<std::string, std::vector<std::shared_ptr<Lookup>>> waiting;
    size_t waiters = 0;
    std::map<std::string, Known, std::less<>> known;
    bool started = false;
    bool closed = false;
};

Resolver::Resolver(ResolverOptions options) : shared_(std::make_shared<Shared>()) {
    shared_->options = std::move(options);
    if (!shared_->options.query) shared_->options.query = ask_system;
}

Resolver::~Resolver() {
    // A callback may own what owns a loop's things: it is destroyed outside of the lock.
    std::map<std::string, std::vector<std::shared_ptr<Lookup>>> dropped;
    {
        std::lock_guard lock(shared_->mutex);
        shared_->closed = true;
        shared_->queue.clear();
        dropped.swap(shared_->waiting);
    }
    shared_->wake.notify_all();
}

std::shared_ptr<Lookup> Resolver::resolve(std::string_view host, uint16_t port,
                                          std::function<void(const Resolved&)> done) {
    assert(Loop::current());
    auto lookup = std::make_shared<Lookup>();
    lookup->done_ = std::move(done);
    lookup->loop_ = Loop::current();
    lookup->port_ = port;
    Shared& s = *shared_;
    if (auto now = answer_at_once(host)) {
        s.send(lookup, *now);
        return lookup;
    }
    std::string name = lower(host);
    std::lock_guard lock(s.mutex);
    if (auto it = s.known.find(name); it != s.known.end() && Clock::now() < it->second.until) {
        s.send(lookup, it->second.result);
        return lookup;
    }
    auto under_way = s.waiting.find(name);
    if (s.waiters >= s.options.waiters ||
        (under_way == s.waiting.end() && s.queue.size() >= s.options.queue)) {
        s.send(lookup, error("resolve {}: too many names wait to be resolved", name));
        return lookup;
    }
    s.waiters++;
    if (under_way != s.waiting.end()) {
        under_way->second.push_back(lookup);
        return lookup;
    }
    s.waiting[name].push_back(lookup);
    s.queue.push_back(std::move(name));
    if (!s.started) {
        s.started = true;
        std::thread([shared = shared_] { shared->work(); }).detach();
    }
    s.wake.notify_one();
    return lookup;
}

void Resolver::Shared::work() {
    std::unique_lock lock(mutex);
    for (;;) {
        wake.wait(lock, [&] { return closed || !queue.empty(); });
        if (closed) return;
        std::string host = std::move(queue.front());
        queue.pop_front();
        lock.unlock();
        Resolved result = options.query(host);
        lock.lock();
        if (closed) return;
        answer(host, std::move(result));
    }
}

void Resolver::Shared::answer(const std::string& host, Resolved result) {
    remember(host, result);
    auto it = waiting.find(host);
    if (it == waiting.end()) return;
    waiters -= it->second.size();
    for (auto& lookup : it->second) send(std::move(lookup), result);
    waiting.erase(it);
}

void Resolver::Shared::remember(const std::string& host, const Resolved& result) {
    auto now = Clock::now();
    if (known.size() >= options.remembered) {
        std::erase_if(known, [&](const auto& k) { return k.second.until <= now; });
        if (known.size() >= options.remembered) known.erase(known.begin());
    }
    auto until = now + (result ? options.keep : options.keep_failure);
    known.insert_or_assign(host, Known{result, until});
}

// Lookup's members are its loop's: they are touched there and nowhere else, but for the port and the loop, which are fixed.
void Resolver::Shared::send(std::shared_ptr<Lookup> lookup, const Resolved& result) {
    Resolved own = result;
    if (own)
        for (Address& a : *own) a.set_port(lookup->port_);
    Loop* loop = lookup->loop_;
    loop->post([lookup = std::move(lookup), own = std::move(own)] {
        auto done = std::move(lookup->done_);
        lookup->done_ = nullptr;
        if (done) done(own);
    });
}

}  // namespace microhost::net
