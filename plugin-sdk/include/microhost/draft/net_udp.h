/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams, multicast included. Draft. */
#ifndef MICROHOST_DRAFT_NET_UDP_H
#define MICROHOST_DRAFT_NET_UDP_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_NET_UDP "mh.net.udp/1"

typedef struct mh_udp mh_udp;

enum {
    MH_UDP_SHARED = 1u << 0,   /* several processes may use the port (SO_REUSEADDR), as mdns needs */
    MH_UDP_LOOPBACK = 1u << 1, /* our own multicasts come back */
    MH_UDP_BROADCAST = 1u << 2
};

typedef struct mh_udp_options {
    uint32_t size;
    uint32_t flags; /* MH_UDP_* */
    mh_str address; /* local "ip:port"; ":5353" takes both families where there is IPv6, "[::]:5353" IPv6 alone */
    uint32_t hops;  /* of multicasts; 0: 1 */
    uint32_t reserved;
} mh_udp_options;

typedef struct mh_udp_events {
    uint32_t size;
    uint32_t reserved;
    /* A datagram: from "ip:port", arrived on the interface with that index (0: not known).
     * [owner's loop] [lent: until return] */
    void (*on_datagram)(void *user, mh_udp *u, mh_str from, uint32_t interface_index, mh_seg bytes);
    /* The last call; `u` is gone afterwards. Not after close().
     * [owner's loop] [lent: until return] */
    void (*on_close)(void *user, mh_udp *u, mh_status why, mh_str text);
} mh_udp_events;

typedef struct mh_net_udp {
    uint32_t size;
    uint32_t reserved;

    /* `o` is copied, `e` must stay valid until the socket is closed. The socket belongs to this thread and ends with the module's
     * shard here, or with the module. MH_E_EXISTS: the address is taken; MH_E_DENIED; MH_E_LIMIT: too many sockets;
     * MH_E_UNREACHABLE: this machine has no such address. In a trial no address is taken, nothing comes, and what is sent is lost.
     * [loop] [main] */
    mh_status (*open)(const mh_host *h, const mh_udp_options *o, const mh_udp_events *e, void *user, mh_udp **out);
    /* Sends one datagram to "ip:port"; a multicast, and what goes to a link-local address, leaves by that interface (0: the
     * system's choice). MH_E_BUSY: the socket is full, it is dropped. MH_E_LIMIT: too long. MH_E_UNREACHABLE: no way there.
     * MH_E_GONE: `u` is closed.
     * [owner's loop] [copied] */
    mh_status (*send)(mh_udp *u, mh_str to, uint32_t interface_index, mh_seg bytes);
    /* Joins (`join` 1) or leaves a multicast group on an interface (0: on all that can, and one suffices). Twice is as once.
     * MH_E_NOT_FOUND: no such interface; MH_E_LIMIT: the system allows no more groups.
     * [owner's loop] */
    mh_status (*group)(mh_udp *u, mh_str ip, uint32_t interface_index, uint32_t join);
    /* Calls fn for each address of each interface that is up. `multicast`: 1 when it can; loopback can, within this machine.
     * [loop] [main] [lent: until fn returns] */
    mh_status (*interfaces)(const mh_host *h,
                            void (*fn)(void *user, uint32_t index, mh_str name, mh_str ip, uint32_t multicast), void *user);
    /* "ip:port" of this end.
     * [owner's loop] [lent: until return to the host] */
    mh_status (*local)(mh_udp *u, mh_str *out);
    /* No callback follows.
     * [owner's loop] */
    void (*close)(mh_udp *u);

    /* MH_OK when `from` ("ip" or "ip:port") is in a network that this machine is attached to directly by that interface (0: by
     * any), MH_E_NOT_FOUND when it is not. Changes of the machine's addresses are seen within a second.
     * [loop] [main] */
    mh_status (*on_link)(const mh_host *h, mh_str from, uint32_t interface_index);
} mh_net_udp;

#ifdef __cplusplus
}
#endif
#endif
