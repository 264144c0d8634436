// SPDX-License-Identifier: Apache-2.0
// The commands of a serving process: its own, and those of its modules as they come and go.
#include "command/modules.hpp"
#include "serve/module_operations.hpp"
#include "serve/runtime_state.hpp"

namespace microhost::serve {

void Runtime::State::start_commands() {
    commands = std::make_unique<command::Table>(*environment);
    commands->known = [this](std::string_view kind) { return known_words(kind); };
    command::add_modules_commands(*commands, *operations);
    environment->commands = commands.get();
    environment->operations = operations.get();
}

// What "@module", "@service" and "@endpoint" stand for where a command line is completed.
command::Table::Words Runtime::State::known_words(std::string_view kind) const {
    command::Table::Words words;
    if (kind == "module")
        for (const module::ModuleRow& m : operations->list()) words.emplace_back(m.id, m.summary);
    if (kind != "service" && kind != "endpoint") return words;
    for (const registry::Entry& e : table->snapshot()->entries()) {
        const registry::Service& s = e.service->versions[e.version];
        if (kind == "service") words.emplace_back(s.name, s.version);
        if (kind == "endpoint")
            for (const registry::Endpoint& one : s.endpoints) words.emplace_back(one.name, s.name);
    }
    return words;
}

}  // namespace microhost::serve
