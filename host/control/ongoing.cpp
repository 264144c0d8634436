// SPDX-License-Identifier: Apache-2.0
#include "control/ongoing.hpp"

namespace microhost::control {

using command::Argument;
using command::Definition;

Definition define(const char* name, const char* summary, const char* role) {
    Definition d;
    d.name = name;
    d.summary = summary;
    d.role = role;
    return d;
}

Argument flag(const char* name, const char* summary, int32_t type, const char* value) {
    Argument a;
    a.name = name;
    a.summary = summary;
    a.type = type;
    a.has_value = value != nullptr;
    if (value) a.value = value;
    return a;
}

Argument place(const char* name, const char* summary, uint32_t flags) {
    Argument a = flag(name, summary);
    a.flags = flags | MH_ARG_POSITIONAL;
    return a;
}

Argument output(const char* summary) {
    Argument a = flag("output", summary);
    a.choices = "table|json|raw";
    return a;
}

Ongoing::Ongoing(command::RunningPtr run, Loop& main) : run_(std::move(run)), main_(main) {
    timer_.owner = this;
    timer_.fire = [](Timer& t) {
        const auto keep = static_cast<Tick&>(t).owner->shared_from_this();
        keep->on_tick();
    };
}

void Ongoing::begin() {
    run_->on_gone = [self = shared_from_this()] { self->finish(MH_E_CANCELLED, 1); };
    start();
}

void Ongoing::finish(mh_status s, int32_t exit_code, std::string_view error) {
    const auto keep = shared_from_this();  // on_gone may hold the last reference
    Wheel::disarm(timer_);
    on_over();
    run_->end(s, exit_code, error);
    run_->on_gone = nullptr;
}

}  // namespace microhost::control
