// SPDX-License-Identifier: Apache-2.0
#include "tool/rig.hpp"

#include <csignal>

#include "serve/offered.hpp"

namespace microhost::tool {

Result<std::unique_ptr<Rig>> Rig::make() {
    std::signal(SIGPIPE, SIG_IGN);
    std::unique_ptr<Rig> rig(new Rig);
    log::Options options;
    options.format = log::Format::text;
    auto opened = log::Log::open(options);
    if (!opened) return opened.error();
    rig->log = std::move(*opened);
    rig->control.adopt_thread();
    const http::Limits limits;
    const log::Domain domain = rig->log->domain("host/http");
    rig->main_http = std::make_unique<http::Engine>(rig->control, limits, domain, &rig->metrics);
    rig->main_rpc = std::make_unique<rpc::Engine>(*rig->main_http, 1, &rig->metrics);
    rig->main_http->adopt_thread();
    rig->main_rpc->adopt_thread();
    rig->loops.push_back(
        std::make_unique<serve::RequestLoop>(0, limits, domain, &rig->metrics, nullptr));
    module::EnvironmentOptions about;
    about.version = MICROHOST_VERSION;
    about.map_in_place = true;
    rig->environment = std::make_unique<module::Environment>(
        *rig->log, rig->metrics, rig->control, std::vector<Loop*>{&rig->loops[0]->loop}, about);
    rig->desks = std::make_unique<control::QuietDesks>(*rig->log, rig->control, rig->metrics,
                                                       rig->environment->loops, rig->config);
    serve::offer_interfaces(rig->environment->interfaces);
    serve::add_points(rig->environment->points);
    rig->modules = std::make_unique<module::ModuleSet>(*rig->environment);
    rig->loops[0]->start();
    return rig;
}

Rig::~Rig() {
    loops[0]->stop();
    modules.reset();
    environment.reset();
    control.close_queue();
}

void Rig::until(const bool& done) {
    while (!done) control.turn(20);
}

Result<> Rig::start() {
    bool done = false;
    Result<> outcome;
    modules->start_all([&](Result<> r) {
        outcome = std::move(r);
        done = true;
    });
    until(done);
    if (outcome) outcome = modules->publish();
    return outcome;
}

void Rig::stop() {
    bool done = false;
    modules->stop_all(Loop::clock_ns() + 1'000'000'000, [&] { done = true; });
    until(done);
}

}  // namespace microhost::tool
