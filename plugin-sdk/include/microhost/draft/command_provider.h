/* SPDX-License-Identifier: Apache-2.0 */
/* A command that a module offers. Draft. */
#ifndef MICROHOST_DRAFT_COMMAND_PROVIDER_H
#define MICROHOST_DRAFT_COMMAND_PROVIDER_H

#include <microhost/draft/command.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_COMMAND_PROVIDER "mh.command.provider/1"

typedef struct mh_command_in mh_command_in; /* a running command: a handle, using it after its end answers MH_E_GONE */

/* Contributed with mh_host.contribute(MH_COMMAND_PROVIDER, &command), one descriptor a command. Its name must be new in the
 * process. Where the manifest's `commands` names it too, `microhost NAME` finds the module on the module path; one with
 * MH_COMMAND_HERE then runs in that process, with nothing serving. An argument `output` whose choices are among table, json and
 * raw says how a terminal prints, too. What runs when the module is reloaded goes on in the old generation, which stays until then. */
typedef struct mh_command_provider {
    uint32_t size;
    uint32_t reserved;
    mh_command_info info; /* `module` is filled in by the host */
    void *user;

    /* Runs it: put out rows, text or JSON, then call end(). The arguments are checked already. On [main] end() may come later,
     * on a worker before run returns. A negative status, after host->error(), ends it at once.
     * [main, or worker as the flags say] */
    mh_status (*run)(void *user, mh_command_in *in);
    /* Nobody waits any more: the caller left (MH_E_CANCELLED), or the deadline passed (MH_E_TIMEOUT). `in` is gone: do not call
     * end(). When this is NULL, and on a worker, where it is not called, output answers MH_E_GONE and end() is still due.
     * [main] */
    void (*on_cancel)(void *user, mh_command_in *in, mh_status why);
    /* Output can go on after MH_E_BUSY. May be NULL: then it is refused with MH_E_BUSY until it happens to have room.
     * [main] */
    void (*on_writable)(void *user, mh_command_in *in);
    /* Offers values for an argument that begin with `prefix`: call candidate() for each, then return. May be NULL.
     * [main] [lent: until return] */
    void (*complete)(void *user, mh_str arg, mh_str prefix, void (*candidate)(void *to, mh_str word, mh_str summary), void *to);
} mh_command_provider;

#define MH_COMMAND_OUTPUT "mh.command.output/1"

/* Every output answers MH_E_BUSY when the receiver is slow (it is not taken; on_writable follows, a worker blocks instead),
 * MH_E_GONE when nobody waits any more, and MH_E_LIMIT for one of more than 1 MiB. */
typedef struct mh_command_output {
    uint32_t size;
    uint32_t reserved;

    /* An argument as text, as given or by default; MH_E_NOT_FOUND. The i-th of a repeated one.
     * [thread of run] [lent: until end] */
    mh_status (*arg)(mh_command_in *in, mh_str name, uint32_t i, mh_str *out);
    /* An argument by its type: whole numbers, bools, durations, sizes, times.
     * [thread of run] */
    mh_status (*arg_integer)(mh_command_in *in, mh_str name, int64_t *out);
    /* A whole number or one with a fraction.
     * [thread of run] */
    mh_status (*arg_number)(mh_command_in *in, mh_str name, double *out);
    /* Who asks; NULL for nobody.
     * [thread of run] [lent: until end] */
    const mh_principal *(*principal)(mh_command_in *in);
    /* One MH_SURFACE_* bit: for what makes sense on a terminal only.
     * [thread of run] */
    uint32_t (*surface)(mh_command_in *in);
    /* Milliseconds until the deadline; UINT32_MAX without one.
     * [thread of run] */
    uint32_t (*time_left_ms)(mh_command_in *in);
    /* A private pointer for this run, NULL at first.
     * [thread of run] */
    void **(*slot)(mh_command_in *in);

    /* Once, before the first row.
     * [thread of run] [copied] */
    mh_status (*columns)(mh_command_in *in, const mh_str *names, uint32_t n);
    /* As many cells as columns.
     * [thread of run] [copied] */
    mh_status (*row)(mh_command_in *in, const mh_cell *cells, uint32_t n);
    /* [thread of run] [copied] */
    mh_status (*text)(mh_command_in *in, mh_str text);
    /* One whole JSON value.
     * [thread of run] [copied] */
    mh_status (*json)(mh_command_in *in, mh_str json);
    /* The command is done: `in` is gone. MH_OK, 0 and an empty text; or why not, in one line. A failure with exit code 0 exits
     * with 1. Never refused with MH_E_BUSY.
     * [thread of run] [copied] */
    mh_status (*end)(mh_command_in *in, mh_status s, int32_t exit_code, mh_str error);
    /* A line for the person who asked that is no part of the result: what a short name stands for, where was looked. A terminal
     * shows it on standard error, a script that reads the result never meets it. Without its line end.
     * [thread of run] [copied] */
    mh_status (*note)(mh_command_in *in, mh_str line);
} mh_command_output;

#ifdef __cplusplus
}
#endif
#endif
