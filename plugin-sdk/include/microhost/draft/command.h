/* SPDX-License-Identifier: Apache-2.0 */
/* Commands: one definition that the terminal, a chat, the browser and a remote caller all run. Draft.
 *
 * A command is known by name ("services list" is the command "services" with the sub-command "list"), takes typed arguments and
 * streams rows, text or JSON until it ends.
 */
#ifndef MICROHOST_DRAFT_COMMAND_H
#define MICROHOST_DRAFT_COMMAND_H

#include <microhost/http_request.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_COMMAND "mh.command/1"

/* Where commands are offered; a mask, 0 is all. */
enum {
    MH_SURFACE_TERMINAL = 1u << 0,
    MH_SURFACE_CHAT = 1u << 1,
    MH_SURFACE_BROWSER = 1u << 2,
    MH_SURFACE_REMOTE = 1u << 3,
    MH_SURFACE_ALL = 0xfu
};

/* Type of an argument or a cell. Durations are milliseconds, sizes bytes, times milliseconds since 1970. */
enum {
    MH_TYPE_TEXT = 0,
    MH_TYPE_INTEGER = 1,
    MH_TYPE_NUMBER = 2,
    MH_TYPE_BOOL = 3,
    MH_TYPE_DURATION = 4,
    MH_TYPE_SIZE = 5,
    MH_TYPE_TIME = 6,
    MH_TYPE_JSON = 7, /* `text` is JSON */
    MH_TYPE_NULL = 8  /* a cell without a value */
};

enum {
    MH_ARG_REQUIRED = 1u << 0,
    MH_ARG_POSITIONAL = 1u << 1, /* given by place, not as --name */
    MH_ARG_REPEATED = 1u << 2,   /* may be given more than once; a positional one takes the rest */
    MH_ARG_SECRET = 1u << 3,     /* never logged, asked for without echo */
    /* A value that begins with @ names a file and - is standard input: the terminal reads it, wherever the command runs, and the
     * command gets the content, at most 4 MiB. On other surfaces the text is taken as it is. */
    MH_ARG_FILE = 1u << 4
};

/* An argument or flag. Stands in arrays with a stride. */
typedef struct mh_command_arg {
    const char *name;
    const char *summary;
    const char *value;   /* default as text, or NULL */
    const char *choices; /* "table|json|yaml", "@service", "@endpoint", "@module" (what the host knows), or NULL */
    int32_t type;        /* MH_TYPE_* */
    uint32_t flags;      /* MH_ARG_* */
} mh_command_arg;

enum {
    MH_COMMAND_BLOCKING = 1u << 0, /* runs on a worker */
    MH_COMMAND_HERE = 1u << 1      /* from afar it still runs in the caller's process, on that registry (list, call, stream);
                                      default: in the serving process (modules, top, logs) */
};

/* A command as it is listed. Names are words of lower case letters, digits and "-" with one space between them; names of
 * arguments have "_" beside that, and "-" and "_" are the same there. */
typedef struct mh_command_info {
    uint32_t size;
    uint32_t surfaces; /* MH_SURFACE_* */
    uint32_t flags;    /* MH_COMMAND_* */
    uint32_t n_args;
    const char *name;
    const char *summary;  /* one line */
    const char *help;     /* more, or NULL */
    const char *examples; /* command lines, one a line, or NULL */
    const char *role;     /* "viewer", "operator", "admin", or NULL: everybody */
    const char *module;   /* id of the owner; "" for the host */
    const mh_command_arg *args;
    uint32_t stride; /* sizeof(mh_command_arg) */
    uint32_t reserved;
} mh_command_info;

/* A typed cell of a row. `text` is always what a person reads; the number that the type needs is beside it. Frozen with the
 * interface: it stands in arrays. */
typedef struct mh_cell {
    int32_t type; /* MH_TYPE_* */
    uint32_t flags;
    int64_t integer; /* integer, boolean, duration, size, time */
    double number;
    mh_str text;
} mh_cell;

typedef struct mh_command_sink {
    uint32_t size;
    uint32_t reserved;
    /* Names of the columns; at most once, before the first row.
     * [thread of run] [lent: until return] */
    void (*on_columns)(void *user, const mh_str *names, uint32_t n);
    /* [thread of run] [lent: until return] */
    void (*on_row)(void *user, const mh_cell *cells, uint32_t n);
    /* A piece of text, with its own line ends.
     * [thread of run] [lent: until return] */
    void (*on_text)(void *user, mh_str text);
    /* One whole JSON value.
     * [thread of run] [lent: until return] */
    void (*on_json)(void *user, mh_str json);
    /* The last call. `exit_code` as a process would; `error` is one line, empty when all went well.
     * [thread of run] [lent: until return] */
    void (*on_end)(void *user, mh_status s, int32_t exit_code, mh_str error);
    /* A line for the person who asked, beside the result: standard error in a terminal. May be NULL: it is dropped.
     * [thread of run] [lent: until return] */
    void (*on_note)(void *user, mh_str line);
} mh_command_sink;

typedef struct mh_command_run {
    uint32_t size;
    uint32_t surface; /* one MH_SURFACE_* bit */
    mh_str name;      /* the command; or empty, and `line` is the whole command line, quoted as in a shell */
    mh_str line;
    const mh_kv *args; /* name and value as text; positional ones by their name, repeated ones more than once */
    uint32_t n_args;
    uint32_t timeout_ms;           /* 0: no deadline */
    const mh_principal *principal; /* who asks; NULL: nobody, so only commands without a role */
} mh_command_run;

typedef struct mh_command {
    uint32_t size;
    uint32_t reserved;

    /* Calls fn for each command that this principal may run on that surface, sorted by name. `p` may be NULL: nobody.
     * [main] [lent: until fn returns] */
    mh_status (*each)(const mh_host *h, const mh_principal *p, uint32_t surface,
                      void (*fn)(void *user, const mh_command_info *i), void *user);
    /* Calls fn for each word that could stand at byte `cursor` of `line`, best first, then once with an empty word: the end.
     * Candidates may come later (those of a service that is asked): on the calling thread, within 500 ms.
     * [main] [lent: until fn returns] */
    mh_status (*complete)(const mh_host *h, const mh_principal *p, uint32_t surface, mh_str line, uint32_t cursor,
                          void (*fn)(void *user, mh_str word, mh_str summary), void *user);
    /* Starts a command; everything in `r` is copied, `sink` too. MH_E_NOT_FOUND: no such command, MH_E_DENIED: the role is
     * missing, MH_E_INVALID: an argument is wrong; then the sink is not called, and fault() says why. Otherwise on_end comes
     * exactly once, unless cancel() was called; nothing comes before run has returned.
     * [main] [loop] */
    mh_status (*run)(const mh_host *h, const mh_command_run *r, const mh_command_sink *sink, void *user, mh_token *out);
    /* Why the last run() on this thread was refused: one line for whoever asked.
     * [main] [loop] [lent: until the next run] */
    mh_str (*fault)(const mh_host *h);
    /* Ends it; the sink is not called again. MH_E_GONE when it is over.
     * [thread of run] */
    mh_status (*cancel)(mh_token t);
    /* The receiver is slow (0): the sink is not called until flow(t, 1). Meanwhile 64 KiB are kept, then the command's output
     * is refused with MH_E_BUSY. MH_E_GONE when it is over.
     * [thread of run] */
    mh_status (*flow)(mh_token t, uint32_t go);
} mh_command;

#ifdef __cplusplus
}
#endif
#endif
