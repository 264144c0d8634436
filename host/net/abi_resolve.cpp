// SPDX-License-Identifier: Apache-2.0
#include "net/abi_resolve.hpp"

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "module/environment.hpp"
#include "module/generation.hpp"
#include "module/host_side.hpp"
#include "module/work_pool.hpp"
#include "net/dns.hpp"
#include "net/resolver.hpp"

namespace microhost::net {
namespace {

using module::broken;
using module::HostSide;
using module::lend;
using module::view;

constexpr uint32_t kDefaultMs = 5'000, kLongestMs = 60'000;
constexpr size_t kMostQuestions = 256;
constexpr size_t kMostOnWorkers = 16;  // they block, and are for others too

using Answer = void (*)(void* user, mh_status s, const mh_resolved* v, uint32_t n);
std::atomic<size_t> on_workers{0};

class Question;
thread_local std::map<mh_token, Question*> questions_here;

/// Frees itself. Thread: the loop that asked.
class Question {
  public:
    static mh_status ask(Loop& loop, HostSide& side, std::string name, int32_t what,
                         uint32_t timeout_ms, Answer fn, void* user, mh_token* out) {
        std::unique_ptr<Question> q(new Question(loop, side, fn, user));
        const bool records = what == MH_RESOLVE_SRV || what == MH_RESOLVE_TXT;
        const mh_status s =
            records
                ? q->ask_worker(std::move(name),
                                what == MH_RESOLVE_SRV ? DnsType::srv : DnsType::txt, timeout_ms)
                : q->ask_resolver(name, what);
        if (s != MH_OK) return s;
        loop.arm(q->timer_, timeout_ms);
        questions_here[q->token_] = q.get();
        side.generation.at_end(loop.index(), end_all);
        *out = q.release()->token_;
        return MH_OK;
    }
    static Question* find(mh_token t) {
        const auto it = questions_here.find(t);
        return it == questions_here.end() ? nullptr : it->second;
    }
    /// Without an answer.
    void drop() {
        if (lookup_) lookup_->cancel();
        questions_here.erase(token_);
        Wheel::disarm(timer_);
        loop_.free_later(this);
    }

  private:
    Question(Loop& loop, HostSide& side, Answer fn, void* user)
        : loop_(loop), side_(side), fn_(fn), user_(user) {
        static std::atomic<mh_token> last{0};
        token_ = ++last;
        timer_.owner = this;
        timer_.fire = [](Timer& t) { static_cast<Deadline&>(t).owner->answer({MH_E_TIMEOUT, {}}); };
    }

    mh_status ask_resolver(const std::string& name, int32_t what) {
        Resolver* resolver = Resolver::of_process();
        if (!resolver) return MH_E_UNAVAILABLE;
        lookup_ = resolver->resolve(name, 0, [this, what](const Resolved& r) {
            lookup_ = nullptr;
            answer(addresses(r, what));
        });
        return MH_OK;
    }
    static DnsAnswer addresses(const Resolved& r, int32_t what) {
        if (!r) {
            const bool broke = r.error().what.ends_with(::gai_strerror(EAI_AGAIN)) ||
                               r.error().what.ends_with(::gai_strerror(EAI_FAIL));
            return {broke ? MH_E_IO : MH_E_NOT_FOUND, {}};
        }
        DnsAnswer out{MH_E_NOT_FOUND, {}};
        for (const Address& a : *r) {
            if (what == MH_RESOLVE_A && a.family() != AF_INET) continue;
            if (what == MH_RESOLVE_AAAA && a.family() != AF_INET6) continue;
            char ip[INET6_ADDRSTRLEN];
            DnsRecord record;
            record.text.assign(ip, a.ip_text(ip, sizeof ip));
            out.records.push_back(std::move(record));
            out.status = MH_OK;
        }
        return out;
    }

    /// It goes to a worker and back, whatever becomes of the question.
    struct Job {
        mh_token token;
        std::string name;
        DnsType type;
        uint32_t timeout_ms;
        DnsAnswer answer{MH_E_CANCELLED, {}};
        ~Job() { on_workers--; }
    };
    mh_status ask_worker(std::string name, DnsType type, uint32_t timeout_ms) {
        if (on_workers++ >= kMostOnWorkers) return on_workers--, MH_E_BUSY;
        auto job = std::unique_ptr<Job>(new Job{token_, std::move(name), type, timeout_ms});
        const auto run = [](void* arg) {
            Job& j = *static_cast<Job*>(arg);
            j.answer = dns_query(j.name, j.type, j.timeout_ms);
            if (j.type != DnsType::srv) return;
            std::mt19937 random(std::random_device{}());
            dns_order(j.answer.records, [&](uint32_t n) {
                return std::uniform_int_distribution<uint32_t>(0, n)(random);
            });
        };
        const auto done = [](void* arg, mh_status) {
            const std::unique_ptr<Job> j(static_cast<Job*>(arg));
            if (Question* q = find(j->token)) q->answer(j->answer);
        };
        const mh_status s = side_.environment.work->submit(nullptr, loop_, run, done, job.get());
        if (s == MH_OK) job.release();
        return s;
    }

    void answer(const DnsAnswer& a) {
        std::vector<mh_resolved> v;
        for (const DnsRecord& r : a.records)
            v.push_back({lend(r.text), r.port, r.priority, r.weight, r.ttl_s});
        drop();
        module::guarded(side_, "resolve.answer",
                        [&] { fn_(user_, a.status, v.data(), static_cast<uint32_t>(v.size())); });
    }
    static void end_all(HostSide& side) {
        std::vector<Question*> its;
        for (const auto& [token, q] : questions_here)
            if (&q->side_ == &side) its.push_back(q);
        for (Question* q : its) q->drop();
    }

    Loop& loop_;
    HostSide& side_;
    Answer fn_;
    void* user_;
    mh_token token_;
    std::shared_ptr<Lookup> lookup_;
    struct Deadline : Timer {
        Question* owner;
    } timer_;
};

mh_status look_up(const mh_host* h, mh_str name, int32_t what, uint32_t timeout_ms, Answer fn,
                  void* user, mh_token* out) {
    HostSide* side = HostSide::find(h);
    if (!side || !fn || !out || broken(name)) return MH_E_INVALID;
    if (what < MH_RESOLVE_ADDRESS || what > MH_RESOLVE_TXT) return MH_E_UNSUPPORTED;
    Loop* loop = Loop::current();
    if (!loop) return MH_E_WRONG_THREAD;
    if (!dns_name(view(name))) return MH_E_INVALID;
    if (questions_here.size() >= kMostQuestions) return MH_E_BUSY;
    const uint32_t ms = timeout_ms ? std::min(timeout_ms, kLongestMs) : kDefaultMs;
    return module::guard_status([&] {
        return Question::ask(*loop, *side, std::string(view(name)), what, ms, fn, user, out);
    });
}

mh_status cancel(mh_token t) {
    if (!Loop::current()) return MH_E_WRONG_THREAD;
    Question* q = Question::find(t);
    if (!q) return MH_E_GONE;
    q->drop();
    return MH_OK;
}

}  // namespace

const mh_net_resolve kResolveTable = {sizeof(mh_net_resolve), 0, look_up, cancel};

}  // namespace microhost::net
