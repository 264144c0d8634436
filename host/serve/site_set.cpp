// SPDX-License-Identifier: Apache-2.0
#include "serve/site_set.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "net/listener.hpp"
#include "net/module_sockets.hpp"
#include "net/tls.hpp"
#include "supervise/link.hpp"

namespace microhost::serve {

SiteSet::SiteSet(std::vector<std::unique_ptr<RequestLoop>>& loops, Loop& control)
    : loops_(loops),
      control_(control),
      adopted_(net::adopted_listeners()),
      live_(loops.size()),
      leaving_(loops.size()) {
    net::ModuleSockets::get().keep(adopted_);  // before any module starts
    net::ModuleSockets::get().watch([this] { control_.post([this] { tell_supervisor(); }); });
}

SiteSet::~SiteSet() {
    net::ModuleSockets::get().watch({});
    for (const net::Adopted& a : adopted_) ::close(a.fd);
}

// The count goes down on the loops; the last one calls home.
void SiteSet::on_every_loop(std::function<void(RequestLoop&)> fn, std::function<void()> done) {
    struct Round {
        std::function<void(RequestLoop&)> fn;
        std::function<void()> done;
        std::atomic<size_t> left;
    };
    auto round = std::make_shared<Round>();
    round->fn = std::move(fn);
    round->done = std::move(done);
    round->left = loops_.size();
    for (auto& l : loops_)
        l->loop.post([this, round, loop = l.get()] {
            round->fn(*loop);
            if (--round->left == 0) control_.post([round] { round->done(); });
        });
}

// ---- sockets

// Where any port will do, the name tells which is meant.
SitePlanPtr SiteSet::open_already(const SitePlan& wanted) const {
    const bool by_name = !wanted.asked.is_unix() && wanted.asked.port() == 0;
    for (const SitePlanPtr& s : sites_)
        if (s->asked.text() == wanted.asked.text() && (!by_name || s->name == wanted.name))
            return s;
    return nullptr;
}

Result<> SiteSet::open(const std::vector<SitePlanPtr>& wanted) {
    std::vector<net::Adopted> adopted = std::exchange(adopted_, {});
    const auto loops = static_cast<unsigned>(loops_.size());
    Result<> result;
    for (const SitePlanPtr& s : wanted) {
        if (const SitePlanPtr open = open_already(*s)) {
            s->sockets = open->sockets;
            continue;
        }
        std::vector<int> given = net::take_adopted(adopted, s->asked, s->name);
        Result<std::vector<int>> fds = given.empty()
                                           ? net::open_listeners(s->asked, {}, loops)
                                           : net::spread_listeners(std::move(given), {}, loops);
        if (!fds) {
            result = fds.error().context(fmt::format("listener \"{}\"", s->name));
            break;
        }
        s->sockets->fds = std::move(*fds);
        s->sockets->address = net::local_address(s->sockets->fds[0]);
    }
    for (const net::Adopted& a : adopted) ::close(a.fd);
    return result;
}

// ---- changes

LiveSite* SiteSet::find(const Live& live, const SitePlan& plan) {
    for (const auto& s : live)
        if (s->plan().sockets == plan.sockets) return s.get();
    return nullptr;
}

void SiteSet::stage(std::vector<SitePlanPtr> wanted,
                    std::function<void(Result<StagedSitesPtr>)> done) {
    struct Broken {
        std::mutex mutex;
        std::string why;
    };
    auto broken = std::make_shared<Broken>();
    auto staged = std::make_shared<StagedSites>();
    staged->wanted = std::move(wanted);
    staged->programs.resize(loops_.size());
    on_every_loop(
        [this, staged, broken](RequestLoop& l) {
            const unsigned index = l.loop.index();
            for (const SitePlanPtr& s : staged->wanted) {
                auto& programs = staged->programs[index];
                const LiveSite* live = find(live_[index], *s);
                if (live && *live->program()->plan() == *s->program) {
                    programs.push_back(nullptr);
                    continue;
                }
                programs.push_back(std::make_unique<LiveProgram>(l, control_, s->program));
                if (programs.back()->broken().empty()) continue;
                std::scoped_lock lock(broken->mutex);
                broken->why = programs.back()->broken();
            }
        },
        [this, staged, broken, done = std::move(done)] {
            if (broken->why.empty()) return done(staged);
            abandon(staged, [broken, done] { done(error("{}", broken->why)); });
        });
}

void SiteSet::abandon(StagedSitesPtr staged, std::function<void()> done) {
    on_every_loop([staged](RequestLoop& l) { staged->programs[l.loop.index()].clear(); },
                  std::move(done));
}

void SiteSet::publish(StagedSites& staged, RequestLoop& l) {
    const unsigned index = l.loop.index();
    Live before = std::move(live_[index]), &live = live_[index];
    live.clear();
    for (size_t i = 0; i < staged.wanted.size(); i++) {
        const SitePlanPtr& plan = staged.wanted[i];
        auto same = std::find_if(before.begin(), before.end(), [&](const auto& s) {
            return s && s->plan().sockets == plan->sockets;
        });
        live.push_back(same != before.end() ? std::move(*same)
                                            : std::make_unique<LiveSite>(l, loops_.size()));
        live.back()->adopt(plan, std::move(staged.programs[index][i]));
    }
    auto& leaving = leaving_[index];
    for (auto& s : before)
        if (s) s->close(), leaving.push_back(std::move(s));
    std::erase_if(leaving, [](const auto& s) { return s->unused(); });
}

void SiteSet::published(const StagedSites& staged) {
    sites_ = staged.wanted;
    for (const SitePlanPtr& s : sites_) s->sockets->accepting = true;
    tell_supervisor();
}

// It keeps them open for the worker that comes after this one.
void SiteSet::tell_supervisor() const {
    supervise::Link* link = supervise::Link::here();
    if (!link) return;
    for (const SitePlanPtr& s : sites_)
        for (const int fd : s->sockets->fds) link->socket(fd, s->name);
    net::ModuleSockets::get().each(
        [&](int fd, const std::string& name) { link->socket(fd, name); });
    link->sockets_end();
}

// ---- the rest of their life

Result<std::vector<std::string>> SiteSet::reload_certificates() {
    auto fresh = std::make_shared<
        std::vector<std::pair<Sockets*, std::shared_ptr<const net::TlsServerContext>>>>();
    std::vector<std::string> warnings;
    for (const SitePlanPtr& s : sites_) {
        if (!s->tls_files) continue;
        auto tls = load_tls(*s->tls_files);
        if (!tls) return tls.error().context(fmt::format("listener \"{}\"", s->name));
        warnings.insert(warnings.end(), (*tls)->warnings().begin(), (*tls)->warnings().end());
        fresh->emplace_back(s->sockets.get(), *tls);
        s->tls = std::move(*tls);
    }
    for (auto& l : loops_)
        l->loop.post([this, fresh, index = l->loop.index()] {
            for (auto& [sockets, tls] : *fresh)
                for (auto& live : live_[index])
                    if (live->plan().sockets.get() == sockets) live->use(tls);
        });
    return warnings;
}

void SiteSet::each(unsigned loop, const std::function<void(const http::Site&)>& fn) const {
    if (loop >= live_.size()) return;
    for (auto& s : live_[loop]) fn(s->site());
}

void SiteSet::stop_accepting(bool gently, std::function<void()> done) {
    net::ModuleSockets::get().watch({});  // whoever comes next has been told
    if (gently) net::ModuleSockets::get().pause();
    on_every_loop(
        [this, gently](RequestLoop& l) {
            for (auto& s : live_[l.loop.index()]) s->stop_accepting();
            if (gently)
                l.http.draining = true;
            else
                l.http.drain();
        },
        std::move(done));
}

void SiteSet::remove(std::function<void()> done) {
    on_every_loop(
        [this](RequestLoop& l) {
            live_[l.loop.index()].clear();
            leaving_[l.loop.index()].clear();
            l.http.upstreams.close_idle();
        },
        [this, done = std::move(done)] {
            sites_.clear();
            done();
        });
}

}  // namespace microhost::serve
