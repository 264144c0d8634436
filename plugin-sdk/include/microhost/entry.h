/* SPDX-License-Identifier: Apache-2.0 */
/* The one symbol that a module exports, and the manifest beside it. Frozen.
 *
 *     static mh_status create(const mh_host *host, const mh_module **out);
 *     MH_MODULE(MH_MANIFEST({"id": "com.acme.stamp", "version": "1.0.0", "abi": {"epoch": 1},
 *                            "requires": ["mh.http.request/1"], "filters": [{"name": "stamp", "phase": "response"}]}),
 *               create)
 *
 * Rationale for a data symbol: tools and the host read and compare it before any code of the module runs. Rationale for the
 * ELF section: `strip` keeps it, so the manifest of any file can be read without opening it as a library.
 *
 * Manifest, JSON, at most 64 KiB. Unknown keys are ignored, except under `requires`.
 *   id        required, [a-z][a-z0-9-]* for ours, reverse domain (com.acme.name) for everybody else
 *   version   required, semver
 *   abi       required, {"epoch": 1}
 *   summary, license, homepage   text
 *   requires  interface ids without which the module cannot work, or "module:ID"
 *   optional  interface ids that it uses when they are there
 *   provides  interface ids or names that others may require
 *   config_schema   JSON schema (draft-04 subset) of the module's own object under `modules`; each property may have
 *             "x-flags": ["api_address"] (further names on the command line and, upper-cased with MICRO_ in front, in the
 *             environment), "x-live": true (a reload of the config suffices), "x-secret": true (never printed)
 *   filter_schema   the same for each of its filter instances; absent: config_schema
 *   filters   [{"name", "phase", "after": [], "before": [], "on_error": "closed|open|skip"}]
 *   commands  [{"name", "summary"}]
 *   reload    {"state_schema": 1, "accepts": [1]}
 *   pages     [{"title", "command" or "path", "refresh_s"}]: what dashboards show of it
 *   kv        {"durable": true}: what it keeps in mh.kv outlives the process
 *   background   true: it works without a listener, so with it alone the process serves
 */
#ifndef MICROHOST_ENTRY_H
#define MICROHOST_ENTRY_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_MAGIC 0x314d484du      /* "MHM1" */
#define MH_ABI_EPOCH 1u           /* the only hard gate, meant to stay 1 */
#define MH_HEADER_VERSION 202611u /* year and month of the headers; diagnostic only */

typedef struct mh_module_entry_t {
    uint32_t magic;
    uint32_t abi_epoch;
    uint32_t size;
    uint32_t header_version;
    const char *manifest_json; /* the same bytes as the section .mh_manifest, NUL-terminated */

    /* Makes the module: resolve interfaces, allocate. Fast; no I/O, no thread. On failure call host->error() and return a
     * negative status. `*out` stays the module's and valid until destroy().
     * [main] */
    mh_status (*create)(const mh_host *host, const mh_module **out);
} mh_module_entry_t;

extern MH_EXPORT const mh_module_entry_t mh_module_entry;

#ifdef __cplusplus
}
#define MH_EXTERN_C extern "C"
#else
#define MH_EXTERN_C
#endif

/* JSON as it is, without a backslash before each quote: MH_MANIFEST({"id": "stamp", "version": "1.0.0"}). No apostrophes. */
#define MH_MANIFEST(...) #__VA_ARGS__

/* Defines the manifest and the entry. Once per shared object, at file scope. */
#define MH_MODULE(manifest, create_fn)                                                              \
    static const char mh_manifest_text[] __attribute__((section(".mh_manifest"), used)) = manifest; \
    MH_EXTERN_C MH_EXPORT const mh_module_entry_t mh_module_entry = {                               \
        MH_MAGIC, MH_ABI_EPOCH, sizeof(mh_module_entry_t), MH_HEADER_VERSION, mh_manifest_text, create_fn};

#endif
