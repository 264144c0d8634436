// SPDX-License-Identifier: Apache-2.0
/// A listener as it lives on one loop: its acceptor, and the program that its requests pass now.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/site.hpp"
#include "net/listener.hpp"
#include "serve/request_loop.hpp"
#include "serve/site_plan.hpp"

namespace microhost::serve {

class LiveSite;

/// The filters of a plan with their shards on one loop, and its handler. It pins their generations there. Thread: its loop.
class LiveProgram {
  public:
    /// Calls shard_create of each filter. `figures` of filters that were counted before go on.
    LiveProgram(RequestLoop& loop, Loop& control, std::shared_ptr<const ProgramPlan> plan);
    ~LiveProgram();
    LiveProgram(const LiveProgram&) = delete;

    /// Which filter could not make its shard, as a sentence, or empty.
    const std::string& broken() const { return broken_; }
    const std::shared_ptr<const ProgramPlan>& plan() const { return plan_; }
    http::Program& program() { return program_; }
    /// Goes on counting where another one's filters of the same names are.
    void take_figures(const LiveProgram& before);
    /// No request begins with it any more: it is destroyed when the last has ended.
    static void retire(std::unique_ptr<LiveProgram> p);

  private:
    struct Counted : http::Program {
        LiveProgram* owner = nullptr;
    };
    observe::ModuleCost cost_of(std::string_view module, std::string_view hook);
    http::FilterLink link(const FilterPtr& f);
    void make_shard(const FilterPtr& f, http::FilterLink& l);

    RequestLoop& loop_;
    Loop& control_;
    std::shared_ptr<const ProgramPlan> plan_;
    Counted program_;
    std::vector<std::pair<FilterPtr, void*>> shards_;
    std::string broken_;
};

/// Thread: its loop.
class LiveSite {
  public:
    /// One of `loops` loops.
    LiveSite(RequestLoop& loop, size_t loops) : loop_(loop), loops_(loops) {}
    ~LiveSite();
    LiveSite(const LiveSite&) = delete;

    /// The plan and, unless it is null, the program hold from now on. The first time it begins to accept.
    void adopt(SitePlanPtr plan, std::unique_ptr<LiveProgram> program);
    void use(std::shared_ptr<const net::TlsServerContext> tls) { tls_ = std::move(tls); }
    void refresh(const http::Limits& limits, std::shared_ptr<const net::PrefixSet> trusted);
    void stop_accepting() { acceptors_.clear(); }
    /// No new connection; those that are open end with the request that they are at.
    void close();
    /// No connection uses it.
    bool unused() const { return site_.pins == 0; }
    const SitePlan& plan() const { return *plan_; }
    const LiveProgram* program() const { return program_.get(); }
    const http::Site& site() const { return site_; }

  private:
    void listen();
    void accept(int fd, const net::Address& peer);

    RequestLoop& loop_;
    const size_t loops_;
    SitePlanPtr plan_;
    std::shared_ptr<const net::TlsServerContext> tls_;
    std::shared_ptr<const net::PrefixSet> trusted_;
    http::Site site_;
    std::unique_ptr<LiveProgram> program_;
    http::Program gone_;  // what a connection finds whose listener was closed: nothing
    std::vector<std::unique_ptr<net::Acceptor>> acceptors_;
};

}  // namespace microhost::serve
