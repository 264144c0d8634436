// SPDX-License-Identifier: Apache-2.0
#include "tool/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

namespace microhost::tool {
namespace {

class Help : public CLI::Formatter {
  public:
    explicit Help(std::string usage) : usage_(std::move(usage)) { column_width(26); }
    std::string make_usage(const CLI::App*, std::string) const override { return usage_; }

  private:
    std::string usage_;
};

}  // namespace

struct Options::Parser {
    explicit Parser(const Arguments& a) : arguments(a) {}

    const Arguments& arguments;
    CLI::App app;
};

Options::Options(const Arguments& arguments, std::string_view example)
    : parser_(std::make_unique<Parser>(arguments)) {
    const Verb& verb = arguments.verb;
    CLI::App& app = parser_->app;
    app.name(fmt::format("microhost {}", verb.name));
    app.description(fmt::format("{}: {}", verb.name, verb.summary));
    app.footer(fmt::format("\nExample:\n  {}", example));
    app.formatter(
        std::make_shared<Help>(fmt::format("usage: microhost {} {}\n", verb.name, verb.usage)));
}

Options::~Options() = default;

Options& Options::flag(const char* names, bool& target, const char* doc) {
    parser_->app.add_flag(names, target, doc);
    return *this;
}

Options& Options::value(const char* names, std::string& target, const char* word, const char* doc) {
    parser_->app.add_option(names, target, doc)->option_text(word);
    return *this;
}

Options& Options::number(const char* names, unsigned& target, const char* word, const char* doc) {
    parser_->app.add_option(names, target, doc)->option_text(word);
    return *this;
}

Options& Options::list(const char* names, std::vector<std::string>& target, const char* word,
                       const char* doc) {
    // One word for each time it is given: what follows is somebody else's.
    parser_->app.add_option(names, target, doc)->option_text(word)->expected(1)->take_all();
    return *this;
}

Options& Options::word(const char* name, std::string& target, const char* doc, bool required) {
    parser_->app.add_option(name, target, doc)->option_text(" ")->required(required);
    return *this;
}

Options& Options::words(const char* name, std::vector<std::string>& target, const char* doc) {
    parser_->app.add_option(name, target, doc)->option_text(" ")->required();
    return *this;
}

std::optional<int> Options::parse() {
    const config::Scan& scan = parser_->arguments.scan;
    // CLI11 takes the words from the back.
    std::vector<std::string> words(scan.args.rbegin(), scan.args.rend());
    if (scan.help) words = {"--help"};
    try {
        parser_->app.parse(words);
        return {};
    } catch (const CLI::CallForHelp&) {
        std::fputs(parser_->app.help().c_str(), stdout);
        return std::fflush(stdout) == 0 ? 0 : 1;
    } catch (const CLI::ParseError& e) {
        return refuse(e.what());
    }
}

int Options::refuse(std::string_view what) const {
    std::string line(what);
    std::ranges::replace(line, '\n', ' ');
    const std::string_view name = parser_->arguments.verb.name;
    fmt::print(stderr, "microhost {}: {}; see microhost {} --help\n", name, line, name);
    return 2;
}

}  // namespace microhost::tool
