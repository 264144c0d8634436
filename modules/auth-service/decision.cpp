// SPDX-License-Identifier: Apache-2.0
#include "decision.hpp"

#include <microhost/json.hpp>

namespace microhost::auth_service {
namespace {

constexpr uint32_t kMostEntries = 64;
constexpr size_t kLongestText = 1024;

struct Misunderstood {
    const char* what;
};

std::string text(mh::json_value v, const char* name) {
    if (v.is_null()) return {};
    const auto s = v.string();
    if (!s || s->size() > kLongestText || !shared::field_value(*s)) throw Misunderstood{name};
    return std::string(*s);
}

std::vector<std::string> texts(mh::json_value v, const char* name) {
    std::vector<std::string> out;
    if (v.is_null()) return out;
    if (v.kind() != MH_JSON_ARRAY || v.count() > kMostEntries) throw Misunderstood{name};
    for (uint32_t i = 0; i < v.count(); ++i) {
        if (v.at(i).is_null()) throw Misunderstood{name};
        out.push_back(text(v.at(i), name));
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> pairs(mh::json_value v, const char* name,
                                                       bool fields) {
    std::vector<std::pair<std::string, std::string>> out;
    if (v.is_null()) return out;
    if (v.kind() != MH_JSON_OBJECT || v.count() > kMostEntries) throw Misunderstood{name};
    for (uint32_t i = 0; i < v.count(); ++i) {
        const std::string key(v.key_at(i));
        if (v.at(i).is_null() || (fields && !shared::settable_field(key)))
            throw Misunderstood{name};
        out.emplace_back(key, text(v.at(i), name));
    }
    return out;
}

}  // namespace

std::optional<Decision> Decision::read(std::string_view json, std::string& why) {
    const mh::json_document document(json);
    const mh::json_value root = document.root();
    if (root.kind() != MH_JSON_OBJECT) {
        why = "its answer is no JSON object";
        return {};
    }
    try {
        Decision d;
        const auto allow = root["allow"].boolean();
        if (!allow) throw Misunderstood{"allow"};
        d.allow = *allow;
        if (const mh::json_value status = root["status"]; !status.is_null()) {
            const auto n = status.integer();
            if (!n || *n < 200 || *n > 599 || (!d.allow && *n < 300) || *n == 304)
                throw Misunderstood{"status"};
            d.status = static_cast<unsigned>(*n);
        }
        d.message = text(root["message"], "message");
        d.who.subject = text(root["subject"], "subject");
        d.who.issuer = "auth-service";
        d.who.roles = texts(root["roles"], "roles");
        d.who.claims = pairs(root["claims"], "claims", false);
        d.who.fields = pairs(root["set_headers"], "set_headers", true);
        // Roles of nobody would be lost without a word.
        if (d.allow && d.who.subject.empty() && !d.who.roles.empty())
            throw Misunderstood{"subject"};
        return d;
    } catch (const Misunderstood& m) {
        why = std::string("\"") + m.what + "\" of its answer is missing or makes no sense";
        return {};
    }
}

}  // namespace microhost::auth_service
