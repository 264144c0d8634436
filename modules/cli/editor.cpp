// SPDX-License-Identifier: Apache-2.0
#include "editor.hpp"

#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <microhost/host.hpp>

#include <cwchar>

#include "candidates.hpp"
#include "history.hpp"

namespace microhost::cli {
namespace {

constexpr const char* kTab = "microhost-complete";
constexpr const char* kLeave = "microhost-leave";

/// The user's alphabet for this thread alone: the process and its other threads stay in C. Where none is set, as in most
/// containers, the terminal speaks UTF-8 all the same.
class ThreadLocale {
  public:
    ThreadLocale() : mine_(::newlocale(LC_CTYPE_MASK, "", nullptr)) {
        if (!mine_ || ::nl_langinfo_l(CODESET, mine_) == std::string_view("ANSI_X3.4-1968")) {
            if (mine_) ::freelocale(mine_);
            mine_ = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        }
        if (mine_) before_ = ::uselocale(mine_);
    }
    ~ThreadLocale() {
        if (!mine_) return;
        ::uselocale(before_);
        ::freelocale(mine_);
    }
    ThreadLocale(const ThreadLocale&) = delete;
    ThreadLocale& operator=(const ThreadLocale&) = delete;

  private:
    locale_t mine_, before_ = nullptr;
};

size_t characters(const std::string& text) {
    std::mbstate_t state{};
    const char* at = text.c_str();
    const size_t n = std::mbsrtowcs(nullptr, &at, 0, &state);
    return n == static_cast<size_t>(-1) ? text.size() : n;
}

class Editor : public LineSource {
  public:
    Editor(Input& in, const EditorOptions& options)
        : in_(in),
          options_(options),
          file_(options.history),
          edit_(::el_init("microhost", stdin, options.out, stderr)),
          history_(::history_init()) {
        if (!edit_ || !history_) throw mh::failure("libedit cannot work on this terminal");
        HistEvent ignored;
        ::history(history_, &ignored, H_SETSIZE, static_cast<int>(kMostLines));
        for (const std::string& l : file_.lines()) remember(l);
        ::el_set(edit_, EL_CLIENTDATA, this);
        ::el_set(edit_, EL_GETCFN, next_character);
        ::el_set(edit_, EL_PROMPT, prompt);
        ::el_set(edit_, EL_EDITOR, "emacs");
        ::el_set(edit_, EL_HIST, ::history, history_);
        // Wide: of narrow ones libedit makes copies that nobody frees.
        ::el_wset(edit_, EL_ADDFN, L"microhost-complete", L"Completes the word", complete);
        ::el_wset(edit_, EL_ADDFN, L"microhost-leave", L"Leaves the line", leave);
        bind_keys();
        // Ctrl-Z and Ctrl-\ would leave the shell behind us a terminal that echoes nothing, so keys are only keys here. For a
        // command that runs they are what they always are.
        ::el_set(edit_, EL_SETTY, "-d", "-isig", nullptr);
    }
    ~Editor() override {
        if (edit_) ::el_end(edit_);
        if (history_) ::history_end(history_);
    }

    Typed read() override {
        say_problem();
        for (;;) {
            ::el_set(edit_, EL_PREP_TERM, 1);  // before the prompt invites: a key is shown once
            int n = 0;
            const char* text = ::el_gets(edit_, &n);
            if (text && n > 0) return {Typed::What::line, kept(text)};
            if (in_.stopping()) return {};
            if (!in_.take_interrupt()) break;
            say("^C\n");
        }
        say("\n");
        return {};
    }

  private:
    static Editor& of(EditLine* edit) {
        void* self = nullptr;
        ::el_get(edit, EL_CLIENTDATA, &self);
        return *static_cast<Editor*>(self);
    }
    static char* prompt(EditLine* edit) { return of(edit).options_.prompt.data(); }
    static int next_character(EditLine* edit, wchar_t* out) { return of(edit).next(*out); }
    static unsigned char complete(EditLine* edit, int) {
        Editor& self = of(edit);
        unsigned char then = CC_ERROR;
        mh::guarded("complete", [&] { return then = self.complete_word(), MH_OK; });
        return then;
    }

    static unsigned char leave(EditLine* edit, int) { return of(edit).in_.interrupt(), CC_EOF; }

    void bind_keys() {
        constexpr const char* kKeys[][2] = {{"^I", kTab},
                                            {"^C", kLeave},
                                            {"^R", "em-inc-search-prev"},
                                            {"\\e[3~", "ed-delete-next-char"},
                                            {"\\e[1;5C", "em-next-word"},
                                            {"\\e[1;5D", "ed-prev-word"}};
        for (const auto& [key, what] : kKeys) ::el_set(edit_, EL_BIND, key, what, nullptr);
    }

    void say(const std::string& text) {
        std::fputs(text.c_str(), options_.out);
        std::fflush(options_.out);
    }
    void say_problem() {
        if (const std::string why = file_.take_problem(); !why.empty())
            std::fprintf(stderr, "microhost: history: %s\n", why.c_str());
    }

    std::string kept(std::string line) {
        while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
        if (file_.add(line)) remember(line);
        return line;
    }
    void remember(const std::string& line) {
        HistEvent ignored;
        ::history(history_, &ignored, H_ENTER, line.c_str());
    }

    /// 1, or 0: no more, or something else to do.
    int next(wchar_t& out) {
        std::mbstate_t state{};
        for (char c;;) {
            if (in_.next(c) != Input::Got::byte) return 0;
            follow_size();
            const size_t n = std::mbrtowc(&out, &c, 1, &state);
            if (n == static_cast<size_t>(-2)) continue;  // the rest of it follows
            if (n == 1) return 1;
            state = {};  // no character of this alphabet: as if it had not been typed
        }
    }

    // SIGWINCH is not ours to catch: the size is looked at when a key comes.
    void follow_size() {
        winsize now{};
        if (::ioctl(::fileno(options_.out), TIOCGWINSZ, &now) != 0) return;
        if (now.ws_col == columns_ && now.ws_row == rows_) return;
        if (columns_) ::el_resize(edit_);
        columns_ = now.ws_col;
        rows_ = now.ws_row;
    }

    unsigned char complete_word() {
        const LineInfo* info = ::el_line(edit_);
        const std::string before(info->buffer, info->cursor);
        const Line line = split(before);
        Words words = line.texts();
        std::string prefix;
        if (line.in_word) {
            prefix = std::move(words.back());
            words.pop_back();
        }
        const auto found = options_.complete(words, prefix, in_);
        if (found.empty()) return CC_REFRESH_BEEP;
        const std::string common = common_beginning(found);
        if (found.size() > 1 && common.size() <= prefix.size()) {
            say("\n" + in_columns(found, columns_ ? columns_ : 80));
            return CC_REDISPLAY;
        }
        const bool one = found.size() == 1;
        if (line.in_word)
            ::el_deletestr(edit_,
                           static_cast<int>(characters(before.substr(line.words.back().begin))));
        ::el_insertstr(edit_, (quoted_word(common, !one) + (one ? " " : "")).c_str());
        return CC_REFRESH;
    }

    Input& in_;
    const ThreadLocale locale_;
    EditorOptions options_;
    History file_;
    EditLine* edit_;
    ::History* history_;
    unsigned columns_ = 0, rows_ = 0;
};

}  // namespace

std::unique_ptr<LineSource> edited_lines(Input& in, const EditorOptions& options) {
    return std::make_unique<Editor>(in, options);
}

}  // namespace microhost::cli
