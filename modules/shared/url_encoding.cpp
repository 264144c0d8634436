// SPDX-License-Identifier: Apache-2.0
#include "url_encoding.hpp"

#include <algorithm>

#include "text.hpp"

namespace microhost::shared {
namespace {

int hex(char c) {
    if (is_digit(c)) return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

}  // namespace

bool percent_decode(std::string_view in, bool plus_is_space, std::string& out) {
    out.clear();
    out.reserve(in.size());
    for (size_t i = 0; i < in.size(); ++i) {
        if (in[i] == '%') {
            if (in.size() - i < 3) return false;
            const int high = hex(in[i + 1]), low = hex(in[i + 2]);
            if (high < 0 || low < 0) return false;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += in[i] == '+' && plus_is_space ? ' ' : in[i];
        }
    }
    return true;
}

bool parse_form(std::string_view text, std::vector<FormPair>& out) {
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        if (part.empty()) continue;
        if (out.size() == kMaxFormPairs) return false;
        FormPair pair;
        const size_t eq = part.find('=');
        pair.has_value = eq != std::string_view::npos;
        if (!percent_decode(part.substr(0, eq), true, pair.key)) return false;
        if (pair.has_value && !percent_decode(part.substr(eq + 1), true, pair.value)) return false;
        out.push_back(std::move(pair));
    }
    return true;
}

}  // namespace microhost::shared
