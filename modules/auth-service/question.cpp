// SPDX-License-Identifier: Apache-2.0
#include "question.hpp"

#include "../shared/json_writer.hpp"
#include "../shared/text.hpp"

namespace microhost::auth_service {
namespace {

/// The values of a field, joined as RFC 9110 section 5.3 allows. False when there is none.
bool joined(const mh::request& r, std::string_view name, std::string& out) {
    bool there = false;
    out.clear();
    for (const mh_header& h : r.headers()) {
        if (!shared::iequals(shared::view(h.name), name)) continue;
        if (there) out += shared::iequals(name, "cookie") ? "; " : ", ";
        out += shared::view(h.value);
        there = true;
    }
    return there;
}

std::string lower(std::string_view name) {
    std::string out(name);
    for (char& c : out) c = shared::lower(c);
    return out;
}

}  // namespace

std::string question(const mh::request& r, const Settings& s) {
    std::string out, value;
    shared::JsonWriter w(out);
    w.begin_object();
    w.key("method").string(r.method());
    w.key("path").string(r.path());
    w.key("query").string(r.query());
    w.key("host").string(r.attribute(MH_ATTR_AUTHORITY));
    w.key("scheme").string(r.attribute(MH_ATTR_SCHEME));
    w.key("client_ip").string(r.client_ip());
    w.key("headers").begin_object();
    for (const std::string& name : s.headers) {
        if (joined(r, name, value)) w.key(lower(name)).string(value);
    }
    w.end_object().end_object();
    return out;
}

std::optional<shared::Digest> cache_key(const mh::request& r, const Settings& s,
                                        std::string_view question, shared::Digester& digest) {
    if (s.cache_by.empty()) return digest(0, {question});
    bool any = false;
    std::string value;
    digest.begin(1);
    for (const std::string& name : s.cache_by) {
        const bool there = joined(r, name, value);
        any = any || there;
        digest.add(there ? "1" : "0");
        digest.add(value);
    }
    const shared::Digest out = digest.end();
    return any ? std::optional(out) : std::nullopt;
}

}  // namespace microhost::auth_service
