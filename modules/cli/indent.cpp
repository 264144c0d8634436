// SPDX-License-Identifier: Apache-2.0
#include "indent.hpp"

#include "../shared/text.hpp"

namespace microhost::cli {
namespace {

/// Calls string(text) for each string with its quotes and other(c) for each byte between that is no white space.
template <class String, class Other>
void tokens(std::string_view json, String string, Other other) {
    for (size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
        if (c != '"') {
            other(c);
            continue;
        }
        size_t end = i + 1;
        while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
        string(json.substr(i, end + 1 - i));
        i = end;
    }
}

class Indenter {
  public:
    std::string take() { return std::move(out_); }

    void string(std::string_view text) {
        open_line();
        out_ += text;
    }
    void other(char c) {
        switch (c) {
            case '{':
            case '[':
                open_line();
                out_ += c;
                depth_++;
                fresh_ = true;
                return;
            case '}':
            case ']':
                if (depth_ > 0) depth_--;
                if (fresh_)
                    fresh_ = false;  // nothing within: {}
                else
                    line();
                out_ += c;
                return;
            case ',':
                out_ += c;
                line();
                return;
            case ':': out_ += ": "; return;
            default: open_line(); out_ += c;
        }
    }

  private:
    void open_line() {
        if (!fresh_) return;
        fresh_ = false;
        line();
    }
    void line() {
        out_ += '\n';
        out_.append(depth_, '\t');
    }

    std::string out_;
    size_t depth_ = 0;
    bool fresh_ = false;  // just behind a bracket that opens
};

}  // namespace

std::string indented(std::string_view json) {
    Indenter to;
    tokens(
        json, [&](std::string_view s) { to.string(s); }, [&](char c) { to.other(c); });
    return to.take();
}

std::string compact(std::string_view json) {
    std::string out;
    tokens(
        json, [&](std::string_view s) { out += s; }, [&](char c) { out += c; });
    return out;
}

}  // namespace microhost::cli
