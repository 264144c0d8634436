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
    /* SIGINT while the terminal is not raw, SIGTERM, or a hang-up: MH_E_CANCELLED or MH_E_GONE. Call exit() soon; a second
     * signal ends the process. NULL: the process ends with 130 or 143.
     * [main] */
    void (*on_interrupt)(void *user, mh_status why);
} mh_app;

#define MH_APP_CONTROL "mh.app.control/1"

typedef struct mh_app_control {
    uint32_t size;
    uint32_t reserved;

    /* Ends the process in order, with this exit code (0..125). What was written to the terminal is flushed, the terminal is as
     * it was before.
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
} mh_app_control;

#ifdef __cplusplus
}
#endif
#endif
