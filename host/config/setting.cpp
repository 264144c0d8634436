// SPDX-License-Identifier: Apache-2.0
// How the text of a flag, or a value of the file, becomes the typed value of a key, and back.
#include <type_traits>

#include "config/duration.hpp"
#include "config/keys.hpp"

namespace microhost::config {
namespace {

bool is_word_of(std::string_view words, std::string_view word) {
    for (const std::string& w : split_list(words, ' '))
        if (w == word) return true;
    return false;
}

Result<bool> parse_bool(std::string_view text) {
    for (std::string_view yes : {"true", "1", "yes", "on"})
        if (text == yes) return true;
    for (std::string_view no : {"false", "0", "no", "off"})
        if (text == no) return false;
    return error("must be true or false, but is {:?}", text);
}

Result<Setting> parse_integer(const Key& key, std::string_view text) {
    if (is_word_of(key.choices, text)) return std::int64_t{0};
    std::int64_t n = 0;
    for (char c : text) {
        if (c < '0' || c > '9' || n > 100'000'000) n = -1;
        if (n < 0) break;
        n = n * 10 + (c - '0');
    }
    if (text.empty() || n < 0)
        return error("must be a count{}{}, but is {:?}", key.choices.empty() ? "" : " or ",
                     key.choices, text);
    return n;
}

Result<Setting> parse_choice(const Key& key, std::string_view text) {
    if (is_word_of(key.choices, text)) return Setting{std::string(text)};
    return error("must be one of {}, but is {:?}", fmt::join(split_list(key.choices, ' '), ", "),
                 text);
}

/// `"access_log": true` is the first choice that is not off.
Result<Setting> choice_of_bool(const Key& key, bool on) {
    const auto words = split_list(key.choices, ' ');
    if (words.size() < 2 || words.front() != "off")
        return error("must be one of {}, but is {}", fmt::join(words, ", "), on);
    return Setting{words[on ? 1 : 0]};
}

template <class T>
Result<Setting> as_setting(Result<T> r) {
    if (!r) return r.error();
    return Setting{std::move(*r)};
}

/// The file may write a list as one string too.
Result<Setting> parse_strings(const Key& key, json::Value value) {
    if (const auto text = value.as_string()) return parse_setting(key, *text);
    if (!value.is_array())
        return error("must be a list of strings, but is {}", json::name(value.kind()));
    std::vector<std::string> out;
    for (json::Value item : value.items()) {
        const auto text = item.as_string();
        if (!text) return error("must be a list of strings, but holds {}", json::name(item.kind()));
        out.emplace_back(*text);
    }
    return Setting{std::move(out)};
}

}  // namespace

std::vector<std::string> split_list(std::string_view text, char separator) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (word.starts_with(' ')) word.remove_prefix(1);
        while (word.ends_with(' ')) word.remove_suffix(1);
        if (!word.empty()) out.emplace_back(word);
    }
    return out;
}

Result<Setting> parse_setting(const Key& key, std::string_view text) {
    switch (key.type) {
        case Type::boolean: return as_setting(parse_bool(text));
        case Type::integer: return parse_integer(key, text);
        case Type::size: return as_setting(parse_size(text));
        case Type::duration: return as_setting(parse_duration(text));
        case Type::string: return Setting{std::string(text)};
        case Type::choice: return parse_choice(key, text);
        case Type::list: return Setting{split_list(text)};
        case Type::paths: return Setting{split_list(text, ':')};
    }
    return error("unreadable");
}

Result<Setting> parse_setting(const Key& key, json::Value value) {
    const auto wrong = [&](std::string_view expected) {
        return error("must be {}, but is {}", expected, json::name(value.kind()));
    };
    const auto text = value.as_string();
    switch (key.type) {
        case Type::boolean:
            if (!value.is_bool()) return wrong("true or false");
            return Setting{*value.as_bool()};
        case Type::integer:
        case Type::size:
            if (!text && !value.is_int())
                return wrong(key.type == Type::size ? "a size" : "a count");
            return parse_setting(key, text ? *text : json::to_text(value));
        case Type::duration:
            if (value.is_number()) return as_setting(seconds(*value.as_double()));
            if (!text) return wrong("a duration");
            return parse_setting(key, *text);
        case Type::choice:
            if (value.is_bool()) return choice_of_bool(key, *value.as_bool());
            if (!text) return wrong(fmt::format("one of {}", key.choices));
            return parse_setting(key, *text);
        case Type::string:
            if (!text) return wrong("a string");
            return Setting{std::string(*text)};
        case Type::list:
        case Type::paths: return parse_strings(key, value);
    }
    return error("unreadable");
}

void write_setting(json::Writer& out, const Key& key, const Setting& setting) {
    const auto write = [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, bool>) {
            out.boolean(v);
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
            if (v == 0 && key.type == Type::integer && !key.choices.empty())
                return void(out.string(split_list(key.choices, ' ').front()));
            const bool plain = key.type != Type::size || format_size(v) == std::to_string(v);
            plain ? out.int64(v) : out.string(format_size(v));
        } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
            out.string(format_duration(v));
        } else if constexpr (std::is_same_v<T, std::string>) {
            out.string(v);
        } else {
            out.array();
            for (const std::string& word : v) out.string(word);
            out.end();
        }
    };
    std::visit(write, setting);
}

}  // namespace microhost::config
