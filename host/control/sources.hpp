// SPDX-License-Identifier: Apache-2.0
/// What the control socket shows, and where it looks for it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/site.hpp"
#include "loop/loop.hpp"
#include "registry/provider.hpp"
#include "registry/snapshot.hpp"

namespace microhost::command {
class Table;
}
namespace microhost::http {
class Engine;
}
namespace microhost::log {
class Log;
}
namespace microhost::module {
class HealthBoard;
class ModuleSet;
}  // namespace microhost::module
namespace microhost::observe {
class Metrics;
}

namespace microhost::control {

/// A filter instance in the chain of a listener.
struct FilterRow {
    std::string name, module, phase;
    http::OnError on_error = http::OnError::closed;
    bool shadow = false;
    std::string problem;  // why it is not there; empty: it is
    http::Match match;
    std::vector<std::string> after, before;

    /// Without it requests are answered 503.
    bool required() const { return on_error == http::OnError::closed && !shadow; }
};

struct ListenerRow {
    std::string name, module, address;
    bool tls = false;
    bool proxy_protocol = false;
    std::vector<FilterRow> filters;  // in the order in which requests pass them
    std::string problem;             // why its module does not answer; empty: it does
};

/// Calls what it is given for each site of that loop. Thread: that loop.
using SiteVisit = std::function<void(unsigned loop, const std::function<void(const http::Site&)>&)>;

/// All references outlive the Control. Functions are called on main unless they say otherwise.
struct Sources {
    http::Engine& http;        // the control thread's, which has adopted it
    std::vector<Loop*> loops;  // of requests
    log::Log& log;
    observe::Metrics& metrics;
    const module::ModuleSet& modules;
    const module::HealthBoard& health;
    std::string name, version;
    std::string socket;       // path of the Unix socket
    bool shared = false;      // until take_over(): another process answers for the instance
    std::string tcp_address;  // empty: none
    std::function<std::shared_ptr<const registry::Snapshot>()> registry;
    std::function<std::vector<ListenerRow>()> listeners;
    SiteVisit each_site;
    command::Table* commands = nullptr;  // null: none can be run
    /// Of the registry, the host's own too; may be empty.
    std::function<std::vector<registry::ProviderRow>()> providers = {};
};

}  // namespace microhost::control
