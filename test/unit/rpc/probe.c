/* SPDX-License-Identifier: Apache-2.0 */
/* A module that does nothing: tests need a generation to hang services on. */
#include <microhost/entry.h>

static void destroy(const mh_module* m) { (void)m; }
static const mh_module probe = {sizeof(mh_module), 0, NULL, NULL, NULL, NULL, NULL, destroy, NULL};

static mh_status create(const mh_host* host, const mh_module** out) {
    (void)host;
    *out = &probe;
    return MH_OK;
}

MH_MODULE("{\"id\":\"rpc-probe\",\"version\":\"1.2.3\",\"abi\":{\"epoch\":1}}", create)
