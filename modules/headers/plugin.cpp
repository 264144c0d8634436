// SPDX-License-Identifier: Apache-2.0
// Changes fields of requests and responses.
#include <microhost/module.hpp>

#include "edits.hpp"

namespace {

using namespace microhost::headers;

#define EDITS                                                                  \
    R"("set":{"type":"object","additionalProperties":{"type":"string"}},)"     \
    R"("add":{"type":"object","additionalProperties":{"type":"string"}},)"     \
    R"("default":{"type":"object","additionalProperties":{"type":"string"}},)" \
    R"("remove":{"type":"array","items":{"type":"string"}})"

struct headers : mh::filter<headers> {
    struct config {
        mh::json_value request, response;
        bool security;
        std::string_view hsts, frame_ancestors, referrer_policy;
        static constexpr auto options = mh::options(
            mh::option("request", &config::request, "[]",
                       "Edits of requests: objects with set, add, default, remove")
                .shape(R"("type":"array","items":{"type":"object","additionalProperties":false,)"
                       R"("properties":{)" EDITS "}}"),
            mh::option("response", &config::response, "[]",
                       "Edits of responses: the same, and status, a list such as [404, \"5xx\"]")
                .shape(R"("type":"array","items":{"type":"object","additionalProperties":false,)"
                       R"("properties":{"status":{"type":"array","items":)"
                       R"({"type":["string","integer"]}},)" EDITS "}}"),
            mh::option("security", &config::security, false,
                       "Fields for browsers, where a service says nothing itself"),
            mh::option("hsts", &config::hsts, "max-age=31536000",
                       "With security: Strict-Transport-Security, under TLS only; empty: none"),
            mh::option("frame_ancestors", &config::frame_ancestors, "'self'",
                       "With security: who may show pages in a frame; empty: says nothing"),
            mh::option("referrer_policy", &config::referrer_policy,
                       "strict-origin-when-cross-origin",
                       "With security: Referrer-Policy; empty: none"));
    };
    static constexpr auto phase = MH_PHASE_TRANSFORM;

    struct shared {
        explicit shared(const config& c)
            : values(c),
              request(parse_groups(c.request, "/request", false)),
              response(parse_groups(c.response, "/response", true)) {}
        config values;
        std::vector<Group> request, response;
    };

    explicit headers(shared& s) : shared_(s) {
        const std::string_view who = s.values.frame_ancestors;
        if (!who.empty()) framing_ = "frame-ancestors " + std::string(who);
    }

    mh::verdict on_request(mh::request& r) {
        for (const Group& g : shared_.request) apply(r, MH_DIR_REQUEST, g);
        const bool more = shared_.values.security || !shared_.response.empty();
        return more ? mh::go_on : mh::detach;
    }

    void on_response(mh::request& r) {
        const unsigned status = r.status();
        for (const Group& g : shared_.response) {
            if (g.fits(status)) apply(r, MH_DIR_RESPONSE, g);
        }
        if (shared_.values.security) secure(r);
    }

  private:
    static std::string_view value_of(const mh::request& r, int v) {
        switch (v) {
            case client_ip: return r.client_ip();
            case request_id: return r.attribute(MH_ATTR_REQUEST_ID);
            case host: return r.attribute(MH_ATTR_AUTHORITY);
            case method: return r.method();
            case path: return r.path();
            case scheme: return r.attribute(MH_ATTR_SCHEME);
            case principal:
                return r.principal() ? mh::view(r.principal()->subject) : std::string_view();
            default: return {};
        }
    }

    void apply(mh::request& r, uint32_t dir, const Group& group) {
        const auto of = [&](int v) { return value_of(r, v); };
        for (const Edit& e : group.edits) {
            const bool silent = e.value.says_nothing(of);
            const std::string_view value = silent ? std::string_view() : e.value.fill(of, room_);
            switch (e.op) {
                case Op::remove: r.edit(dir, MH_EDIT_REMOVE, e.name); break;
                case Op::set:
                    // What cannot be said is not left to the client either.
                    if (value.empty() || r.edit(dir, MH_EDIT_SET, e.name, value) != MH_OK)
                        r.edit(dir, MH_EDIT_REMOVE, e.name);
                    break;
                case Op::add:
                    if (!value.empty()) r.edit(dir, MH_EDIT_ADD, e.name, value);
                    break;
                case Op::fallback:
                    if (!value.empty() && !has(r, dir, e.name))
                        r.edit(dir, MH_EDIT_SET, e.name, value);
                    break;
            }
        }
    }

    static bool has(const mh::request& r, uint32_t dir, std::string_view name) {
        for (const mh_header& h : r.headers(dir)) {
            if (mh::equal_names(mh::view(h.name), name)) return true;
        }
        return false;
    }

    static void set_default(mh::request& r, std::string_view name, std::string_view value) {
        if (!value.empty() && !has(r, MH_DIR_RESPONSE, name)) r.set_response_header(name, value);
    }

    void secure(mh::request& r) {
        set_default(r, "X-Content-Type-Options", "nosniff");
        set_default(r, "Referrer-Policy", shared_.values.referrer_policy);
        // RFC 6797 section 7.2: never over plain HTTP.
        if (r.flags() & MH_REQ_TLS)
            set_default(r, "Strict-Transport-Security", shared_.values.hsts);
        if (!framing_.empty() && !says_who_frames(r))
            r.edit(MH_DIR_RESPONSE, MH_EDIT_ADD, "Content-Security-Policy", framing_);
    }

    /// Several policies hold together, so one without the directive is left as it is and another one added.
    static bool says_who_frames(const mh::request& r) {
        for (const mh_header& h : r.headers(MH_DIR_RESPONSE)) {
            if (mh::equal_names(mh::view(h.name), "content-security-policy") &&
                mh::view(h.value).find("frame-ancestors") != std::string_view::npos)
                return true;
        }
        return false;
    }

    const shared& shared_;
    std::string framing_;
    std::string room_;  ///< of the value at hand; kept for its memory
};

}  // namespace

MH_PLUGIN("headers", "1.0.0", "Changes fields of requests and responses", headers)
