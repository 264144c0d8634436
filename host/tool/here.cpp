// SPDX-License-Identifier: Apache-2.0
#include "tool/here.hpp"

#include <fmt/format.h>
#include <microhost/draft/app.h>
#include <microhost/draft/registry_provider.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <cstdlib>

#include "command/complete.hpp"
#include "command/ndjson.hpp"
#include "config/assemble.hpp"
#include "module/generation.hpp"
#include "module/host_side.hpp"
#include "module/loader.hpp"
#include "module/search.hpp"
#include "serve/intent.hpp"
#include "tool/abi_app.hpp"
#include "tool/abi_terminal.hpp"
#include "tool/argument_file.hpp"
#include "tool/command_line.hpp"
#include "tool/here_process.hpp"
#include "tool/instance.hpp"
#include "tool/module_commands.hpp"
#include "tool/remote.hpp"
#include "tool/session.hpp"
#include "tool/settings.hpp"

namespace microhost::tool {
namespace {

using module::CandidatePtr;

/// Whoever runs the program is its admin, as on the control socket.
struct LocalUser {
    std::string subject = fmt::format("uid:{}", ::geteuid());
    mh_str role = module::lend("admin");
    mh_principal principal{};

    LocalUser() {
        principal.size = sizeof principal;
        principal.subject = module::lend(subject);
        principal.issuer = module::lend("terminal");
        principal.roles = &role;
        principal.n_roles = 1;
    }
    LocalUser(const LocalUser&) = delete;
    LocalUser& operator=(const LocalUser&) = delete;
};

// ---- what is loaded

bool is_source(const module::Manifest& m) {
    return std::ranges::any_of(m.needs, [](const std::string& need) {
        return need == MH_REGISTRY_SINK || need == MH_REGISTRY_PROVIDER;
    });
}

/// The command's module, and the sources of services that a serving process of this configuration has.
Result<std::vector<CandidatePtr>> plan(const CandidatePtr& module, const config::Config& early) {
    const module::Loader loader(early.host.module_path, here_interfaces());
    std::vector<std::string> names{module->path()};
    std::vector<CandidatePtr> known{module};
    for (const std::string& name : early.load) {
        auto c = loader.inspect(name);
        const bool asked = module::stem(name).starts_with("registry-");
        if (!c && asked) return c.error();
        if (!c || !is_source((*c)->manifest) || (*c)->id() == module->id()) continue;
        names.push_back((*c)->path());
        known.push_back(*c);
    }
    return loader.plan(names, known);
}

Result<config::Config> configure(const Arguments& a, const std::vector<CandidatePtr>& modules) {
    auto file = config::read_file(a.scan.config, a.surroundings);
    if (!file) return file.error();
    const std::vector<config::ModuleSchema> known = serve::schemas(modules);
    return config::assemble({a.scan.flags, a.surroundings, *file, known, true});
}

// ---- the command and its output

class Here {
  public:
    /// `flags`: for the processes of an app. `remote`: what an app works on; commands are not run here then. Null: this machine.
    Here(HereProcess& process, Words words, Words flags, const Remote* remote)
        : process_(process),
          words_(std::move(words)),
          apps_only_(remote != nullptr),
          session_(process.io(), std::move(flags)),
          terminal_(process.io()),
          signals_(process.io()) {
        if (remote) foreground_.remote = remote->name;
        foreground_.session = &session_;
        foreground_.exit = [this](int32_t code) { finish(gone_ ? 128 + gone_ : code); };
        foreground_.principal = &user_.principal;
        foreground_.state_dir = process.config().host.state_dir;
    }

    ~Here() { set_terminal(nullptr); }
    Here(const Here&) = delete;
    Here& operator=(const Here&) = delete;

    /// The exit status; nothing: it is a command for a serving process.
    std::optional<int> run(const std::vector<CandidatePtr>& modules) {
        const auto started = process_.start(
            modules, [this](Result<> r) { r ? begin() : finish(refuse(r.error().what, 1)); });
        if (!started) finish(refuse(started.error().what, 1));
        process_.run();
        if (app_) terminal_.restore();
        return status_;
    }

  private:
    static const mh_command_sink kSink;

    void begin() {
        if (begin_app()) return;
        if (apps_only_) return finish(std::nullopt);
        size_t used = 0;
        command::Refusal refusal;
        const command::EntryPtr e =
            process_.commands().match(words_, MH_SURFACE_TERMINAL, used, refusal);
        if (!e) return finish(refuse(refusal.text));
        const command::Definition& d = e->definition;
        if (!(d.flags & MH_COMMAND_HERE)) return finish(std::nullopt);
        words_.erase(words_.begin(), words_.begin() + static_cast<ptrdiff_t>(used));
        if (!d.find("help") && take_switch(words_, "--help")) {
            print_help(d, false);
            return finish(0);
        }
        auto line = read_command_line(d, std::move(words_));
        if (!line) return finish(refuse(line.error().what));
        if (auto read = read_argument_files(d, line->given); !read)
            return finish(refuse(read.error().what, 1));
        printer_.emplace(line->format, colours_wanted(), stdout, stderr);
        mh_command_run asked{};
        asked.size = sizeof asked;
        asked.surface = MH_SURFACE_TERMINAL;
        asked.timeout_ms = static_cast<uint32_t>(line->timeout_ms);
        asked.principal = &user_.principal;
        take_signals();
        running_ = process_.commands().start(e, line->given, asked,
                                             {process_.loop(), kSink, this, nullptr}, refusal);
        if (!running_) finish(refuse(refusal.text, refusal.status == MH_E_INVALID ? 2 : 1));
    }

    /// Whether the verb is that of an app, which owns the foreground from now on.
    bool begin_app() {
        for (const module::Contribution& c : process_.modules().published(MH_APP)) {
            const auto* app = static_cast<const mh_app*>(c.descriptor);
            if (c.name != words_.front()) continue;
            app_ = app;
            app_side_ = &c.generation->side();
            set_terminal(&terminal_);
            take_signals();
            std::vector<mh_str> args;
            for (size_t i = 1; i < words_.size(); i++) args.push_back(module::lend(words_[i]));
            module::take_report(*app_side_);
            const mh_status s = module::guarded(*app_side_, "app.run", mh_status{MH_E_PANIC}, [&] {
                return app->run(app->user, args.data(), static_cast<uint32_t>(args.size()));
            });
            if (s >= 0) return true;
            std::string why = module::take_report(*app_side_);
            if (why.empty()) why = "it failed: " + module::status_name(s);
            finish(refuse(why, s == MH_E_INVALID ? 2 : 1));
            return true;
        }
        return false;
    }

    /// Whether an app takes care of the signal itself.
    bool tell_app(int number) {
        if (!app_ || over_ || std::exchange(told_, true) || !MH_FIELD_OK(app_, on_interrupt))
            return false;
        if (number != SIGINT) gone_ = number;
        module::guarded(*app_side_, "app.on_interrupt", [&] {
            app_->on_interrupt(app_->user, number == SIGINT ? MH_E_CANCELLED : MH_E_GONE);
        });
        told_ = number != SIGINT;  // one that ends the process is told once
        return true;
    }

    template <class F>
    static void add(void* user, F&& append) {
        Here& self = *static_cast<Here*>(user);
        append(self.waiting_);
        if (std::exchange(self.flush_due_, true)) return;
        // What comes in one turn is shown at once: a table knows its widths then.
        self.process_.loop().defer([](void* p) { static_cast<Here*>(p)->flush(); }, &self);
    }

    void flush() {
        flush_due_ = false;
        if (over_) return;
        printer_->take(waiting_, false);
        waiting_.clear();
        if (ended_) return finish(printer_->finish());
        if (std::ferror(stdout)) give_up(1);  // `| head` has seen enough
    }

    void give_up(int status) {
        if (running_) running_->cancel();
        finish(status);
    }

    /// Until there is something to cancel, a signal ends the process as it ends any other: a start that takes long, and
    /// the read of an argument that somebody types, which blocks.
    void take_signals() {
        for (int number : {SIGINT, SIGTERM, SIGHUP}) signals_.add(number);
        wait_for_signal();
    }

    void wait_for_signal() {
        signals_.async_wait([this](const boost::system::error_code& ec, int number) {
            if (ec) return;
            if (over_) {  // asked twice: nothing is worth waiting for
                if (app_) terminal_.restore();
                std::_Exit(128 + number);
            }
            wait_for_signal();
            if (number != SIGINT) session_.signal(number);
            if (!tell_app(number)) give_up(128 + number);
        });
    }

    void finish(std::optional<int> status) {
        if (std::exchange(over_, true)) return;
        status_ = status;
        session_.end();
        terminal_.read({});
        process_.stop();
    }

    HereProcess& process_;
    Words words_;
    const bool apps_only_;
    Foreground foreground_;
    Session session_;
    Terminal terminal_;
    const mh_app* app_ = nullptr;
    module::HostSide* app_side_ = nullptr;
    bool told_ = false;
    int gone_ = 0;  ///< the signal that ends an app
    boost::asio::signal_set signals_;
    LocalUser user_;
    std::optional<command::Printer> printer_;
    command::RunningPtr running_;
    std::string waiting_;
    std::optional<int> status_ = 1;
    bool flush_due_ = false, ended_ = false, over_ = false;
};

const mh_command_sink Here::kSink = {
    sizeof(mh_command_sink),
    0,
    [](void* user, const mh_str* names, uint32_t n) {
        add(user, [&](std::string& out) { command::append_columns(out, names, n); });
    },
    [](void* user, const mh_cell* cells, uint32_t n) {
        add(user, [&](std::string& out) { command::append_row(out, cells, n); });
    },
    [](void* user, mh_str text) {
        add(user, [&](std::string& out) { command::append_text(out, module::view(text)); });
    },
    [](void* user, mh_str json) {
        add(user, [&](std::string& out) { command::append_json(out, module::view(json)); });
    },
    [](void* user, mh_status, int32_t exit_code, mh_str error) {
        static_cast<Here*>(user)->ended_ = true;
        add(user,
            [&](std::string& out) { command::append_end(out, exit_code, module::view(error)); });
    },
    [](void* user, mh_str line) {
        add(user, [&](std::string& out) { command::append_note(out, module::view(line)); });
    }};

/// What is loaded, and what it lives in.
struct Made {
    std::vector<CandidatePtr> modules;
    std::unique_ptr<HereProcess> process;
};

/// The error's status is told through `status`.
Result<Made> make(const Arguments& a, const config::Config& early, const CandidatePtr& module,
                  int& status) {
    status = 1;
    auto modules = plan(module, early);
    if (!modules) return modules.error();
    auto config = configure(a, *modules);
    if (!config) return status = 2, config.error();
    auto process =
        HereProcess::make(std::move(*config), runtime_folders(early.host, a.surroundings));
    if (!process) return process.error();
    return Made{std::move(*modules), std::move(*process)};
}

/// Nothing: the command is for a serving process, or for the remote one.
std::optional<int> run_here(const Arguments& a, const config::Config& early,
                            const CandidatePtr& module) {
    int status = 1;
    auto made = make(a, early, module, status);
    if (!made) return refuse(made.error().what, status);
    Words flags = a.scan.flags;
    flags.insert(flags.end(), a.remote_flags.begin(), a.remote_flags.end());
    return Here(*made->process, a.words(), std::move(flags), a.remote).run(made->modules);
}

/// The command of a remote environment. A module of this machine that has it may be an app, which runs here and works there.
int run_there(const Arguments& a, const config::Config& early,
              const std::vector<const ModuleCommand*>& found) {
    if (const auto status = ask_remote(a, !found.empty())) return *status;
    const ModuleCommand& known = *found[0];
    if (const auto status = run_here(a, early, known.module)) return *status;
    const std::string file = known.module->id() + ".so";
    return refuse(
        fmt::format("{}: it has no command \"{}\"; load {} there, such as with: microhost "
                    "--remote {} modules load {}",
                    a.remote->target.shown, known.name, file, a.remote->name, file));
}

std::string paths_of(const std::vector<const ModuleCommand*>& found) {
    std::string out;
    for (const ModuleCommand* c : found) out += (out.empty() ? "" : " and ") + c->module->path();
    return out;
}

}  // namespace

void complete_here(const Arguments& a, const config::Config& early, const CandidatePtr& module,
                   std::string_view line,
                   const std::function<void(std::string_view, std::string_view)>& fn) {
    int ignored = 0;
    auto made = make(a, early, module, ignored);
    if (!made) return;
    HereProcess& process = *made->process;
    const LocalUser user;
    const auto ready = [&](const Result<>& r) {
        if (r)
            command::complete(process.commands(), &user.principal, MH_SURFACE_TERMINAL, line,
                              line.size(), fn);
        process.stop();
    };
    if (!process.start(made->modules, ready)) process.stop();
    process.run();
}

int run_command(const Arguments& a) {
    const auto early = settings(a);
    if (!early) return refuse(early.error().what);
    const Words words = a.words();
    std::vector<std::string> damaged;
    const std::vector<ModuleCommand> all = module_commands(early->host.module_path, &damaged);
    const std::vector<const ModuleCommand*> found = find_command(all, words);
    if (found.size() > 1)
        return refuse(fmt::format("\"{}\" is a command of {}; remove one of the two",
                                  found[0]->name, paths_of(found)));
    if (a.remote) return run_there(a, *early, found);
    if (found.size() == 1)
        if (const auto status = run_here(a, *early, found[0]->module)) return *status;
    std::vector<std::string_view> known;
    for (const ModuleCommand& c : all) known.push_back(c.name);
    const int status = ask_instance(a, known, !found.empty());
    // It may be a command of a module that was not looked into.
    if (status == 2 && found.empty())
        for (const std::string& why : damaged) fmt::print(stderr, "microhost: {}\n", why);
    return status;
}

}  // namespace microhost::tool
