/* SPDX-License-Identifier: Apache-2.0 */
/* The request in flight: what filters and handlers read, change and answer. Frozen as far as filters need it.
 *
 * A request belongs to one loop. Unless a function says [any], it must be called on that loop, from the first callback about
 * the request until on_done has returned. All strings that the getters hand out are lent until the callback returns; after a
 * suspension ask again: the old pointers are dead.
 */
#ifndef MICROHOST_HTTP_REQUEST_H
#define MICROHOST_HTTP_REQUEST_H

#include <microhost/core.h>
#include <microhost/http_names.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_HTTP_REQUEST "mh.http.request/1"

enum { MH_DIR_REQUEST = 0, MH_DIR_RESPONSE = 1 };

/* Operations of header_edit. SET replaces all fields of that name, ADD appends another, REMOVE ignores the value. */
enum { MH_EDIT_SET = 0, MH_EDIT_ADD = 1, MH_EDIT_REMOVE = 2 };

/* Attributes of a request. Those that cannot change are resolved once by the host. */
enum {
    MH_ATTR_METHOD = 1,       /* "GET" */
    MH_ATTR_PATH = 2,         /* as matched and forwarded: begins with "/", no dot segments, no "//" */
    MH_ATTR_QUERY = 3,        /* as received, without "?"; empty when there is none */
    MH_ATTR_AUTHORITY = 4,    /* the Host field, with port if the client sent one */
    MH_ATTR_SCHEME = 5,       /* "http" or "https", as the first trusted hop saw it */
    MH_ATTR_CLIENT_IP = 6,    /* address of the client: the peer, or what trusted proxies say */
    MH_ATTR_PEER_IP = 7,      /* the other end of the TCP connection, or of PROXY protocol; "unix" for a Unix socket */
    MH_ATTR_LISTENER = 8,     /* name of the listener */
    MH_ATTR_REQUEST_ID = 9,   /* passed from a trusted peer or made */
    MH_ATTR_TRACEPARENT = 10, /* W3C, of this hop */
    MH_ATTR_TLS_SNI = 11,
    MH_ATTR_TLS_SUBJECT = 12, /* of a verified client certificate */
    MH_ATTR_VERSION = 13,     /* "1.0", "1.1" */
    MH_ATTR_ROUTE = 14        /* set by the handler with route_set: the label of logs and metrics */
};

enum {
    MH_REQ_TLS = 1u << 0,
    MH_REQ_TRUSTED_PEER = 1u << 1, /* the peer is in trusted_proxies, or came over a Unix socket */
    MH_REQ_UPGRADE = 1u << 2,      /* asks for a websocket */
    MH_REQ_HAS_BODY = 1u << 3,
    MH_REQ_ANSWERED = 1u << 4 /* the response head is decided */
};

/* What filters answer. */
enum {
    MH_V_CONTINUE = 0,
    MH_V_PENDING = 1, /* a token of suspend() is outstanding */
    MH_V_RESPOND = 2, /* respond() was called: the handler is skipped */
    MH_V_DETACH = 3,  /* continue, and never call me again for this request */
    MH_V_FAIL = -1    /* I cannot decide: apply the instance's on_error (closed for authn, authz and limit) */
};
typedef int32_t mh_verdict;

/* Who is asking. Roles are "viewer", "operator", "admin", or an application's own. */
typedef struct mh_principal {
    uint32_t size;
    uint32_t n_roles;
    mh_str subject;
    mh_str issuer;
    const mh_str *roles;
    const mh_kv *claims;
    uint32_t n_claims;
    uint32_t reserved;
} mh_principal;

typedef struct mh_http_request {
    uint32_t size;
    uint32_t reserved;

    /* First field with this id (MH_H_*), or MH_E_NOT_FOUND. O(1) to O(n) over at most 64 fields.
     * [loop] [lent: until return] */
    mh_status (*header)(mh_req *r, uint32_t dir, uint32_t id, mh_str *out);
    /* First field with this name, in any case.
     * [loop] [lent: until return] */
    mh_status (*header_named)(mh_req *r, uint32_t dir, mh_str name, mh_str *out);
    /* All fields in order. In on_request and on_response the same array is passed as argument.
     * [loop] [lent: until the next edit or return] */
    mh_status (*headers)(mh_req *r, uint32_t dir, const mh_header **out, uint32_t *n);
    /* Changes fields; name and value are copied. MH_E_INVALID for a name that is not a token, a value with control bytes,
     * framing and hop-by-hop fields (Content-Length, Transfer-Encoding, Connection, ...), or when that head has been sent.
     * [loop] [copied] */
    mh_status (*header_edit)(mh_req *r, uint32_t dir, uint32_t op, mh_str name, mh_str value);

    /* MH_ATTR_*; MH_E_NOT_FOUND when this request has none.
     * [loop] [lent: until return] */
    mh_status (*attr)(mh_req *r, uint32_t attr, mh_str *out);
    /* MH_REQ_* bits.
     * [loop] */
    uint32_t (*flags)(mh_req *r);
    /* Status of the response, 0 before there is one.
     * [loop] */
    uint32_t (*status)(mh_req *r);
    /* Replaces path and query; the path is checked like a client's. Before the handler runs only.
     * [loop] [copied] */
    mh_status (*rewrite)(mh_req *r, mh_str path, mh_str query);
    /* Names the route for logs and metrics. Keep the number of different names small.
     * [loop] [copied] */
    mh_status (*route_set)(mh_req *r, mh_str route);

    /* Answers the request: head and whole body, framed by the host. Hop-by-hop and framing fields among the headers are
     * ignored. MH_E_INVALID when an answer has already begun, or for a status outside 200..599.
     * [loop] [copied] */
    mh_status (*respond)(mh_req *r, uint32_t status, const mh_kv *headers, uint32_t n, const mh_seg *body, uint32_t n_body);

    /* Memory that lives as long as the request. NULL over 1 MiB in total.
     * [loop] */
    void *(*alloc)(mh_req *r, size_t bytes, size_t align);
    /* A pointer of the calling filter or handler for this request, NULL at first.
     * [loop] */
    void **(*slot)(mh_req *r);

    /* Named values from filter to filter to handler ("com.acme.tenant").
     * [loop] [copied] */
    mh_status (*attribute_set)(mh_req *r, mh_str name, mh_str value);
    /* [loop] [lent: until return] */
    mh_status (*attribute_get)(mh_req *r, mh_str name, mh_str *out);

    /* Says who asks. For authn filters only: MH_E_DENIED elsewhere. Everything is copied.
     * [loop] [copied] */
    mh_status (*principal_set)(mh_req *r, const mh_principal *p);
    /* NULL while nobody is authenticated.
     * [loop] [lent: until return] */
    const mh_principal *(*principal)(mh_req *r);

    /* Suspends the request; return MH_V_PENDING (filter) or MH_PENDING (handler) afterwards. After `timeout_ms` (1..600000)
     * the host gives up: a filter's on_error applies, a handler's request is answered 504.
     * 0 when the request is over or already suspended.
     * [loop] */
    mh_token (*suspend)(mh_req *r, uint32_t timeout_ms);
    /* Goes on with `v` on the owner's loop. Legal even before the callback that suspended has returned. MH_E_GONE when the
     * request ended, timed out or was resumed already.
     * [any] */
    mh_status (*resume)(mh_token t, mh_verdict v);
    /* Runs fn(r, arg) on the owner's loop while the token is valid, otherwise drop(arg) if it is not NULL. The token stays
     * valid: call resume from fn, or answer there. fn counts as a hook of whoever suspended: slot and principal_set work.
     * [any] */
    mh_status (*post)(mh_token t, void (*fn)(mh_req *r, void *arg), void *arg, void (*drop)(void *arg));

    /* Collects the request body up to `max` bytes and then calls fn once, with the whole of it and MH_OK; or with MH_E_LIMIT
     * (too long), MH_E_CANCELLED, MH_E_IO. If all bytes are here already, fn runs before collect returns. For handlers.
     * [loop] [body lent: until fn returns] */
    mh_status (*collect)(mh_req *r, uint64_t max, void (*fn)(mh_req *r, void *user, mh_status s, mh_seg body), void *user);

    /* Stops and continues the flow of body bytes in one direction; at most the configured window is buffered meanwhile.
     * [loop] */
    mh_status (*body_pause)(mh_req *r, uint32_t dir);
    /* [loop] */
    mh_status (*body_resume)(mh_req *r, uint32_t dir);
    /* Inside a body hook: what the next one gets instead of the bytes of this call.
     * [loop] [copied] */
    mh_status (*body_replace)(mh_req *r, uint32_t dir, const mh_seg *v, uint32_t n);

    /* Time left before the request's deadline in milliseconds; UINT32_MAX without one.
     * [loop] */
    uint32_t (*time_left_ms)(mh_req *r);
    /* The loop's clock, read once a turn: CLOCK_MONOTONIC in nanoseconds.
     * [loop] */
    uint64_t (*now_ns)(mh_req *r);
    /* Index of the owner's loop.
     * [any] */
    uint32_t (*loop)(mh_req *r);
} mh_http_request;

#ifdef __cplusplus
}
#endif
#endif
