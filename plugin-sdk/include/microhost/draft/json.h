/* SPDX-License-Identifier: Apache-2.0 */
/* Read-only JSON for modules that bring no JSON library. Draft. */
#ifndef MICROHOST_DRAFT_JSON_H
#define MICROHOST_DRAFT_JSON_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_JSON "mh.json/1"

enum { MH_JSON_NULL = 0, MH_JSON_BOOL = 1, MH_JSON_NUMBER = 2, MH_JSON_STRING = 3, MH_JSON_ARRAY = 4, MH_JSON_OBJECT = 5 };

typedef struct mh_json_doc mh_json_doc;

typedef struct mh_json {
    uint32_t size;
    uint32_t reserved;

    /* Parses text; the document copies what it needs. MH_E_INVALID for anything that is not one JSON value in valid UTF-8, is
     * nested deeper than 64 levels or has a key twice in one object. Free it with release().
     * [any] */
    mh_status (*parse)(mh_str text, mh_json_doc **out);
    /* [any] */
    void (*release)(mh_json_doc *d);
    /* Lent as long as `d`.
     * [any] */
    const mh_json_value *(*root)(const mh_json_doc *d);

    /* MH_JSON_*. NULL counts as MH_JSON_NULL, here and in all that follow.
     * [any] */
    int32_t (*kind)(const mh_json_value *v);
    /* Member of an object, or NULL.
     * [any] */
    const mh_json_value *(*member)(const mh_json_value *v, mh_str key);
    /* Element of an array, or value of the i-th member of an object, or NULL.
     * [any] */
    const mh_json_value *(*at)(const mh_json_value *v, uint32_t i);
    /* Key of the i-th member of an object; empty otherwise.
     * [any] [lent: as the document] */
    mh_str (*key_at)(const mh_json_value *v, uint32_t i);
    /* Elements of an array, members of an object, else 0.
     * [any] */
    uint32_t (*count)(const mh_json_value *v);

    /* MH_E_INVALID when the value is of another kind, or does not fit.
     * [any] [lent: as the document] */
    mh_status (*string)(const mh_json_value *v, mh_str *out);
    /* [any] */
    mh_status (*integer)(const mh_json_value *v, int64_t *out);
    /* [any] */
    mh_status (*number)(const mh_json_value *v, double *out);
    /* [any] */
    mh_status (*boolean)(const mh_json_value *v, int32_t *out);
} mh_json;

#ifdef __cplusplus
}
#endif
#endif
