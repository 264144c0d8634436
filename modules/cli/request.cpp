// SPDX-License-Identifier: Apache-2.0
#include "request.hpp"

#include <microhost/json.hpp>

#include <algorithm>
#include <map>

#include "../shared/json_writer.hpp"
#include "../shared/text.hpp"

namespace microhost::cli {
namespace {

/// "age:=3" -> where the "=" stands; npos for what is no field.
size_t field_end(std::string_view word) {
    const size_t equals = word.find('=');
    if (equals == 0 || equals == word.npos) return word.npos;
    std::string_view name = word.substr(0, equals);
    if (name.ends_with(':')) name.remove_suffix(1);
    const bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
        return shared::is_alnum(c) || c == '_' || c == '-' || c == '.';
    });
    return plain ? equals : word.npos;
}

std::string object_of(std::span<const std::string> words) {
    std::map<std::string, bool, std::less<>> seen;
    std::string out;
    shared::JsonWriter w(out);
    w.begin_object();
    for (const std::string& word : words) {
        const size_t equals = field_end(word);
        if (equals == word.npos)
            throw mh::failure("\"" + word + "\" is no field: write name=text or name:=JSON");
        const bool json = word[equals - 1] == ':';
        const std::string name = word.substr(0, equals - (json ? 1 : 0));
        const std::string value = word.substr(equals + 1);
        if (!seen.emplace(name, true).second)
            throw mh::failure("field " + name + " is given twice");
        w.key(name);
        if (!json) {
            w.string(value);
            continue;
        }
        if (!mh::json_document(value))
            throw mh::failure(name + ": \"" + value + "\" is not JSON; write " + name +
                              "=... for text");
        w.raw(value);
    }
    w.end_object();
    return out;
}

}  // namespace

Request read_request(std::span<const std::string> words) {
    if (words.empty()) return {Request::From::words, "{}"};
    const std::string& first = words.front();
    if (words.size() == 1 && first == "-") return {Request::From::input, {}};
    if (words.size() == 1 && first.size() > 1 && first[0] == '@')
        return {Request::From::file, first.substr(1)};
    if (field_end(first) != first.npos) return {Request::From::words, object_of(words)};
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return {Request::From::words, text};
}

void check_object(std::string_view json) {
    const mh::json_document document(json);
    if (!document)
        throw mh::failure(
            "the request is not JSON: write '{\"name\": \"John\"}', name=John, @FILE or -");
    if (document.root().kind() != MH_JSON_OBJECT)
        throw mh::failure("the request must be a JSON object, such as {\"name\": \"John\"}");
}

}  // namespace microhost::cli
