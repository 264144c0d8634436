// SPDX-License-Identifier: Apache-2.0
#include "tool/here_process.hpp"

#include <microhost/draft/command_provider.h>
#include <microhost/draft/registry_provider.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <random>

#include "http/client_call.hpp"
#include "module/generation.hpp"
#include "rpc/abi_registry.hpp"
#include "rpc/announced.hpp"
#include "serve/known_words.hpp"
#include "serve/offered.hpp"
#include "serve/site_plan.hpp"
#include "tool/abi_app.hpp"

namespace microhost::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInstance = "instance ";  // a source that is no place to put services
constexpr uint64_t kPatienceNs = 1'000'000'000;      // for modules that end

/// What is wrong is said; what goes well is the command's to say. The file of a serving process is not ours to write.
std::string level_of(const config::Config& config) {
    const auto origin = config.origins.find("/host/log/level");
    const bool asked =
        origin != config.origins.end() && (origin->second.source == config::Source::flag ||
                                           origin->second.source == config::Source::environment);
    return asked ? config.host.log.level : "warn";
}

}  // namespace

HereProcess::HereProcess(config::Config config, std::vector<std::string> folders)
    : config_(std::move(config)), runtime_dirs_(std::move(folders)) {}

Result<std::unique_ptr<HereProcess>> HereProcess::make(config::Config config,
                                                       std::vector<std::string> folders) {
    std::signal(SIGPIPE, SIG_IGN);
    std::unique_ptr<HereProcess> p(new HereProcess(std::move(config), std::move(folders)));
    log::Options options;
    options.levels = level_of(p->config_);
    options.format = log::Format::text;
    auto opened = log::Log::open(options);
    if (!opened) return opened.error();
    p->log_ = std::move(*opened);
    p->control_.loop.adopt_thread();
    if (Result<> r = p->make_engines(); !r) return r.error();
    p->make_registry();
    return p;
}

Result<> HereProcess::make_engines() {
    const http::Limits limits = serve::limits_of(config_.host.limits);
    const log::Domain domain = log_->domain("host/http");
    main_http_ = std::make_unique<http::Engine>(control_.loop, limits, domain, &metrics_);
    main_rpc_ = std::make_unique<rpc::Engine>(*main_http_, std::random_device{}(), &metrics_);
    main_http_->adopt_thread();
    main_rpc_->adopt_thread();
    loops_.push_back(std::make_unique<serve::RequestLoop>(0, limits, domain, &metrics_, nullptr));
    tls_ = net::TlsClientContext::of_system();
    resolver_ = std::make_unique<net::Resolver>();
    http::set_client_resolver(resolver_.get());
    net::Resolver::set_of_process(resolver_.get());
    for (rpc::Engine* e : {main_rpc_.get(), &loops_[0]->rpc}) {
        e->tls = tls_.get();
        e->names.resolver = resolver_.get();
    }
    module::EnvironmentOptions about;
    about.workers = 1;
    about.version = MICROHOST_VERSION;
    about.map_in_place = true;
    environment_ = std::make_unique<module::Environment>(
        *log_, metrics_, control_.loop, std::vector<Loop*>{&loops_[0]->loop}, about);
    desks_ = std::make_unique<control::QuietDesks>(*log_, control_.loop, metrics_,
                                                   environment_->loops, config_);
    offer_here(environment_->interfaces);
    serve::add_points(environment_->points);
    environment_->points.add(kAppPoint);
    modules_ = std::make_unique<module::ModuleSet>(*environment_);
    commands_ = std::make_unique<command::Table>(*environment_);
    commands_->known = [this](std::string_view kind) { return known_words(kind); };
    environment_->commands = commands_.get();
    return {};
}

void HereProcess::make_registry() {
    table_ = std::make_unique<registry::Table>(
        [this](std::function<void()> f) { control_.loop.post(std::move(f)); });
    table_->on_change([this](const std::shared_ptr<const registry::Snapshot>& s) {
        main_rpc_->adopt(s);
        loops_[0]->loop.post([l = loops_[0].get(), s] { l->rpc.adopt(s); });
    });
    rpc::decorate(*table_);
    int priority = 100;
    for (const std::string& dir : runtime_dirs_)
        read_folder(dir, folders_.empty() ? "directory" : "directory " + dir, priority--);
    for (const std::string& dir : runtime_dirs_) read_instances(dir);
    providers_ = std::make_unique<rpc::Providers>(
        control_.loop, *table_, *rpc::Announced::current(), log_->domain("host/registry"),
        rpc::ProvidersOptions{{}, config_.host.registry_wait});
    sources_ = std::make_unique<rpc::RegistrySources>(config_.host.runtime_dir,
                                                      [this] { return sources(); });
}

// A folder that nobody has made yet is no trouble: nothing serves here. Everything else is said.
void HereProcess::read_folder(const std::string& runtime_dir, std::string name, int priority) {
    auto folder = std::make_unique<Folder>();
    Folder& f = *folder;
    f.name = std::move(name);
    f.path = runtime_dir + "/registry/v1";
    registry::DirectoryOptions options;
    options.runtime_dir = runtime_dir;
    options.create = false;
    options.warn = [this, &f](std::string_view text) {
        if (::access(f.path.c_str(), F_OK) == 0 || errno != ENOENT)
            return log_->domain("host/registry").warn(text);
        f.problem = "there is no such folder";
    };
    f.directory = std::make_unique<registry::Directory>(control_.io, table_->open(f.name, priority),
                                                        std::move(options));
    f.directory->start();
    folders_.push_back(std::move(folder));
}

// What processes offer to nobody else: see serve::InstanceFolder::tools_socket(). Those of other users are closed to us.
void HereProcess::read_instances(const std::string& runtime_dir) {
    std::error_code none;
    for (const auto& one : fs::directory_iterator(runtime_dir + "/instances", none))
        if (::access((one.path() / "rpc.sock").c_str(), W_OK) == 0)
            read_folder(one.path().string(),
                        std::string(kInstance) + one.path().filename().string(), 50);
}

std::vector<rpc::SourceRow> HereProcess::sources() const {
    std::vector<rpc::SourceRow> out = rpc::source_rows(providers_->rows(), {});
    std::erase_if(out, [](auto& row) { return row.name.starts_with(kInstance); });
    for (rpc::SourceRow& row : out)
        for (const auto& f : folders_)
            if (f->name == row.name) {
                row.place = f->path;
                row.problem = f->problem;
                row.name = "directory";
            }
    return out;
}

Result<> HereProcess::start(const std::vector<module::CandidatePtr>& modules,
                            std::function<void(Result<>)> ready) {
    loops_[0]->start();
    for (const module::CandidatePtr& c : modules) {
        const config::ModuleConfig* own = config_.module(c->id());
        auto made =
            module::Generation::create(*environment_, c, own ? own->config : json::Document{});
        if (!made) return made.error();
        modules_->add(std::move(*made));
    }
    modules_->start_all([this, ready = std::move(ready)](Result<> started) {
        if (started) started = publish();
        if (!started) return ready(started);
        // Not before the table has told what it was told.
        providers_->when_settled([this, ready] { control_.loop.post([ready] { ready({}); }); });
    });
    return {};
}

Result<> HereProcess::publish() {
    if (Result<> r = modules_->publish(); !r) return r;
    commands_->adopt(modules_->published(MH_COMMAND_PROVIDER));
    providers_->adopt(modules_->published(MH_REGISTRY_PROVIDER));
    return {};
}

command::Table::Words HereProcess::known_words(std::string_view kind) const {
    return serve::registry_words(*table_->snapshot(), kind);
}

void HereProcess::stop() {
    if (std::exchange(stopping_, true)) return;
    commands_->stop_all("the process stops");
    providers_->stop();
    modules_->stop_all(Loop::clock_ns() + kPatienceNs, [this] {
        folders_.clear();
        main_http_->upstreams.close_idle();
        control_.stop();
    });
}

HereProcess::~HereProcess() {
    if (!loops_.empty()) loops_[0]->stop();
    http::set_client_resolver(nullptr);
    net::Resolver::set_of_process(nullptr);
    folders_.clear();
    if (environment_) environment_->commands = nullptr;
    commands_.reset();
    modules_.reset();
    sources_.reset();
    providers_.reset();
    for (auto& l : loops_) l->rpc.names.resolver = nullptr;
    if (main_rpc_) main_rpc_->names.resolver = nullptr;
    resolver_.reset();
    control_.loop.close_queue();
}

}  // namespace microhost::tool
