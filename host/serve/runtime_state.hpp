// SPDX-License-Identifier: Apache-2.0
/// What a serving process owns, in the order in which it is made; destroyed in reverse. Private to runtime*.cpp.
#pragma once

#include <future>
#include <map>
#include <string>
#include <vector>

#include "command/table.hpp"
#include "control/config_view.hpp"
#include "control/control.hpp"
#include "control/log_desk.hpp"
#include "event/brokers.hpp"
#include "http/abi_server.hpp"
#include "http/client_call.hpp"
#include "module/environment.hpp"
#include "module/generation.hpp"
#include "module/module_set.hpp"
#include "net/address.hpp"
#include "net/resolver.hpp"
#include "net/tls.hpp"
#include "observe/access_log.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "observe/process_metrics.hpp"
#include "registry/directory.hpp"
#include "registry/publisher.hpp"
#include "registry/table.hpp"
#include "rpc/abi_registry.hpp"
#include "rpc/local_call.hpp"
#include "rpc/providers.hpp"
#include "rpc/registry_sources.hpp"
#include "serve/control_thread.hpp"
#include "serve/health_probes.hpp"
#include "serve/instance_folder.hpp"
#include "serve/request_loop.hpp"
#include "serve/runtime.hpp"
#include "serve/service_nodes.hpp"
#include "serve/signals.hpp"
#include "serve/site_set.hpp"

namespace microhost::serve {

class ModuleOperations;

struct Runtime::State {
    static Result<std::shared_ptr<const net::PrefixSet>> trusted_in(const config::Config& config);

    explicit State(Prepared p);
    ~State();

    Prepared prepared;
    config::Config config;                         // in use
    std::vector<module::CandidatePtr> candidates;  // of the modules that run, in loading order
    std::map<std::string, uint32_t> loads;         // how often each id was loaded
    std::vector<AbsentModule> absent;              // of the plugin directory
    std::vector<AbsentModule> left_out;            // of all that should run now
    std::shared_ptr<const net::PrefixSet> trusted;
    std::unique_ptr<log::Log> log;
    std::unique_ptr<observe::Metrics> metrics;
    std::unique_ptr<observe::AccessLog> access_log;
    std::unique_ptr<ControlThread> control;
    std::vector<std::unique_ptr<RequestLoop>> loops;
    std::unique_ptr<http::Engine>
        main_http;  // the control thread calls out, and serves the control socket
    std::unique_ptr<rpc::Engine> main_rpc;
    std::unique_ptr<net::TlsClientContext> upstream_tls;
    // OpenSSL's own start takes as long as half of ours: it goes beside it when a module waits for it, else behind it.
    std::future<void> upstream_tls_read;
    std::unique_ptr<net::Resolver> resolver;
    std::unique_ptr<registry::Publisher> publisher;
    std::unique_ptr<registry::Publisher> for_tools;  // in the instance's folder
    std::unique_ptr<module::Environment> environment;
    std::unique_ptr<control::LogDesk> log_desk;
    std::unique_ptr<control::ConfigView> config_view;
    std::unique_ptr<module::ModuleSet> modules;
    std::unique_ptr<registry::Table> table;
    std::unique_ptr<registry::Directory> directory;
    registry::Feed local_feed;
    std::unique_ptr<ServiceNodes> service_nodes;
    std::vector<registry::Service> described;  // the services of this process
    std::unique_ptr<rpc::Providers> providers;
    std::unique_ptr<rpc::RegistrySources> sources;
    std::unique_ptr<event::Brokers> brokers;
    std::unique_ptr<HealthProbes> health_probes;
    InstanceFolder folder;
    FilterSet filters;
    std::unique_ptr<SiteSet> sites;
    std::unique_ptr<ModuleOperations> operations;
    std::unique_ptr<command::Table> commands;
    std::unique_ptr<Signals> signals;
    std::unique_ptr<control::Control> control_socket;
    struct Sweep : Timer {
        State* owner;
    } sweep;
    int status = 0;
    bool stopping = false, serving = false;
    bool retired = false;  // another worker serves this instance

    const config::HostSettings& host() const { return config.host; }
    Result<> start_basics();
    Result<> open_access_log(unsigned n);
    Result<> start_engines();
    void read_upstream_tls();
    void adopt_snapshot(const std::shared_ptr<const registry::Snapshot>& snapshot);
    void sweep_registry();
    void give_resolver(net::Resolver* r);
    void reload();
    void reload_config();
    /// `done`: what the log says when all could be read.
    void reload_certificates(std::string_view done);
    Result<> start_registry();
    void start_commands();
    command::Table::Words known_words(std::string_view kind) const;
    Result<> open_control();
    std::vector<control::ListenerRow> listener_rows() const;
    void started();
    void serve();
    void ready();

    // ---- for changes
    /// Describes in the registry what modules publish; what it returns makes a loop call them.
    std::function<void(rpc::Engine&)> offer_services();
    /// A line for each filter that is missing now and was not before.
    void say_missing(const FilterSet& now) const;
    /// What passes is measured from the first time that a module wants to know (MH_METRICS_READ).
    void measure_if_asked();
    /// Everybody who wants to know learns which listeners there are.
    void announce_listeners();
    void tell_listeners();
    void fail(const Error& e);
    void stop();
    void retire();
    static void withdraw_announced();
    void drain();
    void wait_for_connections(uint64_t deadline_ns);
    void finish();
    void after(uint64_t ms, void (State::*next)());
    std::function<void()> then_ = nullptr;
};

}  // namespace microhost::serve
