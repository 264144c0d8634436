/* SPDX-License-Identifier: Apache-2.0 */
/* The user's terminal: input, size, colours, raw mode. Only in run mode, only for the app in the foreground. Draft.
 *
 * The host restores the terminal however the process ends.
 */
#ifndef MICROHOST_DRAFT_TERMINAL_H
#define MICROHOST_DRAFT_TERMINAL_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_TERMINAL "mh.terminal/1"

enum {
    MH_TTY_IN = 1u << 0,   /* standard input is a terminal */
    MH_TTY_OUT = 1u << 1,  /* standard output is one */
    MH_TTY_ERR = 1u << 2,  /* standard error is one */
    MH_TTY_UTF8 = 1u << 3, /* the locale is UTF-8 */
    MH_TTY_DUMB = 1u << 4  /* TERM=dumb: no cursor movement */
};

/* How many colours; NO_COLOR and pipes make it none. */
enum { MH_COLOUR_NONE = 0, MH_COLOUR_16 = 1, MH_COLOUR_256 = 2, MH_COLOUR_RGB = 3 };

enum { MH_TTY_COOKED = 0, MH_TTY_NO_ECHO = 1 /* lines, for passwords */, MH_TTY_RAW = 2 /* keys as they come, Ctrl-C too */ };

typedef struct mh_terminal_events {
    uint32_t size;
    uint32_t reserved;
    /* Bytes as they came: lines when cooked, keys and escape sequences when raw. Empty: the end of the input.
     * [main] [lent: until return] */
    void (*on_input)(void *user, mh_seg bytes);
    /* The size changed, or the process came back from the background. May be NULL.
     * [main] */
    void (*on_resize)(void *user, uint32_t columns, uint32_t rows);
    /* write() can go on after MH_E_BUSY. May be NULL.
     * [main] */
    void (*on_writable)(void *user);
} mh_terminal_events;

typedef struct mh_terminal {
    uint32_t size;
    uint32_t reserved;

    /* MH_TTY_* bits of what is connected.
     * [main] */
    uint32_t (*flags)(const mh_host *h);
    /* MH_COLOUR_*.
     * [main] */
    int32_t (*colours)(const mh_host *h);
    /* 80 by 24 where it is not known.
     * [main] */
    void (*dimensions)(const mh_host *h, uint32_t *columns, uint32_t *rows);
    /* MH_TTY_COOKED, MH_TTY_NO_ECHO or MH_TTY_RAW. MH_E_UNSUPPORTED when the input is no terminal.
     * [main] */
    mh_status (*mode)(const mh_host *h, int32_t mode);
    /* Begins to read standard input; NULL ends it. Bytes that nobody reads stay where they are. `e` must stay valid until then.
     * [main] */
    mh_status (*read)(const mh_host *h, const mh_terminal_events *e, void *user);
    /* Writes to standard output (`err` 1: standard error), escape sequences as they are. MH_E_BUSY: not taken, over 256 KiB
     * wait. MH_E_GONE: the reader closed the pipe.
     * [main] [copied] */
    mh_status (*write)(const mh_host *h, uint32_t err, mh_seg bytes);
} mh_terminal;

#ifdef __cplusplus
}
#endif
#endif
