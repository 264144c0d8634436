// SPDX-License-Identifier: Apache-2.0
#include "serve/health_probes.hpp"

#include <algorithm>
#include <cstring>

#include "http/upstream.hpp"
#include "net/stream.hpp"

namespace microhost::serve {
namespace {

using Done = registry::HealthChecks::Done;
constexpr uint32_t kConnectMs = 1'000, kAnswerMs = 2'000;

/// A connection that only has to come about. Frees itself.
class TcpProbe final : public Pollable {
  public:
    static void start(Loop& loop, const net::Address& to, Done done) {
        Result<net::Stream> s = net::connect(to, nullptr, {});
        if (!s) return done(false);
        auto* p = new TcpProbe(loop, std::move(*s), std::move(done));
        if (!loop.add(p->stream_.fd(), p, EPOLLOUT | EPOLLET)) p->finish(false);
    }
    ~TcpProbe() = default;
    void on_events(uint32_t events) override {
        if (stream_.open())
            finish(!(events & (EPOLLERR | EPOLLHUP)) && !net::socket_error(stream_.fd()));
    }

  private:
    TcpProbe(Loop& loop, net::Stream s, Done done)
        : loop_(loop), stream_(std::move(s)), done_(std::move(done)) {
        late_.owner = this;
        late_.fire = [](Timer& t) { static_cast<Late&>(t).owner->finish(false); };
        loop.arm(late_, kConnectMs);
    }
    void finish(bool up) {
        stream_.close();
        Wheel::disarm(late_);
        loop_.free_later(this);
        done_(up);
    }

    Loop& loop_;
    net::Stream stream_;
    Done done_;
    struct Late : Timer {
        TcpProbe* owner;
    } late_;
};

/// GET, and a 2xx answer. Frees itself.
class HttpProbe final : private http::Transaction {
  public:
    static void start(http::Engine& e, const net::Address& to, const std::string& path, Done done) {
        auto* p = new HttpProbe(e.loop, std::move(done));
        std::string text = "GET " + path + " HTTP/1.1\r\nHost: " + to.text() +
                           "\r\nUser-Agent: microhost-health\r\nConnection: close\r\n\r\n";
        http::UpstreamRequest r;
        r.fresh = true;
        r.connect_timeout_ms = kConnectMs;
        r.response_timeout_ms = kAnswerMs;
        iovec v{text.data(), text.size()};
        const char* why = "";
        if (!e.upstreams.get(to).start(*p, r, &v, 1, &why)) p->finish(false);
    }

    ~HttpProbe() override = default;

  private:
    HttpProbe(Loop& loop, Done done) : loop_(loop), done_(std::move(done)) {}
    void on_response(http::ResponseHead* head, std::string_view, bool) override {
        if (head) finish(head->status / 100 == 2);
    }
    void on_failure(const http::UpstreamFailure&) override { finish(false); }
    void finish(bool up) {
        if (!done_) return;
        Done done = std::move(done_);
        done_ = nullptr;
        Transaction::abandon();
        loop_.free_later(this);
        done(up);
    }

    Loop& loop_;
    Done done_;
};

}  // namespace

HealthProbes::HealthProbes(http::Engine& h, net::Resolver& resolver, registry::Table& table,
                           registry::HealthChecks::Warn warn)
    : http_(h),
      resolver_(resolver),
      checks_(
          table, [this](const auto& target, Done done) { probe(target, std::move(done)); },
          std::move(warn)),
      table_(table) {
    due_.owner = this;
    due_.fire = [](Timer& t) { static_cast<Due&>(t).owner->look(); };
    ticket_ = table.on_change([this](std::shared_ptr<const registry::Snapshot>) { look(); });
}

HealthProbes::~HealthProbes() { table_.forget(ticket_); }

void HealthProbes::look() {
    auto now = registry::TimePoint::clock::now();
    registry::TimePoint next = checks_.tick(now);
    if (next == registry::TimePoint::max()) return Wheel::disarm(due_);
    auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(next - now).count();
    http_.loop.arm(due_, static_cast<uint64_t>(std::max<int64_t>(wait, 0)));
}

void HealthProbes::probe(const registry::HealthChecks::Target& target, Done done) {
    if (!target.address.resolved()) return resolve(target, std::move(done));
    net::Address to;
    std::memcpy(&to.storage, &target.address.socket, target.address.length);
    to.len = target.address.length;
    probe_each({to}, target.spec, std::move(done));
}

void HealthProbes::resolve(const registry::HealthChecks::Target& target, Done done) {
    resolver_.resolve(target.address.host, target.address.port,
                      [this, alive = std::weak_ptr<void>(alive_), spec = target.spec,
                       done = std::move(done)](const net::Resolved& r) {
                          if (alive.expired()) return;
                          if (!r) return done(false);
                          probe_each(*r, spec, done);
                      });
}

// One address of a name that answers is enough: calls find it as well.
void HealthProbes::probe_each(std::vector<net::Address> addresses, const registry::HealthSpec& spec,
                              Done done) {
    const net::Address to = addresses.front();
    addresses.erase(addresses.begin());
    Done next = done;
    if (!addresses.empty())
        next = [this, alive = std::weak_ptr<void>(alive_), addresses = std::move(addresses), spec,
                done](bool up) {
            if (up) return done(true);
            if (!alive.expired()) probe_each(addresses, spec, done);
        };
    if (spec.kind == registry::HealthSpec::Kind::tcp)
        TcpProbe::start(http_.loop, to, std::move(next));
    else
        HttpProbe::start(http_, to, spec.path, std::move(next));
}

}  // namespace microhost::serve
