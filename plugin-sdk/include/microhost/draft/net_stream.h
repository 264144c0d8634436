/* SPDX-License-Identifier: Apache-2.0 */
/* Byte streams over TCP, TLS and Unix sockets, out and in. They can be handed to the next generation of the module. Draft.
 *
 * A stream belongs to the thread that opened it and calls back there, never from within a call of this table. What a module has
 * ends with it: streams without a callback, listening sockets with their generation. A stale handle is answered MH_E_GONE.
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
    MH_NET_TLS = 1u << 0,      /* TLS from the first byte */
    MH_NET_NO_VERIFY = 1u << 1 /* do not check the certificate: tests only */
};

typedef struct mh_net_options {
    uint32_t size;
    uint32_t flags; /* MH_NET_* */
    /* "host:port", "[::1]:5222", "unix:/path", or "stdio:", the standard input and output of the process: one stream of it at
     * a time (MH_E_EXISTS), to open only. */
    mh_str address;
    mh_str tls_name;             /* name that the certificate must bear and SNI; the host of `address` when empty */
    mh_str alpn;                 /* protocols separated by ",", or empty */
    mh_str ca_file;              /* PEM; to open: the system's when empty; to listen: clients must have a certificate of it */
    uint32_t connect_timeout_ms; /* name lookup, connect and TLS together; 0: 10 s */
    uint32_t idle_timeout_ms;    /* no byte in either direction; 0: none */
    mh_str cert_file, key_file;  /* PEM: what is shown to a server that asks, and by who accepts; the key may be in cert_file */
} mh_net_options;

typedef struct mh_net_events {
    uint32_t size;
    uint32_t reserved;
    /* Connected, and with TLS verified; also after start_tls() succeeded.
     * [owner's loop] */
    void (*on_open)(void *user, mh_net_stream *s);
    /* Bytes came. Return how many were used. The rest is shown again: at once when some were used, so that a line or a message
     * may be taken a call; when none were, with more behind it once more comes, or after resume().
     * A stream of which 1 MiB lies unused is closed with MH_E_LIMIT.
     * [owner's loop] [lent: until return] */
    size_t (*on_bytes)(void *user, mh_net_stream *s, mh_seg bytes);
    /* The peer will send no more; the stream can still be written. May be NULL: then what waits is sent, and the stream is
     * closed with MH_E_GONE.
     * [owner's loop] */
    void (*on_finish)(void *user, mh_net_stream *s);
    /* write() can go on after MH_E_BUSY. May be NULL.
     * [owner's loop] */
    void (*on_writable)(void *user, mh_net_stream *s);
    /* The last call; `s` is gone afterwards. MH_OK after close(), and when both sides have finished; MH_E_GONE: the peer has
     * ended it; MH_E_NOT_FOUND (no such host), MH_E_UNAVAILABLE (refused), MH_E_TIMEOUT, MH_E_DENIED (certificate), MH_E_IO,
     * MH_E_LIMIT, MH_E_INVALID (options that cannot be used; see start_tls), MH_E_PANIC. `text` is one line for the log.
     * [owner's loop] [lent: until return] */
    void (*on_close)(void *user, mh_net_stream *s, mh_status why, mh_str text);
} mh_net_events;

typedef struct mh_net {
    uint32_t size;
    uint32_t reserved;

    /* Begins to connect. Callbacks come on this thread, never before this returns. `o` and `e` are copied. MH_E_INVALID, which
     * the log explains: an address, or a file of TLS, that cannot be used. MH_E_LIMIT: 16384 streams on this thread.
     * [loop] [main] */
    mh_status (*open)(const mh_host *h, const mh_net_options *o, const mh_net_events *e, void *user, mh_net_stream **out);
    /* Sends, at the end of the turn; before on_open it waits for that. MH_E_BUSY: nothing was taken, over 256 KiB wait:
     * on_writable follows. MH_E_GONE: it is closing, or finished. MH_E_LIMIT: over 16 MiB at once.
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
    /* Goes over to TLS in the middle of a plain stream (STARTTLS), as client or as accepting side; on_open follows. What was
     * written before goes out in the clear first, what is written later comes after the handshake. Bytes that on_bytes left
     * unused make it MH_E_INVALID, from within on_bytes they close the stream so: nothing may be injected before the handshake.
     * Of `o` all but the address and idle_timeout_ms counts.
     * [owner's loop] [copied] */
    mh_status (*start_tls)(mh_net_stream *s, const mh_net_options *o);
    /* Stops and continues on_bytes.
     * [owner's loop] */
    mh_status (*pause)(mh_net_stream *s);
    /* [owner's loop] */
    mh_status (*resume)(mh_net_stream *s);
    /* Address of the other end ("ip:port"; "unix:" and "stdio:" as they were opened), and of this one. Either may be NULL.
     * [owner's loop] [lent: until return to the host] */
    mh_status (*addresses)(mh_net_stream *s, mh_str *peer, mh_str *local);

    /* Accepts connections at an address: on_accept(user, s, events, stream_user) sets what the new stream calls, on_open follows
     * (after the handshake with MH_NET_TLS, which needs `cert_file`). A negative answer of it turns the connection away. Accepting
     * ends with unlisten() or the module. A reload that listens at the same address takes the socket over, from before the old
     * generation ends, so that nobody is turned away. `microhost upgrade` hands
     * it to the next worker likewise, whose module should listen within ten seconds. A unix socket is made with mode 0660. `o` is copied. MH_E_EXISTS and other
     * errors are explained in the log.
     * [loop] [main] */
    mh_status (*listen)(const mh_host *h, const mh_net_options *o,
                        mh_status (*on_accept)(void *user, mh_net_stream *s, const mh_net_events **events, void **stream_user),
                        void *user, mh_token *out);
    /* Open streams stay.
     * [thread of listen] */
    mh_status (*unlisten)(mh_token t);

    /* Leaves the stream with the host, to be adopted by this module's next generation: no more callbacks, `s` is gone for the
     * caller. Unused bytes and what waits to be written are kept; reading stops. `*key` goes into the state (state.h). Nobody
     * adopts it within 30 s: it is closed. MH_E_INVALID: it is not open, or this is within its on_bytes.
     * [owner's loop] */
    mh_status (*park)(mh_net_stream *s, uint64_t *key);
    /* Takes a parked stream over, on this thread; on_bytes follows if bytes wait. MH_E_GONE when it is not there any more.
     * [loop] [main] */
    mh_status (*adopt)(const mh_host *h, uint64_t key, const mh_net_events *e, void *user, mh_net_stream **out);
    /* Where is listened: the real port where 0 was asked for.
     * [thread of listen] [lent: until return to the host] */
    mh_status (*listening)(mh_token t, mh_str *local);
} mh_net;

#ifdef __cplusplus
}
#endif
#endif
