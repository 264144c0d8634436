/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are read and watched without blocking a loop. Draft. */
#ifndef MICROHOST_DRAFT_FILE_H
#define MICROHOST_DRAFT_FILE_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_FILE "mh.file/1"

typedef struct mh_file {
    uint32_t size;
    uint32_t reserved;

    /* Watches a file by path and calls fn at once and after each change with its whole content, or with MH_E_NOT_FOUND,
     * MH_E_IO, MH_E_LIMIT (over 16 MiB) and no bytes. Replacement by rename is seen; half-written files are read again once they
     * are closed. The first call happens before watch returns. `*out` is for unwatch; watches end with the module.
     * [main] */
    mh_status (*watch)(const mh_host *h, const char *path, void (*fn)(void *user, mh_status s, mh_seg content), void *user,
                       mh_token *out);
    /* [main] */
    mh_status (*unwatch)(mh_token t);
} mh_file;

#ifdef __cplusplus
}
#endif
#endif
