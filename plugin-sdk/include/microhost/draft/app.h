/* SPDX-License-Identifier: Apache-2.0 */
/* The foreground of the process in run mode: `microhost VERB ...` with a module that owns the terminal until it is done. Draft.
 *
 * In serve mode no app runs. A verb that only prints is a command (command_provider.h), not an app.
 */
#ifndef MICROHOST_DRAFT_APP_H
#define MICROHOST_DRAFT_APP_H

#include <microhost/http_request.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_APP "mh.app/1"

/* Contributed with mh_host.contribute(MH_APP, &app) in create() or start(). */
typedef struct mh_app {
    uint32_t size;
    uint32_t flags;      /* 0 */
    const char *verb;    /* "cli"; the manifest's `commands` names it too, so that the host finds the module */
    const char *summary; /* one line */
    void *user;

    /* Begins. `args` are the words after the verb that are no flags of the module. Return MH_OK and go on from callbacks until
     * MH_APP_CONTROL's exit(); a negative status, after host->error(), ends the process with exit code 1 (MH_E_INVALID: 2).
     * [main] [lent: until return] */
    mh_status (*run)(void *user, const mh_str *args, uint32_t n);
    /* SIGINT while the terminal is not raw: MH_E_CANCELLED, as often as it comes; one that comes while run_line() runs is that
     * process's, not told here. SIGTERM or a hang-up: MH_E_GONE; call exit() soon, the process then ends with 128 + the signal
     * whatever the code; a second such signal ends it at once. NULL: the process ends with 130, 143 or 129.
     * [main] */
    void (*on_interrupt)(void *user, mh_status why);
} mh_app;

#define MH_APP_CONTROL "mh.app.control/1"

typedef struct mh_app_control {
    uint32_t size;
    uint32_t reserved;

    /* Ends the process in order, with this exit code (0..255; any other is 1). What was written to the terminal is flushed, the
     * terminal is as it was before. A line that runs is ended first, and is not told of.
     * [main] */
    void (*exit)(const mh_host *h, int32_t code);
    /* Who sits at the terminal: the user that runs the process, an admin of this process; on a remote the one whose credential
     * is used.
     * [main] [lent: until destroy] */
    const mh_principal *(*principal)(const mh_host *h);
    /* "https://host:8081" or an instance's name when the user asked to work on another process (--remote), else empty.
     * [main] [lent: until destroy] */
    mh_str (*remote)(const mh_host *h);
    /* A folder that belongs to the user for this module's files (history, ...), made when needed; empty when there is none.
     * [main] [lent: until destroy] */
    mh_str (*state_dir)(const mh_host *h);
    /* Runs `microhost FLAGS WORDS...` as a process of its own, with the same standard streams, environment and folder; FLAGS are
     * those before the verb of this process. on_end(user, status) comes once, on [main], unless exit() was called: its exit
     * status, or 128 + the signal that ended it. Until then leave the terminal alone, and do not read standard input; afterwards
     * the terminal's mode is as it was at the call. Ctrl-C is for that process, and so is a SIGINT sent to this one; SIGTERM and a
     * hang-up of this one end both. MH_E_BUSY: one is running; MH_E_INVALID: no word is a verb, or one holds a NUL;
     * MH_E_LIMIT: more words than the system takes; MH_E_IO: the process could not be made. on_end is not called then.
     * [main] [copied] */
    mh_status (*run_line)(const mh_host *h, const mh_str *words, uint32_t n, void (*on_end)(void *user, int32_t status),
                          void *user);
    /* What a shell's completion would offer at byte `cursor` of `line`, which is what follows `microhost FLAGS`, quoted as in a
     * shell: fn(user, word) for each, sorted, bare of quotes, then once with an empty word: the end. Later, on [main], within
     * 500 ms: what did not come in time is left out. Nothing comes after exit(). MH_E_INVALID: the cursor is behind the line's
     * end; MH_E_LIMIT: the line is longer than 64 KiB, or 8 are asked already; MH_E_IO: there is no process to ask.
     * [main] [copied, words lent: until fn returns] */
    mh_status (*complete)(const mh_host *h, mh_str line, uint32_t cursor, void (*fn)(void *user, mh_str word), void *user);
} mh_app_control;

#ifdef __cplusplus
}
#endif
#endif
