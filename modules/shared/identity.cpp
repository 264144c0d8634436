// SPDX-License-Identifier: Apache-2.0
#include "identity.hpp"

#include "text.hpp"

namespace microhost::shared {
namespace {

constexpr uint64_t kComplaintNs = 10'000'000'000;

bool twins(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
        const char x = a[i] == '_' ? '-' : lower(a[i]), y = b[i] == '_' ? '-' : lower(b[i]);
        if (x != y) return false;
    }
    return true;
}

bool token(std::string_view name) {
    constexpr std::string_view kMore = "!#$%&'*+-.^_`|~";
    for (const char c : name) {
        if (!is_alnum(c) && kMore.find(c) == kMore.npos) return false;
    }
    return !name.empty();
}

}  // namespace

bool Identity::apply(mh::request& r) const {
    std::vector<mh_str> names;
    std::vector<mh_kv> facts;
    for (const auto& role : roles) names.push_back(str(role));
    for (const auto& [key, value] : claims) facts.push_back({str(key), str(value)});
    if (!subject.empty() && r.set_principal(subject, issuer, names, facts) != MH_OK) return false;
    for (const auto& [name, value] : fields) {
        if (!replace_field(r, name, value)) return false;
    }
    return true;
}

void remove_field(mh::request& r, std::string_view name) {
    // An edit moves the array: begin again after each.
    for (bool again = true; again;) {
        again = false;
        for (const mh_header& h : r.headers()) {
            if (!twins(view(h.name), name)) continue;
            const std::string spelled(view(h.name));
            again = r.remove_header(spelled) == MH_OK;
            break;
        }
    }
}

bool replace_field(mh::request& r, std::string_view name, std::string_view value) {
    remove_field(r, name);
    return r.add_header(name, value) == MH_OK;
}

bool settable_field(std::string_view name) {
    constexpr std::string_view kNever[] = {
        "host",   "connection",       "content-length", "transfer-encoding",
        "te",     "trailer",          "upgrade",        "keep-alive",
        "expect", "proxy-connection", "http2-settings"};
    for (const std::string_view n : kNever) {
        if (twins(name, n)) return false;
    }
    return token(name) && name.size() <= 128;
}

bool field_value(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    }
    return text.size() <= 4096 && trim(text).size() == text.size();
}

Found authorization(const mh::request& r, std::string_view scheme, std::string_view& credentials) {
    unsigned fields = 0;
    std::string_view value;
    for (const mh_header& h : r.headers()) {
        if (h.id != MH_H_AUTHORIZATION) continue;
        value = trim(view(h.value));
        ++fields;
    }
    if (fields > 1) return Found::several;
    if (fields == 0 || value.size() <= scheme.size() || value[scheme.size()] != ' ' ||
        !iequals(value.substr(0, scheme.size()), scheme))
        return Found::none;
    credentials = trim(value.substr(scheme.size()));
    return Found::one;
}

std::string quoted_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

mh::verdict refuse(mh::request& r, unsigned status, std::string_view id, std::string_view detail,
                   std::string_view challenge) {
    if (challenge.empty()) return r.respond_error(status, id, detail);
    return r.respond_error(status, id, detail, {{"WWW-Authenticate", challenge}});
}

void Complaint::warn(const mh::request& r, std::string_view text) {
    const uint64_t now = r.now_ns();
    if (now < next_ns_) return;
    next_ns_ = now + kComplaintNs;
    r.log(MH_LOG_WARN, text);
}

}  // namespace microhost::shared
