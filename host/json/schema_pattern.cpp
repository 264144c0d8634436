// SPDX-License-Identifier: Apache-2.0
// RapidJSON's matcher recurses for ever on (a*)*, asserts on (), expands {n,m} without bound and
// ignores a pattern that it cannot read. The grammar here leaves all of that out: a quantifier
// follows one character or class, never a group.
#include <string_view>

#include "json/schema_rules.hpp"

namespace microhost::json {
namespace {

constexpr std::size_t kLongestPattern = 256;
constexpr unsigned kMostRepeats = 64;
constexpr std::string_view kEscapable = "^$|()?*+.[]{}\\fnrtv";

class Pattern {
  public:
    explicit Pattern(std::string_view text) : text_(text) {}

    Result<> check() {
        if (text_.size() > kLongestPattern) return error("longer than {} bytes", kLongestPattern);
        if (text_.find('\0') != text_.npos) return error("contains \\u0000");
        take('^');
        if (auto r = alternatives(0); !r) return r;
        take('$');
        if (!text_.empty()) return error("cannot be read from {:?} on", text_);
        return {};
    }

  private:
    bool take(char c) {
        if (text_.empty() || text_.front() != c) return false;
        text_.remove_prefix(1);
        return true;
    }

    bool ends() const {
        return text_.empty() || text_ == "$" || text_.front() == '|' || text_.front() == ')';
    }

    Result<> alternatives(unsigned depth) {
        if (depth > 8) return error("more than 8 groups inside each other");
        do {
            if (ends()) return error("an alternative is empty");
            while (!ends())
                if (auto r = piece(depth); !r) return r;
        } while (take('|'));
        return {};
    }

    Result<> piece(unsigned depth) {
        if (take('(')) {
            if (auto r = alternatives(depth + 1); !r) return r;
            if (!take(')')) return error("a ( is not closed");
            if (!text_.empty() && std::string_view{"?*+{"}.find(text_.front()) != text_.npos)
                return error("a group cannot be repeated");
            return {};
        }
        if (auto r = character(); !r) return r;
        if (take('?') || take('*') || take('+')) return once();
        if (!take('{')) return {};
        if (auto r = repeats(); !r) return r;
        return once();
    }

    Result<> once() const {
        if (text_.empty() || std::string_view{"?*+{"}.find(text_.front()) == text_.npos) return {};
        return error("a quantifier follows a quantifier");
    }

    Result<> escape() {
        if (text_.empty() || kEscapable.find(text_.front()) == kEscapable.npos)
            return error("this escape is not supported; write a class such as [0-9]");
        text_.remove_prefix(1);
        return {};
    }

    Result<> character() {
        if (take('[')) return set();
        if (take('\\')) return escape();
        if (std::string_view{"^$?*+{}]"}.find(text_.front()) != text_.npos)
            return error("\"{}\" stands where a character is expected", text_.front());
        text_.remove_prefix(1);
        // A quantifier repeats a whole character, not its last byte.
        while (!text_.empty() && (static_cast<unsigned char>(text_.front()) & 0xC0U) == 0x80U)
            text_.remove_prefix(1);
        return {};
    }

    Result<> set() {
        take('^');
        if (take(']')) return error("[] is empty");
        while (!take(']')) {
            if (text_.empty()) return error("a [ is not closed");
            if (take('\\')) {
                if (auto r = escape(); !r) return r;
            } else {
                text_.remove_prefix(1);
            }
        }
        return {};
    }

    Result<unsigned> number() {
        unsigned n = 0;
        const std::size_t before = text_.size();
        while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9' &&
               n <= kMostRepeats) {
            n = n * 10 + static_cast<unsigned>(text_.front() - '0');
            text_.remove_prefix(1);
        }
        if (text_.size() == before) return error("a number is expected after {{");
        if (n > kMostRepeats) return error("more than {} repeats", kMostRepeats);
        return n;
    }

    Result<> repeats() {
        const auto least = number();
        if (!least) return least.error();
        const bool range = take(',');
        if (range && !text_.starts_with('}')) {
            const auto most = number();
            if (!most) return most.error();
            if (*most < *least || *most == 0) return error("the repeats are the wrong way round");
        } else if (!range && *least == 0) {
            return error("{{0}} repeats nothing");
        }
        if (!take('}')) return error("a {{ is not closed");
        return {};
    }

    std::string_view text_;
};

}  // namespace

Result<> check_pattern(std::string_view pattern) {
    auto r = Pattern{pattern}.check();
    if (!r) return error("the pattern {}", r.error().what);
    return {};
}

}  // namespace microhost::json
