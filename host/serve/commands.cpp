// SPDX-License-Identifier: Apache-2.0
// The commands of a serving process: its own, and those of its modules as they come and go; and what modules read of it.
#include <microhost/draft/metrics_read.h>

#include <algorithm>

#include "command/modules.hpp"
#include "control/config.hpp"
#include "control/events.hpp"
#include "control/logs.hpp"
#include "control/top.hpp"
#include "serve/intent.hpp"
#include "serve/known_words.hpp"
#include "serve/module_operations.hpp"
#include "serve/runtime_state.hpp"

namespace microhost::serve {

void Runtime::State::start_commands() {
    commands = std::make_unique<command::Table>(*environment);
    commands->known = [this](std::string_view kind) { return known_words(kind); };
    command::add_modules_commands(*commands, *operations);
    control::add_logs_command(*commands, *log);
    control::add_config_command(*commands, [this]() -> const config::Config& { return config; });
    log_desk = std::make_unique<control::LogDesk>(*log, control->loop);
    config_view =
        std::make_unique<control::ConfigView>([this]() -> const config::Config& { return config; },
                                              [this] { return schemas(candidates); });
    control::add_event_commands(*commands);
    std::vector<Loop*> bare;
    for (auto& l : loops) bare.push_back(&l->loop);
    control::add_top_command(
        *commands, {*metrics, std::move(bare),
                    [this](unsigned loop, const std::function<void(const http::Site&)>& fn) {
                        sites->each(loop, fn);
                    },
                    [this] { return !listener_rows().empty(); }});
    environment->commands = commands.get();
    environment->operations = operations.get();
}

void Runtime::State::measure_if_asked() {
    const auto asks = [](const module::CandidatePtr& c) {
        const module::Manifest& m = c->manifest;
        return std::ranges::count(m.needs, MH_METRICS_READ) +
               std::ranges::count(m.optional, MH_METRICS_READ);
    };
    if (std::ranges::any_of(candidates, asks)) control_socket->measure_traffic();
}

// What "@module", "@service" and "@endpoint" stand for where a command line is completed.
command::Table::Words Runtime::State::known_words(std::string_view kind) const {
    if (kind != "module") return registry_words(*table->snapshot(), kind);
    command::Table::Words words;
    for (const module::ModuleRow& m : operations->list()) words.emplace_back(m.id, m.summary);
    return words;
}

}  // namespace microhost::serve
