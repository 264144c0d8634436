/* SPDX-License-Identifier: Apache-2.0 */
/* Byte streams over TCP, TLS and Unix sockets, out and in. They can be handed to the next generation of the module. Draft.
 *
 * A stream belongs to the thread that opened it and calls back there. Reading is paused by the host while the module is away.
 */
#ifndef MICROHOST_DRAFT_NET_STREAM_H
#define MICROHOST_DRAFT_NET_STREAM_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_NET_STREAM "mh.net.stream/1"

typedef struct mh_net_stream mh_net_stream;

enum {
    MH_NET_TLS = 1u << 0,       /* TLS from the first byte */
    MH_NET_NO_VERIFY = 1u << 1, /* do not check the certificate: tests only */
    MH_NET_NO_DELAY = 1u << 2
};

typedef struct mh_net_options {
    uint32_t size;
    uint32_t flags;              /* MH_NET_* */
    mh_str address;              /* "host:port", "[::1]:5222" or "unix:/path" */
    mh_str tls_name;             /* name that the certificate must bear and SNI; the host of `address` when empty */
    mh_str alpn;                 /* protocols separated by ",", or empty */
    mh_str ca_file;              /* PEM; the system's when empty */
    uint32_t connect_timeout_ms; /* name lookup, connect and TLS together; 0: 10 s */
    uint32_t idle_timeout_ms;    /* no byte in either direction; 0: none */
} mh_net_options;

typedef struct mh_net_events {
    uint32_t size;
    uint32_t reserved;
    /* Connected, and with TLS verified; also after start_tls() succeeded.
     * [owner's loop] */
    void (*on_open)(void *user, mh_net_stream *s);
    /* Bytes came. Return how many were used: the rest is shown again, with more behind it, when more comes (at most 1 MiB).
     * [owner's loop] [lent: until return] */
    size_t (*on_bytes)(void *user, mh_net_stream *s, mh_seg bytes);
    /* The peer will send no more; the stream can still be written. May be NULL: then the stream is closed.
     * [owner's loop] */
    void (*on_finish)(void *user, mh_net_stream *s);
    /* write() can go on after MH_E_BUSY. May be NULL.
     * [owner's loop] */
    void (*on_writable)(void *user, mh_net_stream *s);
    /* The last call; `s` is gone afterwards. MH_OK after close(); MH_E_NOT_FOUND (no such host), MH_E_UNAVAILABLE (refused),
     * MH_E_TIMEOUT, MH_E_DENIED (certificate), MH_E_IO, MH_E_LIMIT. `text` is one line for the log.
     * [owner's loop] [lent: until return] */
    void (*on_close)(void *user, mh_net_stream *s, mh_status why, mh_str text);
} mh_net_events;

typedef struct mh_net {
    uint32_t size;
    uint32_t reserved;

    /* Begins to connect. Callbacks come on this thread, never before this returns. `o` is copied, `e` must stay valid until
     * on_close.
     * [loop] [main] */
    mh_status (*open)(const mh_host *h, const mh_net_options *o, const mh_net_events *e, void *user, mh_net_stream **out);
    /* Sends. MH_E_BUSY: nothing was taken, over 256 KiB wait: on_writable follows. MH_E_GONE: it is closing.
     * [owner's loop] [copied] */
    mh_status (*write)(mh_net_stream *s, const mh_seg *v, uint32_t n);
    /* Says that no more will be written; reading goes on.
     * [owner's loop] */
    mh_status (*finish)(mh_net_stream *s);
    /* Sends what waits, then closes; on_close follows.
     * [owner's loop] */
    void (*close)(mh_net_stream *s);
    /* Closes without callbacks; what waits is dropped.
     * [owner's loop] */
    void (*abort)(mh_net_stream *s);
    /* Goes over to TLS in the middle of a plain stream (STARTTLS), as client or as accepting side; on_open follows. Bytes that
     * on_bytes left unused make it MH_E_INVALID: nothing may be injected before the handshake.
     * [owner's loop] [copied] */
    mh_status (*start_tls)(mh_net_stream *s, const mh_net_options *o);
    /* Stops and continues on_bytes.
     * [owner's loop] */
    mh_status (*pause)(mh_net_stream *s);
    /* [owner's loop] */
    mh_status (*resume)(mh_net_stream *s);
    /* Address of the other end ("ip:port"), and of this one.
     * [owner's loop] [lent: until return to the host] */
    mh_status (*addresses)(mh_net_stream *s, mh_str *peer, mh_str *local);

    /* Accepts connections at an address: on_accept(user, s, events, stream_user) sets what the new stream calls, on_open follows
     * (after the handshake with MH_NET_TLS and the certificate of `cert_file`, `key_file`). Accepting ends with unlisten() or the
     * module; a reload adopts the socket by its address. Loops: the thread of the call. `o` is copied.
     * [loop] [main] */
    mh_status (*listen)(const mh_host *h, const mh_net_options *o, mh_str cert_file, mh_str key_file,
                        mh_status (*on_accept)(void *user, mh_net_stream *s, const mh_net_events **events, void **stream_user),
                        void *user, mh_token *out);
    /* Open streams stay.
     * [thread of listen] */
    mh_status (*unlisten)(mh_token t);

    /* Leaves the stream with the host, to be adopted by this module's next generation: no more callbacks, `s` is gone for the
     * caller. Unused bytes and what waits to be written are kept; reading stops. `*key` goes into the state (state.h). Nobody
     * adopts it within 30 s: it is closed.
     * [owner's loop] */
    mh_status (*park)(mh_net_stream *s, uint64_t *key);
    /* Takes a parked stream over, on this thread; on_bytes follows if bytes wait. MH_E_GONE when it is not there any more.
     * [loop] [main] */
    mh_status (*adopt)(const mh_host *h, uint64_t key, const mh_net_events *e, void *user, mh_net_stream **out);
} mh_net;

#ifdef __cplusplus
}
#endif
#endif
