// SPDX-License-Identifier: Apache-2.0
#include "prompt.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <set>

#include "editor.hpp"
#include "word_finder.hpp"

namespace microhost::cli {
namespace {

constexpr int kCancelled = 130;

/// Where a person sees the prompt: the result of commands may go elsewhere.
std::FILE* terminal() {
    if (!::isatty(STDIN_FILENO)) return nullptr;
    for (std::FILE* f : {stdout, stderr})
        if (::isatty(::fileno(f))) return f;
    return nullptr;
}

std::string history_path() {
    const std::string folder(mh::view(mh::control().state_dir(mh::the_host)));
    return folder.empty() ? folder : folder + "/history";
}

Reader::Make source(std::FILE* terminal) {
    if (!terminal) return plain_lines;
    EditorOptions options;
    options.out = terminal;
    options.prompt = "microhost> ";
    options.history = history_path();
    options.complete = find_words;
    return [options](Input& in) { return edited_lines(in, options); };
}

void say(std::FILE* to, const std::string& text) {
    std::fputs(text.c_str(), to);
    std::fflush(to);
}

/// The commands of this process, a line each. Those of other modules and of what serves are known by their names only.
struct Listed {
    std::string text;
    std::set<std::string> first_words{"cli"};
};

Listed commands_here() {
    Listed out;
    const auto add = [](void* user, const mh_command_info* i) {
        auto& to = *static_cast<Listed*>(user);
        std::string name(i->name);
        to.first_words.insert(name.substr(0, name.find(' ')));
        name.resize(std::max<size_t>(name.size() + 1, 20), ' ');
        to.text += "  " + name + i->summary + "\n";
    };
    mh::use<mh_command>().each(mh::the_host, mh::control().principal(mh::the_host),
                               MH_SURFACE_TERMINAL, add, &out);
    return out;
}

}  // namespace

Prompt::Prompt()
    : terminal_(terminal()),
      reader_(std::make_unique<Reader>(source(terminal_), [this](const Typed& t) { take(t); })) {
    reader_->next();
}

void Prompt::interrupt(mh_status why) {
    if (why == MH_E_CANCELLED && terminal_) return reader_ ? reader_->interrupt() : void();
    finish(kCancelled);
}

void Prompt::take(const Typed& typed) {
    switch (typed.what) {
        case Typed::What::line: break;
        case Typed::What::end: return finish(terminal_ ? 0 : last_);
        case Typed::What::interrupted: return finish(kCancelled);
        case Typed::What::refused: return refuse(typed.text);
        case Typed::What::broken: refuse(typed.text); return finish(1);
    }
    if (typed.text.starts_with('#')) return next(last_);
    const Line line = split(typed.text);
    if (const std::string problem = line.problem(); !problem.empty()) return refuse(problem);
    run(expanded(line.texts()));
}

void Prompt::run(Words words) {
    if (words.empty()) return next(last_);
    if (words[0] == "exit" || words[0] == "quit") {
        if (words.size() == 1) return finish(terminal_ ? 0 : last_);
        return refuse(words[0] + " takes no words");
    }
    if (words[0] == "cli") return refuse("this is the prompt already; exit ends it");
    if (words[0] == "help") {
        if (words.size() == 1) return help();
        words.erase(words.begin());
        words.push_back("--help");
    }
    run_in_process(words);
}

void Prompt::run_in_process(const Words& words) {
    const mh_status s = mh::run_line(words, [this](int32_t status) { ended(status); });
    if (s >= 0) return;
    switch (s) {
        case MH_E_INVALID: return refuse("a line begins with a command; help shows all");
        case MH_E_LIMIT:
            return refuse(
                "the line is longer than the system allows; put the request into a file: @FILE");
        case MH_E_UNSUPPORTED:
            return refuse("this microhost is older than cli.so, and runs no lines; upgrade it");
        default:
            return refuse(
                "the program cannot be started once more; is it still there? see ulimit -u and -n, "
                "too");
    }
}

void Prompt::ended(int status) {
    if (status == kCancelled) {
        if (!terminal_) return finish(status);
        say(terminal_, "\n");  // behind the ^C
    } else if (status > 128 && status <= 128 + SIGRTMAX) {
        say(stderr, "microhost: the command was ended by signal " + std::to_string(status - 128) +
                        " (" + ::strsignal(status - 128) + ")\n");
    }
    next(status);
}

void Prompt::help() {
    const Listed known = commands_here();
    const auto show = [this, known](const std::vector<std::string>& words) {
        std::set<std::string> rest{"exit", "help", "quit"};
        for (const std::string& w : words)
            if (!known.first_words.contains(w)) rest.insert(w);
        std::string also = "Also:";
        for (const std::string& w : rest) also += " " + w;
        say(stdout, "Commands:\n" + known.text + also +
                        "\nhelp COMMAND says more, TAB completes, Ctrl-C cancels, Ctrl-D ends.\n");
        next(0);
    };
    if (mh::complete_line("", show) < 0) show({});
}

void Prompt::refuse(const std::string& why) {
    say(stderr, "microhost: " + why + "\n");
    next(2);
}

void Prompt::next(int status) {
    last_ = status;
    if (reader_) reader_->next();
}

void Prompt::finish(int status) {
    reader_.reset();  // before the host waits for what was posted: its thread posts
    mh::control().exit(mh::the_host, status);
}

}  // namespace microhost::cli
