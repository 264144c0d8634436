// SPDX-License-Identifier: Apache-2.0
#include "tool/dev.hpp"

#include <chrono>

#include "json/writer.hpp"
#include "module/check.hpp"
#include "tool/build.hpp"
#include "tool/control_socket.hpp"
#include "tool/options.hpp"
#include "tool/settings.hpp"
#include "tool/watched_tree.hpp"

namespace microhost::tool {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// The operator's line at the end of a command's output, or its error.
Result<std::string> outcome_of(const command::Reply& reply) {
    std::string text, failure;
    std::string_view rest = reply.body;
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const auto object = json::Document::parse(line);
        if (!object) continue;
        if (auto t = object->root().find("text").as_string()) text = *t;
        if (auto e = object->root().find("error").as_string()) failure = *e;
        if (auto d = object->root().find("detail").as_string()) failure = *d;
    }
    while (text.ends_with('\n')) text.pop_back();
    if (reply.status == 404 && failure.empty()) failure = "it has no commands for modules";
    if (reply.status != 200 || !failure.empty())
        return Error{failure.empty() ? fmt::format("it answers {}", reply.status) : failure};
    return {boost::system::in_place_value, text};
}

Result<std::string> modules_command(const Instance& instance, const char* name,
                                    const char* argument, const std::string& value) {
    auto reply =
        instance.ask("POST", fmt::format("/v1/commands/modules/{}", name),
                     fmt::format(R"({{"args": {{"{}": {}}}}})", argument, json::quote(value)));
    if (!reply) return reply.error();
    return outcome_of(*reply);
}

/// Loads the file, or has it read again where it runs already.
Result<std::string> put_in(const Instance& instance, const std::string& path) {
    const auto built = module::check_file(path);
    if (!built) return built.error();
    const auto running = instance.get("/v1/modules");
    if (!running) return running.error();
    for (json::Value m : running->root().items()) {
        if (m.find("id").as_string() != (*built)->id()) continue;
        const std::string_view file = m.find("file").as_string().value_or("");
        if (file == path) return modules_command(instance, "reload", "id", (*built)->id());
        return error("{} runs already, from {}; start {} without it, or install {} there",
                     (*built)->id(), file, instance.name, path);
    }
    return modules_command(instance, "load", "name", path);
}

struct Workbench {
    std::string folder, command;
    std::string runtime_dir, instance;

    /// One build, and the result in one line. False when something went wrong.
    bool turn() const {
        const auto begin = Clock::now();
        if (const int status = run_build(folder, command)) {
            print(fmt::format("build failed (exit status {}); what runs stays\n", status));
            return false;
        }
        const double built = seconds_since(begin);
        const auto module = built_module(folder);
        if (!module) return says(module.error());
        // Looked up every time: it may have been started again.
        const auto found = find_instance(runtime_dir, instance);
        if (!found) return says(found.error());
        const auto done = put_in(*found, *module);
        if (!done) return says(done.error());
        print(fmt::format("{} ({:.2f} s, {:.2f} s of them the build)\n",
                          done->empty() ? *module + " runs" : *done, seconds_since(begin), built));
        return true;
    }

  private:
    static bool says(const Error& e) {
        no(e);
        return false;
    }
};

}  // namespace

int dev(const Arguments& arguments) {
    Workbench bench;
    bool once = false;
    Options options(arguments, "microhost dev ./stamp");
    options
        .word("DIR", bench.folder,
              "a folder with a Makefile, meson.build, Cargo.toml, *.cpp or *.c")
        .value("--instance", bench.instance, "NAME", "where to load it, when several are running")
        .value("--build", bench.command, "COMMAND", "build with this instead of what DIR asks for")
        .flag("--once", once, "build and load once; exit status 1 when that fails");
    if (auto status = options.parse()) return *status;
    auto host = settings(arguments);
    if (!host) return options.refuse(host.error().what);
    bench.runtime_dir = host->host.runtime_dir;
    auto command = build_command(bench.folder);
    if (!command && bench.command.empty()) return options.refuse(command.error().what);
    if (bench.command.empty()) bench.command = *command;
    if (once) return bench.turn() ? 0 : 1;
    // Watched before the first build: what is saved during it is not missed.
    auto tree = WatchedTree::open(bench.folder);
    if (!tree) return no(tree.error());
    do bench.turn();
    while (tree->wait());
    return 0;
}

}  // namespace microhost::tool
