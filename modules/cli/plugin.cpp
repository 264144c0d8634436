// SPDX-License-Identifier: Apache-2.0
// The commands with which a person looks at services and calls them.
#include <microhost/module.hpp>

#include "arguments.hpp"
#include "call.hpp"
#include "listing.hpp"
#include "node_calls.hpp"
#include "registering.hpp"
#include "shell.hpp"

namespace microhost::cli {
namespace {

struct Cli : mh::command_set<Cli> {
    static constexpr mh::uses<mh_registry, mh_rpc, mh_json, mh_work> needs{};

    void on_list_services(const mh::run_ptr& run) { list_services(run); }
    void on_list_nodes(const mh::run_ptr& run) { list_nodes(run); }
    void on_list_endpoints(const mh::run_ptr& run) { list_endpoints(run); }
    void on_get_service(const mh::run_ptr& run) { get_service(run); }
    void on_call(const mh::run_ptr& run) { call(run); }
    void on_stream(const mh::run_ptr& run) { stream(run); }
    void on_health(const mh::run_ptr& run) { health(run); }
    void on_stats(const mh::run_ptr& run) { stats(run); }
    void on_register(const mh::run_ptr& run) { register_service(run); }
    void on_deregister(const mh::run_ptr& run) { deregister_service(run); }

    static constexpr auto commands = mh::commands(
        mh::command("list services", "Names of all services, one a line", &Cli::on_list_services)
            .with(kListArguments)
            .here(),
        mh::command("list nodes", "Where a service runs", &Cli::on_list_nodes)
            .with(kNamedArguments)
            .here(),
        mh::command("list endpoints", "What a service offers", &Cli::on_list_endpoints)
            .with(kNamedArguments)
            .here(),
        mh::command("get service", "Nodes and endpoints of a service", &Cli::on_get_service)
            .with(kGetArguments)
            .examples("microhost get service greeter")
            .here(),
        mh::command("call", "Calls an endpoint and prints its answer", &Cli::on_call)
            .with(kCallArguments)
            .role("operator")
            .examples("microhost call greeter Say.Hello '{\"name\": \"John\"}'\n"
                      "microhost call greeter Say.Hello name=John age:=3 --metadata Tenant=acme\n"
                      "microhost call greeter Say.Hello @request.json --output raw")
            .here(),
        mh::command("stream", "Calls an endpoint that answers with many messages", &Cli::on_stream)
            .with(kCallArguments)
            .role("operator")
            .here(),
        mh::command("health", "Asks the nodes of a service, or of all, how they are",
                    &Cli::on_health)
            .with(kHealthArguments)
            .here(),
        mh::command("health check", "The same as health", &Cli::on_health)
            .with(kHealthArguments)
            .here(),
        mh::command("stats", "Uptime, memory and threads of the nodes of a service", &Cli::on_stats)
            .with(kStatsArguments)
            .here(),
        mh::command("register service", "Puts a service into the registry of this machine",
                    &Cli::on_register)
            .with(kRegisterArguments)
            .role("operator")
            .examples("microhost register service '{\"name\": \"foo\", \"nodes\": [{\"id\": "
                      "\"foo-1\", \"address\": \"127.0.0.1:9090\"}]}'")
            .here(),
        mh::command("deregister service", "Takes nodes out of it again", &Cli::on_deregister)
            .with(kDeregisterArguments)
            .role("operator")
            .here());
};

}  // namespace
}  // namespace microhost::cli

MH_PLUGIN("cli", "0.1.0", "List, call, check and register services from a terminal",
          microhost::cli::Cli, microhost::cli::Shell)
