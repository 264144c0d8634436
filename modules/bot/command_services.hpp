// SPDX-License-Identifier: Apache-2.0
/// Commands that are services: NAMESPACE.WORD is the command WORD for as long as a node of it lives.
#pragma once

#include <microhost/draft/registry.h>
#include <microhost/watch.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "../shared/role.hpp"
#include "call.hpp"

namespace microhost::bot {

struct ServiceCommand {
    std::string word, service;
    std::string usage, description;  ///< as the service says; the word until it has
    shared::Role needs = shared::Role::admin;
    bool protobuf = false;
};

/// [main]
class CommandServices {
  public:
    /// `role`: of commands that do not say themselves what they need.
    CommandServices(std::string name_space, shared::Role role);
    ~CommandServices();
    CommandServices(const CommandServices&) = delete;

    /// Watches the registry from now on.
    void start();
    void stop();

    const ServiceCommand* find(std::string_view word) const;
    /// Calls f(const ServiceCommand&) for each, by word.
    template <class F>
    void each(F f) const {
        for (const auto& [word, known] : all_) f(known->command);
    }

  private:
    struct Known {
        ServiceCommand command;
        std::string signature;  ///< of what the registry knows about it
        Call help;
        mh::timer again;
        unsigned tries = 0;
    };
    static void on_registry(void* user, const mh_registry_view* v);
    void refresh(const mh_registry_view* v);
    void ask_help_soon(Known& k);
    void ask_help(Known& k);

    const std::string prefix_;  ///< with the dot
    const shared::Role role_;
    std::map<std::string, std::unique_ptr<Known>, std::less<>> all_;
    mh_token watch_ = 0;
    bool too_many_ = false;
};

}  // namespace microhost::bot
