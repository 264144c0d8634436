// SPDX-License-Identifier: Apache-2.0
/// What the rpc tests need: a loop with its engines and a registry, a scripted peer on a real socket, what a caller sees.
#pragma once

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "http/engine.hpp"
#include "loop/loop.hpp"
#include "registry/table.hpp"
#include "rpc/abi_registry.hpp"
#include "rpc/abi_rpc.hpp"
#include "rpc/engine.hpp"

namespace microhost::rpc::test {

inline mh_str str(std::string_view s) { return {s.data(), s.size()}; }
inline std::string text(mh_str s) { return {s.ptr, s.len}; }
inline mh_seg seg(std::string_view s) {
    return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

inline std::unique_ptr<log::Log> silent_log() {
    log::Options options;
    options.path = "/dev/null";
    return log::Log::open(options).value();
}

struct Rig {
    std::unique_ptr<log::Log> log = silent_log();
    observe::Metrics metrics{1};
    Loop loop{0};
    http::Limits limits;
    http::Engine http{loop, limits, log->domain("host/http")};
    Engine engine{http, 7, &metrics};
    std::vector<std::function<void()>> posted;
    registry::Table table{[this](std::function<void()> f) { posted.push_back(std::move(f)); }};
    registry::Feed feed;
    std::atomic<uint32_t> turns{0};

    Rig() {
        loop.adopt_thread();
        http.adopt_thread();
        engine.adopt_thread();
        decorate(table);
        feed = table.open("test", 1);
    }
    /// Ends the table's turn and hands its snapshot to the engine.
    void publish() {
        for (auto& f : std::exchange(posted, {})) f();
        engine.adopt(table.snapshot());
    }
    void node(const std::string& service, const std::string& id, uint16_t port,
              registry::Metadata metadata = {{"protocol", "mucp"}}) {
        registry::Service s{service, "1", {}, {}, {}};
        s.nodes.push_back({id, "127.0.0.1:" + std::to_string(port), std::move(metadata)});
        feed.upsert(s);
        publish();
    }
    template <class F>
    bool until(F done, int seconds = 20) {
        const time_t end = time(nullptr) + seconds;
        while (!done() && time(nullptr) < end) {
            loop.turn(20);
            turns++;
            turns.notify_all();
        }
        return done();
    }
};

/// A listening socket on a port of its own, and a thread that does what the test says.
class Peer {
  public:
    using Script = std::function<void(Peer&)>;

    explicit Peer(Rig& rig, Script script) : rig_(rig) {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in a{};
        a.sin_family = AF_INET;
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t n = sizeof a;
        REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&a), n) == 0);
        REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&a), &n) == 0);
        REQUIRE(::listen(fd_, 16) == 0);
        port = ntohs(a.sin_port);
        if (script) thread_ = std::thread([this, script = std::move(script)] { script(*this); });
    }
    ~Peer() {
        ::shutdown(fd_, SHUT_RDWR);
        join();
        ::close(fd_);
    }
    /// The peer's thread reads its socket to the end, so the caller's connection must be gone.
    void join() {
        if (!thread_.joinable()) return;
        std::atomic<bool> over{false};
        std::thread watch([&] {
            thread_.join();
            over = true;
        });
        rig_.http.upstreams.close_idle();
        rig_.until([&] { return over.load(); });
        watch.join();
    }

    int accept() {
        int c = ::accept(fd_, nullptr, nullptr);
        int one = 1;
        ::setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        return c;
    }
    /// Head and body by Content-Length; empty at the end of the stream.
    std::string request(int c) {
        std::string in;
        char b[4096];
        for (;;) {
            size_t head = in.find("\r\n\r\n");
            size_t at = in.find("Content-Length: ");
            if (head != std::string::npos && at != std::string::npos &&
                in.size() >= head + 4 + std::stoul(in.substr(at + 16)))
                break;
            ssize_t n = ::recv(c, b, sizeof b, 0);
            if (n <= 0) return {};
            in.append(b, static_cast<size_t>(n));
        }
        seen.push_back(in);
        return in;
    }
    static void send(int c, std::string_view bytes) {
        while (!bytes.empty()) {
            ssize_t n = ::send(c, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return;
            bytes.remove_prefix(static_cast<size_t>(n));
        }
    }
    /// In pieces that the loop reads one by one: each waits for the turn that the one before caused.
    void send_in(int c, std::string_view bytes, size_t piece) {
        for (size_t at = 0; at < bytes.size(); at += piece) {
            const uint32_t before = rig_.turns.load();
            send(c, bytes.substr(at, piece));
            rig_.turns.wait(before);
        }
    }

    uint16_t port = 0;
    std::vector<std::string> seen;  // requests; read it after join()

  private:
    Rig& rig_;
    int fd_;
    std::thread thread_;
};

/// A call, and what became of it.
struct Caller {
    int messages = 0, ends = 0;
    mh_status status = 1;
    std::string body, type, error;
    mh_rpc_call* call = nullptr;
    std::function<void(Caller&)> in_message;

    mh_status start(std::string_view service, std::string_view endpoint, std::string_view request,
                    std::function<void(mh_rpc_target&)> change = {}) {
        const mh_status s = open(service, endpoint, std::move(change));
        return s == MH_OK ? kRpcTable.send(call, seg(request), 1) : s;
    }
    mh_status open(std::string_view service, std::string_view endpoint,
                   std::function<void(mh_rpc_target&)> change = {}) {
        static const mh_rpc_sink sink{sizeof sink, 0, on_message, on_end, nullptr};
        mh_rpc_target t{};
        t.size = sizeof t;
        t.service = str(service);
        t.endpoint = str(endpoint);
        if (change) change(t);
        return kRpcTable.open(nullptr, nullptr, &t, &sink, this, &call);
    }

  private:
    static void on_message(void* user, mh_rpc_call*, const mh_rpc_message* m) {
        auto& self = *static_cast<Caller*>(user);
        self.messages++;
        self.body.assign(reinterpret_cast<const char*>(m->body.ptr), m->body.len);
        self.type = text(m->content_type);
        if (self.in_message) self.in_message(self);
    }
    static void on_end(void* user, mh_rpc_call*, mh_status s, mh_str error) {
        auto& self = *static_cast<Caller*>(user);
        self.ends++;
        self.status = s;
        self.error = text(error);
    }
};

}  // namespace microhost::rpc::test
