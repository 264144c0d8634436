// SPDX-License-Identifier: Apache-2.0
// The commands of a serving process: its own, and those of its modules as they come and go.
#include "command/modules.hpp"
#include "serve/known_words.hpp"
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
    if (kind != "module") return registry_words(*table->snapshot(), kind);
    command::Table::Words words;
    for (const module::ModuleRow& m : operations->list()) words.emplace_back(m.id, m.summary);
    return words;
}

}  // namespace microhost::serve
