// SPDX-License-Identifier: Apache-2.0
#include "claims.hpp"

#include <algorithm>
#include <cmath>

#include "../shared/identity.hpp"
#include "../shared/text.hpp"

namespace microhost::auth_jwt {
namespace {

constexpr size_t kMostWords = 64, kLongestWord = 256, kLongestText = 1024;

std::optional<std::string> scalar(mh::json_value v) {
    if (const auto s = v.string()) return std::string(*s);
    if (const auto n = v.integer()) return std::to_string(*n);
    if (const auto b = v.boolean()) return *b ? "true" : "false";
    return {};
}

}  // namespace

mh::json_value claim_at(mh::json_value claims, std::string_view path) {
    if (const mh::json_value whole = claims[path]; !whole.is_null()) return whole;
    for (size_t dot = path.find('.'); dot != path.npos; dot = path.find('.', dot + 1)) {
        const mh::json_value under = claims[path.substr(0, dot)];
        if (under.kind() != MH_JSON_OBJECT) continue;
        if (const auto found = claim_at(under, path.substr(dot + 1)); !found.is_null())
            return found;
    }
    return mh::json_value{};
}

std::optional<std::string> claim_text(mh::json_value claim) {
    std::string out;
    if (claim.kind() == MH_JSON_ARRAY) {
        for (uint32_t i = 0; i < claim.count() && out.size() <= kLongestText; ++i) {
            const auto one = claim.at(i).string();
            if (!one || one->find(',') != one->npos) return {};  // joined it would be two
            if (i > 0) out += ',';
            out += *one;
        }
    } else if (auto one = scalar(claim)) {
        out = std::move(*one);
    } else {
        return {};
    }
    if (out.size() > kLongestText || !shared::field_value(out)) return {};
    return out;
}

std::vector<std::string> claim_words(mh::json_value claim) {
    std::vector<std::string> out;
    const auto add = [&](std::string_view word) {
        const bool good = !word.empty() && word.size() <= kLongestWord && shared::field_value(word);
        if (good && out.size() < kMostWords) out.emplace_back(word);
    };
    if (const auto text = claim.string()) shared::for_each_item(*text, ' ', add);
    if (claim.kind() == MH_JSON_ARRAY) {
        for (uint32_t i = 0; i < claim.count() && out.size() < kMostWords; ++i) {
            if (const auto word = claim.at(i).string()) add(*word);
        }
    }
    return out;
}

std::optional<double> claim_time(mh::json_value claim) {
    const auto n = claim.number();
    return n && std::isfinite(*n) ? n : std::nullopt;
}

bool claim_names(mh::json_value claim, const std::vector<std::string>& accepted) {
    const auto one = [&](mh::json_value v) {
        const auto s = v.string();
        return s && std::find(accepted.begin(), accepted.end(), *s) != accepted.end();
    };
    if (claim.kind() != MH_JSON_ARRAY) return one(claim);
    for (uint32_t i = 0; i < claim.count(); ++i) {
        if (one(claim.at(i))) return true;
    }
    return false;
}

}  // namespace microhost::auth_jwt
