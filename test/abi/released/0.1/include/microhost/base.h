/* SPDX-License-Identifier: Apache-2.0 */
/* The words that every other header uses: strings, segments, headers, status codes, tables. Frozen.
 *
 * Conventions of the whole border, said once:
 *  - Strings are UTF-8 as {pointer, length}, not NUL-terminated, unless the type is `const char *`.
 *  - Tables (structs of functions) and descriptors begin with `uint32_t size`, set by the side that fills them in. They only
 *    grow at the end; ask with MH_FIELD_OK before using a member that came later than the revision you need.
 *  - Memory is *lent* until the call returns, or *copied* by the callee, or lives in the request's *arena*. Nothing that one
 *    side allocated is freed by the other.
 *  - Functions answer mh_status: 0 is success, negative is an error, MH_PENDING means "later". No exception, no longjmp, no
 *    errno crosses.
 *  - The last comment line of each member says on which thread it may be called:
 *    [main]   the control thread, home of everything that has no request
 *    [loop]   the request loop that owns the shard or the request; never concurrent, never re-entered
 *    [worker] the bounded pool for blocking work
 *    [any]    every thread, the module's own included
 */
#ifndef MICROHOST_BASE_H
#define MICROHOST_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_EXPORT __attribute__((visibility("default")))

/* True when table `t` is present, long enough to hold member `f` whole, and `f` is set. */
#define MH_FIELD_OK(t, f) ((t) && (t)->size >= (uint32_t)((const char *)(&(t)->f + 1) - (const char *)(t)) && (t)->f)

/* Status codes. New ones are added at the end; treat an unknown negative value as a plain error. */
enum {
    MH_OK = 0,
    MH_PENDING = 1,
    MH_E_UNSUPPORTED = -1, /* the interface, flag or option is not known here */
    MH_E_INVALID = -2,     /* an argument or the state of the object forbids it */
    MH_E_NOMEM = -3,
    MH_E_GONE = -4, /* the request, call or token is over */
    MH_E_TIMEOUT = -5,
    MH_E_CANCELLED = -6, /* the client, or whoever asked, went away */
    MH_E_LIMIT = -7,     /* a configured bound would be exceeded */
    MH_E_DENIED = -8,
    MH_E_BUSY = -9, /* queue or window full: try again when told */
    MH_E_WRONG_THREAD = -10,
    MH_E_PANIC = -11, /* an exception was caught at the border */
    MH_E_IO = -12,    /* the system or the peer broke it off */
    MH_E_EXISTS = -13,
    MH_E_NOT_FOUND = -14,   /* no such service, name, file */
    MH_E_UNAVAILABLE = -15, /* it is known, but nothing alive provides it */
    MH_E_UNREACHABLE = -16  /* something alive provides it, but no connection to that came about: nothing was sent */
};
typedef int32_t mh_status;

/* A handle that can go stale safely: using an old one answers MH_E_GONE. 0 is never valid. */
typedef uint64_t mh_token;

/* The four value types are frozen for ever: they stand in arrays. */
typedef struct mh_str {
    const char *ptr;
    size_t len;
} mh_str;

typedef struct mh_seg {
    const uint8_t *ptr;
    size_t len;
} mh_seg;

typedef struct mh_kv {
    mh_str key;
    mh_str val;
} mh_kv;

/* A header field. `id` is one of MH_H_* (http_names.h) or 0. Names keep the spelling of the sender. 40 bytes. */
typedef struct mh_header {
    mh_str name;
    mh_str value;
    uint32_t id;
    uint32_t flags;
} mh_header;

/* Host-owned, opaque. A request is valid on its own loop from its first callback until on_done has returned. */
typedef struct mh_req mh_req;
typedef struct mh_json_value mh_json_value; /* draft/json.h */
typedef struct mh_config mh_config;         /* config.h */

#ifdef __cplusplus
}
#endif
#endif
