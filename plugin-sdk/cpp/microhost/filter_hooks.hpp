// SPDX-License-Identifier: Apache-2.0
/// Which hooks a filter has, and what the host calls for each: found by what they can be called with, safe from exceptions.
#pragma once

#include <microhost/request.hpp>

namespace mh {

/// Bytes of a body as they pass; `last` with the final ones.
struct pieces {
    std::span<const mh_seg> parts;
    bool last;
};

template <class D>
struct [[gnu::visibility("hidden")]] filter_hooks {
    static constexpr bool has_request = requires(D d, request r) { d.on_request(r); };
    static constexpr bool has_response = requires(D d, request r) { d.on_response(r); };
    static constexpr bool has_done = requires(D d, request r, mh_status s) { d.on_done(r, s); };
    static constexpr bool has_cancel = requires(D d, request r, token t, mh_status s) {
        d.on_cancel(r, t, s);
    };
    static constexpr bool has_request_body = requires(D d, request r, pieces p) {
        d.on_request_body(r, p);
    };
    static constexpr bool has_response_body = requires(D d, request r, pieces p) {
        d.on_response_body(r, p);
    };
    static constexpr bool has_whole_request = requires(D d, request r, string_view s) {
        d.on_whole_request_body(r, s);
    };
    static constexpr bool has_whole_response = requires(D d, request r, string_view s) {
        d.on_whole_response_body(r, s);
    };
    static constexpr uint32_t interests =
        (has_request ? MH_I_REQUEST : 0) | (has_response ? MH_I_RESPONSE : 0) |
        (has_done ? MH_I_DONE : 0) | (has_request_body ? MH_I_REQUEST_BODY : 0) |
        (has_response_body ? MH_I_RESPONSE_BODY : 0) |
        (has_whole_request ? MH_I_REQUEST_BODY_FULL : 0) |
        (has_whole_response ? MH_I_RESPONSE_BODY_FULL : 0);
    static_assert(interests != 0, "a filter needs a public hook such as on_request(mh::request&)");

    template <class F>
    static verdict hook(const char* name, void* shard, mh_req* raw, F&& f) noexcept {
        try {
            request r(raw);
            D& d = *static_cast<D*>(shard);
            if constexpr (std::is_void_v<decltype(f(d, r))>) {
                f(d, r);
                return go_on;
            } else {
                return f(d, r);
            }
        } catch (...) {
            caught(name);
            return undecided;
        }
    }
    static verdict on_request(void* s, mh_req* q, const mh_header*, uint32_t) {
        return hook("on_request", s, q, [](D& d, request& r) { return d.on_request(r); });
    }
    static verdict on_response(void* s, mh_req* q, uint32_t, const mh_header*, uint32_t) {
        return hook("on_response", s, q, [](D& d, request& r) { return d.on_response(r); });
    }
    /// The body in one piece; `joined` holds it when it came in several.
    static string_view whole(const mh_seg* v, uint32_t n, std::string& joined) {
        if (n <= 1) return n == 0 ? string_view{} : view(v[0]);
        for (uint32_t i = 0; i < n; ++i) joined += view(v[i]);
        return joined;
    }
    static verdict on_request_body(void* s, mh_req* q, const mh_seg* v, uint32_t n, uint32_t fin) {
        return hook("on_request_body", s, q, [&](D& d, request& r) {
            if constexpr (has_whole_request) {
                std::string joined;
                return d.on_whole_request_body(r, whole(v, n, joined));
            } else {
                return d.on_request_body(r, pieces{{v, n}, fin != 0});
            }
        });
    }
    static verdict on_response_body(void* s, mh_req* q, const mh_seg* v, uint32_t n, uint32_t fin) {
        return hook("on_response_body", s, q, [&](D& d, request& r) {
            if constexpr (has_whole_response) {
                std::string joined;
                return d.on_whole_response_body(r, whole(v, n, joined));
            } else {
                return d.on_response_body(r, pieces{{v, n}, fin != 0});
            }
        });
    }
    static void on_cancel(void* s, mh_req* q, mh_token t, mh_status why) {
        hook("on_cancel", s, q, [&](D& d, request& r) { d.on_cancel(r, t, why); });
    }
    static void on_done(void* s, mh_req* q, mh_status outcome) {
        hook("on_done", s, q, [&](D& d, request& r) { d.on_done(r, outcome); });
    }
};

}  // namespace mh
