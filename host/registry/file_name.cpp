// SPDX-License-Identifier: Apache-2.0
#include "registry/file_name.hpp"

#include <fmt/format.h>

#include <charconv>

namespace microhost::registry {
namespace {

constexpr std::string_view kEnding = ".json";

bool stays(char c, bool first) {
    if (c == '.') return !first;
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '~';
}

}  // namespace

std::string file_name_of(std::string_view node_id) {
    std::string out;
    for (char c : node_id) {
        if (stays(c, out.empty())) {
            out += c;
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out.append(kEnding);
}

std::optional<std::string> node_id_of(std::string_view file_name) {
    if (file_name.starts_with('.') || !file_name.ends_with(kEnding)) return std::nullopt;
    const std::string_view text = file_name.substr(0, file_name.size() - kEnding.size());
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        unsigned char byte = 0;
        const char* digits = text.data() + i + 1;
        if (text.size() - i < 3 ||
            std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
            return std::nullopt;
        }
        out += static_cast<char>(byte);
        i += 2;
    }
    if (out.empty()) return std::nullopt;
    return out;
}

}  // namespace microhost::registry
