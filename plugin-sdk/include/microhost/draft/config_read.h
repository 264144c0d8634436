/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration that is in force, with the origin of each value. Secrets are masked. Draft. */
#ifndef MICROHOST_DRAFT_CONFIG_READ_H
#define MICROHOST_DRAFT_CONFIG_READ_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_CONFIG_READ "mh.config.read/1"

/* Where a value comes from. */
enum { MH_ORIGIN_DEFAULT = 0, MH_ORIGIN_FILE = 1, MH_ORIGIN_ENVIRONMENT = 2, MH_ORIGIN_FLAG = 3 };

enum {
    MH_CONFIG_SECRET = 1u << 0, /* the value is masked: `json` is "***", and there is no default */
    MH_CONFIG_LIVE = 1u << 1    /* a reload of the config suffices to change it */
};

typedef struct mh_config_value {
    uint32_t size;
    uint32_t flags;      /* MH_CONFIG_* bits */
    mh_str path;         /* "modules.api.address"; a key with a "." or a quote in it stands in JSON's quotes: modules."a.b".x */
    mh_str json;         /* the value as JSON; an array is one value */
    mh_str doc;          /* its description in the schema, or empty */
    mh_str default_json; /* empty when there is none */
    int32_t origin;      /* MH_ORIGIN_* */
    uint32_t reserved;
    mh_str source; /* "--api_address", "MICRO_API_ADDRESS", "file:line", or empty */
} mh_config_value;

typedef struct mh_config_read {
    uint32_t size;
    uint32_t reserved;

    /* Calls fn for each value at or below `prefix` (empty: all), sorted by path. MH_E_NOT_FOUND: there is nothing at `prefix`;
     * MH_E_INVALID: it is no path. After a change the topic "microhost.config.committed" is told (mh.event).
     * [main] [lent: until fn returns] */
    mh_status (*each)(const mh_host *h, mh_str prefix, void (*fn)(void *user, const mh_config_value *v), void *user);
} mh_config_read;

#ifdef __cplusplus
}
#endif
#endif
