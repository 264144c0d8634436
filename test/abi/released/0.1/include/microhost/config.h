/* SPDX-License-Identifier: Apache-2.0 */
/* The module's or filter instance's own configuration: validated against the manifest's schema, defaults filled in. Frozen.
 *
 * The typed getters spare a C plugin any JSON library. A `path` is a key, or keys joined with "." ("tls.cert_file").
 */
#ifndef MICROHOST_CONFIG_H
#define MICROHOST_CONFIG_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_CONFIG "mh.config/1"

typedef struct mh_config_api {
    uint32_t size;
    uint32_t reserved;

    /* The module's own configuration (its object under `modules`). Valid until the next commit of a config sink has
     * returned, or destroy().
     * [main] */
    const mh_config *(*module)(const mh_host *h);

    /* Getters. MH_E_NOT_FOUND when there is neither a value nor a default, MH_E_INVALID when the value has another type;
     * `out` is untouched then. Strings are lent as long as `c` is.
     * [any] */
    mh_status (*string)(const mh_config *c, const char *path, mh_str *out);
    /* Whole numbers. [any] */
    mh_status (*integer)(const mh_config *c, const char *path, int64_t *out);
    /* Any number. [any] */
    mh_status (*number)(const mh_config *c, const char *path, double *out);
    /* 0 or 1. [any] */
    mh_status (*boolean)(const mh_config *c, const char *path, int32_t *out);
    /* "10s", "500ms", "1m", or a number of seconds; in milliseconds.
     * [any] */
    mh_status (*duration_ms)(const mh_config *c, const char *path, uint64_t *out);
    /* Number of elements of an array, and its i-th string.
     * [any] */
    mh_status (*count)(const mh_config *c, const char *path, uint32_t *out);
    /* [any] */
    mh_status (*string_at)(const mh_config *c, const char *path, uint32_t index, mh_str *out);
    /* The whole object for the json interface.
     * [any] */
    const mh_json_value *(*json)(const mh_config *c);
} mh_config_api;

#define MH_CONFIG_SINK "mh.config.sink/1"

/* Module side, through mh_module.get: takes a changed configuration while running, in two phases, so that either all modules
 * take it or none does. A module without a sink keeps its configuration until it is reloaded. */
typedef struct mh_config_sink {
    uint32_t size;
    uint32_t reserved;

    /* Checks and prepares without effect. `c` stays valid until commit or abort, and after commit until the next one.
     * [main] */
    mh_status (*prepare)(const mh_module *m, const mh_config *c, void **cookie);
    /* Takes it. Cannot fail.
     * [main] */
    void (*commit)(const mh_module *m, void *cookie);
    /* Drops it.
     * [main] */
    void (*abort)(const mh_module *m, void *cookie);
} mh_config_sink;

#ifdef __cplusplus
}
#endif
#endif
