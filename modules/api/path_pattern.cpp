// SPDX-License-Identifier: Apache-2.0
#include "path_pattern.hpp"

#include <regex.h>

#include <algorithm>

#include "../shared/text.hpp"

namespace microhost::api {
namespace {

constexpr size_t kMaxPattern = 512;
constexpr size_t kMaxParameters = 16;
constexpr size_t kMaxPath = 4096;  // longer paths are matched by no expression: time stays bounded
constexpr std::string_view kSpecial = "^$.*+?()[]{}|\\";

bool is_name_start(char c) { return c == '_' || (shared::is_alnum(c) && !shared::is_digit(c)); }

/// google.api.http templates have "{name" where an interval of an expression has a digit.
bool is_template(std::string_view text) {
    const size_t open = text.find('{');
    return !text.starts_with('^') && open != text.npos && open + 1 < text.size() &&
           is_name_start(text[open + 1]);
}

void append_escaped(std::string& out, char c) {
    if (kSpecial.find(c) != kSpecial.npos) out += '\\';
    out += c;
}

/// "*" is one segment, "**" the rest.
std::string segment_expression(std::string_view glob) {
    std::string out;
    for (size_t i = 0; i < glob.size(); ++i) {
        if (glob[i] != '*') {
            append_escaped(out, glob[i]);
        } else if (i + 1 < glob.size() && glob[i + 1] == '*') {
            out += ".+";
            ++i;
        } else {
            out += "[^/]+";
        }
    }
    return out;
}

/// "a.b" -> "a[b]", as a key of a form.
std::string form_key(std::string_view name) {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    bool nested = false;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '.') {
            out += nested ? "][" : "[";
            nested = true;
        } else if (shared::is_alnum(c) || c == '_' || c == '-') {
            out += c;
        } else {
            out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
        }
    }
    return nested ? out + "]" : out;
}

/// Part of a normalised path, whose escapes are whole, as a value of a form.
void append_form_value(std::string& out, std::string_view raw) {
    for (const char c : raw) {
        if (c == '&')
            out += "%26";
        else if (c == '+')
            out += "%2B";
        else
            out += c;
    }
}

/// "/v1/{name=files/*}:move" -> "^/v1/(files/[^/]+):move$", and the names. Empty for unbalanced braces.
std::string template_expression(std::string_view text, std::vector<std::string>& names) {
    std::string out = "^";
    while (!text.empty()) {
        const size_t open = std::min(text.find('{'), text.size());
        out += segment_expression(text.substr(0, open));
        text.remove_prefix(open);
        if (text.empty()) break;
        const size_t close = text.find('}');
        if (close == text.npos) return {};
        const std::string_view variable = text.substr(1, close - 1);
        const size_t eq = variable.find('=');
        names.push_back(form_key(variable.substr(0, eq)));
        out += '(';
        out += segment_expression(eq == variable.npos ? "*" : variable.substr(eq + 1));
        out += ')';
        text.remove_prefix(close + 1);
    }
    return out + "$";
}

uint32_t count_literals(std::string_view text) {
    uint32_t n = 0;
    char closing = '\0';
    for (size_t i = 0; i < text.size(); ++i) {
        if (closing != '\0') {
            if (text[i] == closing) closing = '\0';
        } else if (text[i] == '[' || text[i] == '{') {
            closing = text[i] == '[' ? ']' : '}';
        } else if (text[i] == '\\' && i + 1 < text.size()) {
            ++i;
            ++n;
        } else if (kSpecial.find(text[i]) == kSpecial.npos) {
            ++n;
        }
    }
    return n;
}

bool has_back_reference(std::string_view text) {
    for (size_t i = 0; i + 1 < text.size(); ++i) {
        if (text[i] != '\\') continue;
        if (shared::is_digit(text[i + 1])) return true;
        ++i;
    }
    return false;
}

}  // namespace

void PathPattern::Free::operator()(re_pattern_buffer* p) const {
    regfree(p);
    delete p;
}

bool PathPattern::compile_regex(const std::string& expression, int flags, std::string& why) {
    auto compiled = std::make_unique<regex_t>();
    const int code = regcomp(compiled.get(), expression.c_str(), REG_EXTENDED | flags);
    if (code != 0) {
        char text[128];
        regerror(code, compiled.get(), text, sizeof text);
        why = text;
        return false;
    }
    regex_.reset(compiled.release());
    return true;
}

bool PathPattern::compile_template(std::string& why) {
    at_start_ = at_end_ = true;
    const std::string expression = template_expression(text_, names_);
    if (expression.empty()) {
        why = "a brace is not closed";
        return false;
    }
    if (names_.size() > kMaxParameters) {
        why = "more than 16 parameters";
        return false;
    }
    return compile_regex(expression, 0, why);
}

std::unique_ptr<PathPattern> PathPattern::compile(std::string_view text, std::string& why) {
    const auto repeats = std::count(text.begin(), text.end(), '{');
    if (text.size() > kMaxPattern || text.find('\0') != text.npos) {
        why = "longer than 512 bytes, or with a NUL";
        return nullptr;
    }
    auto p = std::make_unique<PathPattern>();
    p->text_ = text;
    p->literal_length_ = count_literals(text);
    p->template_ = is_template(text);
    if (p->template_) return p->compile_template(why) ? std::move(p) : nullptr;
    std::string_view body = text;
    p->at_start_ = body.starts_with('^');
    if (p->at_start_) body.remove_prefix(1);
    p->at_end_ = body.ends_with('$') && !body.ends_with("\\$");
    if (p->at_end_) body.remove_suffix(1);
    if (body.find_first_of(kSpecial) == body.npos) {
        p->literal_ = body;
        return p;
    }
    // Nested intervals make the engine's automaton explode, back-references its time.
    if (repeats > 2 || has_back_reference(text)) {
        why = "more than two {n} repeats, or a back-reference";
        return nullptr;
    }
    return p->compile_regex(std::string(text), REG_NOSUB, why) ? std::move(p) : nullptr;
}

bool PathPattern::matches(std::string_view path) const {
    if (regex_) {
        if (path.size() > kMaxPath) return false;
        regmatch_t range[1];
        range[0].rm_so = 0;
        range[0].rm_eo = static_cast<regoff_t>(path.size());
        return regexec(regex_.get(), path.data(), 1, range, REG_STARTEND) == 0;
    }
    if (at_start_ && at_end_) return path == literal_;
    if (at_start_) return path.starts_with(literal_);
    if (at_end_) return path.ends_with(literal_);
    return path.find(literal_) != path.npos;
}

std::string PathPattern::parameters(std::string_view path) const {
    if (names_.empty() || path.size() > kMaxPath) return {};
    regmatch_t range[1 + kMaxParameters];
    range[0].rm_so = 0;
    range[0].rm_eo = static_cast<regoff_t>(path.size());
    if (regexec(regex_.get(), path.data(), names_.size() + 1, range, REG_STARTEND) != 0) return {};
    std::string out;
    for (size_t i = 0; i < names_.size(); ++i) {
        const regmatch_t& at = range[i + 1];
        if (i > 0) out += '&';
        out.append(names_[i]).append("=");
        append_form_value(out, path.substr(static_cast<size_t>(at.rm_so),
                                           static_cast<size_t>(at.rm_eo - at.rm_so)));
    }
    return out;
}

std::string PathPattern::display() const {
    if (template_) return text_;
    return regex_ || !literal_.starts_with('/') ? std::string() : literal_;
}

}  // namespace microhost::api
