// SPDX-License-Identifier: Apache-2.0
/// HereProcess: what a command needs that runs in the terminal's own process: its module, the registry of this machine, calls out.
/// Nothing listens, nothing is announced, nothing is written into the runtime folder unless the command does it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "command/table.hpp"
#include "config/config.hpp"
#include "control/quiet_desks.hpp"
#include "module/check.hpp"
#include "module/environment.hpp"
#include "module/module_set.hpp"
#include "net/resolver.hpp"
#include "net/tls.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "registry/directory.hpp"
#include "registry/table.hpp"
#include "result.hpp"
#include "rpc/providers.hpp"
#include "rpc/registry_sources.hpp"
#include "serve/control_thread.hpp"
#include "serve/request_loop.hpp"

namespace microhost::tool {

class HereProcess {
  public:
    /// `folders`: runtime folders whose registries are read, and those of the instances in them; the first is our own. The calling thread is [main] from now on.
    static Result<std::unique_ptr<HereProcess>> make(config::Config config,
                                                     std::vector<std::string> folders);
    ~HereProcess();

    /// Loads and starts the modules, in that order, and waits for the registry. Then `ready` is called within run().
    Result<> start(const std::vector<module::CandidatePtr>& modules,
                   std::function<void(Result<>)> ready);
    /// Works until stop().
    void run() { control_.run(); }
    /// Ends modules and registry, then run().
    void stop();

    command::Table& commands() { return *commands_; }
    const module::ModuleSet& modules() const { return *modules_; }
    const config::Config& config() const { return config_; }
    Loop& loop() { return control_.loop; }
    boost::asio::io_context& io() { return control_.io; }

  private:
    HereProcess(config::Config config, std::vector<std::string> folders);
    Result<> make_engines();
    void make_registry();
    void read_folder(const std::string& runtime_dir, std::string name, int priority);
    void read_instances(const std::string& runtime_dir);
    std::vector<rpc::SourceRow> sources() const;
    Result<> publish();
    command::Table::Words known_words(std::string_view kind) const;

    struct Folder {
        std::string name, path, problem;
        std::unique_ptr<registry::Directory> directory;
    };

    config::Config config_;
    std::vector<std::string> runtime_dirs_;
    std::unique_ptr<log::Log> log_;
    observe::Metrics metrics_{1};
    serve::ControlThread control_{1};
    std::vector<std::unique_ptr<serve::RequestLoop>> loops_;
    std::unique_ptr<http::Engine> main_http_;
    std::unique_ptr<rpc::Engine> main_rpc_;
    std::unique_ptr<net::TlsClientContext> tls_;
    std::unique_ptr<net::Resolver> resolver_;
    std::unique_ptr<control::QuietDesks> desks_;
    std::unique_ptr<module::Environment> environment_;
    std::unique_ptr<module::ModuleSet> modules_;
    std::unique_ptr<registry::Table> table_;
    std::vector<std::unique_ptr<Folder>> folders_;
    std::unique_ptr<rpc::Providers> providers_;
    std::unique_ptr<rpc::RegistrySources> sources_;
    std::unique_ptr<command::Table> commands_;
    bool stopping_ = false;
};

}  // namespace microhost::tool
