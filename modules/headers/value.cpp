// SPDX-License-Identifier: Apache-2.0
#include "value.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace microhost::headers {
namespace {

constexpr std::array<std::pair<std::string_view, Variable>, 7> kVariables{{
    {"client_ip", Variable::client_ip},
    {"request_id", Variable::request_id},
    {"host", Variable::host},
    {"method", Variable::method},
    {"path", Variable::path},
    {"scheme", Variable::scheme},
    {"principal", Variable::principal},
}};

Variable variable_of(std::string_view name) {
    for (const auto& [known, variable] : kVariables) {
        if (known == name) return variable;
    }
    return Variable::none;
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

}  // namespace

bool Value::parse(std::string_view text, std::string& why) {
    if (std::any_of(text.begin(), text.end(), is_control)) {
        why = "the value has control bytes";
        return false;
    }
    std::string plain;
    while (!text.empty()) {
        if (text.starts_with("$$")) {
            plain += '$';
            text.remove_prefix(2);
        } else if (text.starts_with("${")) {
            const size_t end = text.find('}');
            const std::string_view name = text.substr(2, end == text.npos ? end : end - 2);
            const Variable v = end == text.npos ? Variable::none : variable_of(name);
            if (v == Variable::none) {
                why = "\"${" + std::string(name.substr(0, 32)) +
                      "}\" is no variable; there are client_ip, request_id, host, method, path, "
                      "scheme and principal";
                return false;
            }
            pieces_.push_back({std::exchange(plain, {}), v});
            text.remove_prefix(end + 1);
        } else {
            plain += text.front();
            text.remove_prefix(1);
        }
    }
    if (pieces_.empty())
        constant_ = std::move(plain);
    else
        pieces_.push_back({std::move(plain), Variable::none});
    return true;
}

std::string_view Value::fill(const std::function<std::string_view(Variable)>& of,
                             std::string& room) const {
    if (pieces_.empty()) return constant_;
    room.clear();
    bool some = false;
    for (const Piece& p : pieces_) {
        room += p.text;
        if (p.variable == Variable::none) continue;
        const std::string_view value = of(p.variable);
        some = some || !value.empty();
        room += value;
    }
    return some ? std::string_view(room) : std::string_view();
}

}  // namespace microhost::headers
