/* SPDX-License-Identifier: Apache-2.0 */
/* The frozen part of the border as it was released: layout, types, numbers, ids. Never edit a line here: what is frozen does not
 * change. New members of a table, new values and new interfaces get new lines, when they are released.
 *
 * The numbers are those of 64-bit Linux (x86-64, aarch64).
 */
#include <microhost/microhost.h>
#include <stddef.h>

/* clang-format off */

/* A value type stands in arrays: its size is for ever. A table may have grown at its end. */
#define VALUE_TYPE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)
#define TABLE(type, bytes) \
    _Static_assert(sizeof(type) >= (bytes) && offsetof(type, size) == 0 && sizeof(((type *)0)->size) == 4, #type)
#define ENTRY(type, bytes) _Static_assert(sizeof(type) >= (bytes), #type)
#define MEMBER(type, name, offset, ...)                                                                         \
    _Static_assert(offsetof(type, name) == (offset) &&                                                          \
                       __builtin_types_compatible_p(__typeof__(((type *)0)->name), __typeof__(__VA_ARGS__)), \
                   #type "." #name)
#define NUMBER(name, value) _Static_assert((name) == (value), #name)
#define ID(name, text) _Static_assert(__builtin_strcmp(name, text) == 0, #name)

_Static_assert(sizeof(void *) == 8 && sizeof(size_t) == 8, "the numbers below are those of LP64");
NUMBER(sizeof(mh_status), 4);
NUMBER(sizeof(mh_token), 8);
NUMBER(sizeof(mh_verdict), 4);

/* ---- base.h */

NUMBER(MH_OK, 0);
NUMBER(MH_PENDING, 1);
NUMBER(MH_E_UNSUPPORTED, -1);
NUMBER(MH_E_INVALID, -2);
NUMBER(MH_E_NOMEM, -3);
NUMBER(MH_E_GONE, -4);
NUMBER(MH_E_TIMEOUT, -5);
NUMBER(MH_E_CANCELLED, -6);
NUMBER(MH_E_LIMIT, -7);
NUMBER(MH_E_DENIED, -8);
NUMBER(MH_E_BUSY, -9);
NUMBER(MH_E_WRONG_THREAD, -10);
NUMBER(MH_E_PANIC, -11);
NUMBER(MH_E_IO, -12);
NUMBER(MH_E_EXISTS, -13);
NUMBER(MH_E_NOT_FOUND, -14);
NUMBER(MH_E_UNAVAILABLE, -15);
NUMBER(MH_E_UNREACHABLE, -16);

VALUE_TYPE(mh_str, 16);
MEMBER(mh_str, ptr, 0, const char *);
MEMBER(mh_str, len, 8, size_t);

VALUE_TYPE(mh_seg, 16);
MEMBER(mh_seg, ptr, 0, const uint8_t *);
MEMBER(mh_seg, len, 8, size_t);

VALUE_TYPE(mh_kv, 32);
MEMBER(mh_kv, key, 0, mh_str);
MEMBER(mh_kv, val, 16, mh_str);

VALUE_TYPE(mh_header, 40);
MEMBER(mh_header, name, 0, mh_str);
MEMBER(mh_header, value, 16, mh_str);
MEMBER(mh_header, id, 32, uint32_t);
MEMBER(mh_header, flags, 36, uint32_t);

/* ---- core.h */

NUMBER(MH_MODULE_PINNED, 1);
NUMBER(MH_MODULE_NO_RELOAD, 2);
NUMBER(MH_MODULE_SPAWNS_THREADS, 4);

TABLE(mh_host, 64);
MEMBER(mh_host, size, 0, uint32_t);
MEMBER(mh_host, abi_epoch, 4, uint32_t);
MEMBER(mh_host, name, 8, const char *);
MEMBER(mh_host, version, 16, const char *);
MEMBER(mh_host, impl, 24, void *);
MEMBER(mh_host, get, 32, const void * (*)(const struct mh_host *h, const char *interface_id));
MEMBER(mh_host, contribute, 40, mh_status (*)(const struct mh_host *h, const char *point_id, const void *descriptor));
MEMBER(mh_host, publish, 48, mh_status (*)(const struct mh_host *h));
MEMBER(mh_host, error, 56, void (*)(const struct mh_host *h, mh_status code, mh_str where, mh_str text));

TABLE(mh_module, 64);
MEMBER(mh_module, size, 0, uint32_t);
MEMBER(mh_module, flags, 4, uint32_t);
MEMBER(mh_module, impl, 8, void *);
MEMBER(mh_module, start, 16, mh_status (*)(const struct mh_module *m));
MEMBER(mh_module, shard_create, 24, void * (*)(const struct mh_module *m, uint32_t loop));
MEMBER(mh_module, shard_destroy, 32, void (*)(const struct mh_module *m, void *shard));
MEMBER(mh_module, drain, 40, void (*)(const struct mh_module *m, uint64_t deadline_ns));
MEMBER(mh_module, destroy, 48, void (*)(const struct mh_module *m));
MEMBER(mh_module, get, 56, const void * (*)(const struct mh_module *m, const char *interface_id));

/* ---- entry.h */

NUMBER(MH_MAGIC, 0x314d484du);
NUMBER(MH_ABI_EPOCH, 1u);

ENTRY(mh_module_entry_t, 32);
MEMBER(mh_module_entry_t, magic, 0, uint32_t);
MEMBER(mh_module_entry_t, abi_epoch, 4, uint32_t);
MEMBER(mh_module_entry_t, size, 8, uint32_t);
MEMBER(mh_module_entry_t, header_version, 12, uint32_t);
MEMBER(mh_module_entry_t, manifest_json, 16, const char *);
MEMBER(mh_module_entry_t, create, 24, mh_status (*)(const mh_host *host, const mh_module **out));

/* ---- log.h */

ID(MH_LOG, "mh.log/1");
NUMBER(MH_LOG_DEBUG, 0);
NUMBER(MH_LOG_INFO, 1);
NUMBER(MH_LOG_WARN, 2);
NUMBER(MH_LOG_ERROR, 3);

TABLE(mh_log, 32);
MEMBER(mh_log, size, 0, uint32_t);
MEMBER(mh_log, reserved, 4, uint32_t);
MEMBER(mh_log, level, 8, int32_t (*)(const mh_host *h));
MEMBER(mh_log, write, 16, void (*)(const mh_host *h, int32_t level, mh_str text, const mh_kv *fields, uint32_t n));
MEMBER(mh_log, write_req, 24, void (*)(const mh_host *h, mh_req *r, int32_t level, mh_str text, const mh_kv *fields, uint32_t n));

/* ---- config.h */

ID(MH_CONFIG, "mh.config/1");
ID(MH_CONFIG_SINK, "mh.config.sink/1");

TABLE(mh_config_api, 80);
MEMBER(mh_config_api, size, 0, uint32_t);
MEMBER(mh_config_api, reserved, 4, uint32_t);
MEMBER(mh_config_api, module, 8, const mh_config * (*)(const mh_host *h));
MEMBER(mh_config_api, string, 16, mh_status (*)(const mh_config *c, const char *path, mh_str *out));
MEMBER(mh_config_api, integer, 24, mh_status (*)(const mh_config *c, const char *path, int64_t *out));
MEMBER(mh_config_api, number, 32, mh_status (*)(const mh_config *c, const char *path, double *out));
MEMBER(mh_config_api, boolean, 40, mh_status (*)(const mh_config *c, const char *path, int32_t *out));
MEMBER(mh_config_api, duration_ms, 48, mh_status (*)(const mh_config *c, const char *path, uint64_t *out));
MEMBER(mh_config_api, count, 56, mh_status (*)(const mh_config *c, const char *path, uint32_t *out));
MEMBER(mh_config_api, string_at, 64, mh_status (*)(const mh_config *c, const char *path, uint32_t index, mh_str *out));
MEMBER(mh_config_api, json, 72, const mh_json_value * (*)(const mh_config *c));

TABLE(mh_config_sink, 32);
MEMBER(mh_config_sink, size, 0, uint32_t);
MEMBER(mh_config_sink, reserved, 4, uint32_t);
MEMBER(mh_config_sink, prepare, 8, mh_status (*)(const mh_module *m, const mh_config *c, void **cookie));
MEMBER(mh_config_sink, commit, 16, void (*)(const mh_module *m, void *cookie));
MEMBER(mh_config_sink, abort, 24, void (*)(const mh_module *m, void *cookie));

/* ---- http_request.h */

ID(MH_HTTP_REQUEST, "mh.http.request/1");
NUMBER(MH_DIR_REQUEST, 0);
NUMBER(MH_DIR_RESPONSE, 1);
NUMBER(MH_EDIT_SET, 0);
NUMBER(MH_EDIT_ADD, 1);
NUMBER(MH_EDIT_REMOVE, 2);
NUMBER(MH_ATTR_METHOD, 1);
NUMBER(MH_ATTR_PATH, 2);
NUMBER(MH_ATTR_QUERY, 3);
NUMBER(MH_ATTR_AUTHORITY, 4);
NUMBER(MH_ATTR_SCHEME, 5);
NUMBER(MH_ATTR_CLIENT_IP, 6);
NUMBER(MH_ATTR_PEER_IP, 7);
NUMBER(MH_ATTR_LISTENER, 8);
NUMBER(MH_ATTR_REQUEST_ID, 9);
NUMBER(MH_ATTR_TRACEPARENT, 10);
NUMBER(MH_ATTR_TLS_SNI, 11);
NUMBER(MH_ATTR_TLS_SUBJECT, 12);
NUMBER(MH_ATTR_VERSION, 13);
NUMBER(MH_ATTR_ROUTE, 14);
NUMBER(MH_REQ_TLS, 1);
NUMBER(MH_REQ_TRUSTED_PEER, 2);
NUMBER(MH_REQ_UPGRADE, 4);
NUMBER(MH_REQ_HAS_BODY, 8);
NUMBER(MH_REQ_ANSWERED, 16);
NUMBER(MH_V_CONTINUE, 0);
NUMBER(MH_V_PENDING, 1);
NUMBER(MH_V_RESPOND, 2);
NUMBER(MH_V_DETACH, 3);
NUMBER(MH_V_FAIL, -1);

TABLE(mh_principal, 64);
MEMBER(mh_principal, size, 0, uint32_t);
MEMBER(mh_principal, n_roles, 4, uint32_t);
MEMBER(mh_principal, subject, 8, mh_str);
MEMBER(mh_principal, issuer, 24, mh_str);
MEMBER(mh_principal, roles, 40, const mh_str *);
MEMBER(mh_principal, claims, 48, const mh_kv *);
MEMBER(mh_principal, n_claims, 56, uint32_t);
MEMBER(mh_principal, reserved, 60, uint32_t);

TABLE(mh_http_request, 216);
MEMBER(mh_http_request, size, 0, uint32_t);
MEMBER(mh_http_request, reserved, 4, uint32_t);
MEMBER(mh_http_request, header, 8, mh_status (*)(mh_req *r, uint32_t dir, uint32_t id, mh_str *out));
MEMBER(mh_http_request, header_named, 16, mh_status (*)(mh_req *r, uint32_t dir, mh_str name, mh_str *out));
MEMBER(mh_http_request, headers, 24, mh_status (*)(mh_req *r, uint32_t dir, const mh_header **out, uint32_t *n));
MEMBER(mh_http_request, header_edit, 32, mh_status (*)(mh_req *r, uint32_t dir, uint32_t op, mh_str name, mh_str value));
MEMBER(mh_http_request, attr, 40, mh_status (*)(mh_req *r, uint32_t attr, mh_str *out));
MEMBER(mh_http_request, flags, 48, uint32_t (*)(mh_req *r));
MEMBER(mh_http_request, status, 56, uint32_t (*)(mh_req *r));
MEMBER(mh_http_request, rewrite, 64, mh_status (*)(mh_req *r, mh_str path, mh_str query));
MEMBER(mh_http_request, route_set, 72, mh_status (*)(mh_req *r, mh_str route));
MEMBER(mh_http_request, respond, 80, mh_status (*)(mh_req *r, uint32_t status, const mh_kv *headers, uint32_t n, const mh_seg *body, uint32_t n_body));
MEMBER(mh_http_request, alloc, 88, void * (*)(mh_req *r, size_t bytes, size_t align));
MEMBER(mh_http_request, slot, 96, void ** (*)(mh_req *r));
MEMBER(mh_http_request, attribute_set, 104, mh_status (*)(mh_req *r, mh_str name, mh_str value));
MEMBER(mh_http_request, attribute_get, 112, mh_status (*)(mh_req *r, mh_str name, mh_str *out));
MEMBER(mh_http_request, principal_set, 120, mh_status (*)(mh_req *r, const mh_principal *p));
MEMBER(mh_http_request, principal, 128, const mh_principal * (*)(mh_req *r));
MEMBER(mh_http_request, suspend, 136, mh_token (*)(mh_req *r, uint32_t timeout_ms));
MEMBER(mh_http_request, resume, 144, mh_status (*)(mh_token t, mh_verdict v));
MEMBER(mh_http_request, post, 152, mh_status (*)(mh_token t, void (*fn)(mh_req *r, void *arg), void *arg, void (*drop)(void *arg)));
MEMBER(mh_http_request, collect, 160, mh_status (*)(mh_req *r, uint64_t max, void (*fn)(mh_req *r, void *user, mh_status s, mh_seg body), void *user));
MEMBER(mh_http_request, body_pause, 168, mh_status (*)(mh_req *r, uint32_t dir));
MEMBER(mh_http_request, body_resume, 176, mh_status (*)(mh_req *r, uint32_t dir));
MEMBER(mh_http_request, body_replace, 184, mh_status (*)(mh_req *r, uint32_t dir, const mh_seg *v, uint32_t n));
MEMBER(mh_http_request, time_left_ms, 192, uint32_t (*)(mh_req *r));
MEMBER(mh_http_request, now_ns, 200, uint64_t (*)(mh_req *r));
MEMBER(mh_http_request, loop, 208, uint32_t (*)(mh_req *r));

/* ---- http_names.h: ids are for ever */

NUMBER(MH_H_HOST, 1);
NUMBER(MH_H_CONNECTION, 2);
NUMBER(MH_H_CONTENT_LENGTH, 3);
NUMBER(MH_H_TRANSFER_ENCODING, 4);
NUMBER(MH_H_TE, 5);
NUMBER(MH_H_TRAILER, 6);
NUMBER(MH_H_UPGRADE, 7);
NUMBER(MH_H_KEEP_ALIVE, 8);
NUMBER(MH_H_PROXY_CONNECTION, 9);
NUMBER(MH_H_PROXY_AUTHENTICATE, 10);
NUMBER(MH_H_PROXY_AUTHORIZATION, 11);
NUMBER(MH_H_EXPECT, 12);
NUMBER(MH_H_DATE, 13);
NUMBER(MH_H_SERVER, 14);
NUMBER(MH_H_VIA, 15);
NUMBER(MH_H_CONTENT_TYPE, 16);
NUMBER(MH_H_CONTENT_ENCODING, 17);
NUMBER(MH_H_CONTENT_DISPOSITION, 18);
NUMBER(MH_H_CONTENT_LANGUAGE, 19);
NUMBER(MH_H_CONTENT_LOCATION, 20);
NUMBER(MH_H_CONTENT_RANGE, 21);
NUMBER(MH_H_ACCEPT, 22);
NUMBER(MH_H_ACCEPT_ENCODING, 23);
NUMBER(MH_H_ACCEPT_LANGUAGE, 24);
NUMBER(MH_H_ACCEPT_RANGES, 25);
NUMBER(MH_H_AUTHORIZATION, 26);
NUMBER(MH_H_COOKIE, 27);
NUMBER(MH_H_SET_COOKIE, 28);
NUMBER(MH_H_USER_AGENT, 29);
NUMBER(MH_H_REFERER, 30);
NUMBER(MH_H_ORIGIN, 31);
NUMBER(MH_H_RANGE, 32);
NUMBER(MH_H_IF_MATCH, 33);
NUMBER(MH_H_IF_NONE_MATCH, 34);
NUMBER(MH_H_IF_MODIFIED_SINCE, 35);
NUMBER(MH_H_IF_UNMODIFIED_SINCE, 36);
NUMBER(MH_H_IF_RANGE, 37);
NUMBER(MH_H_ETAG, 38);
NUMBER(MH_H_LAST_MODIFIED, 39);
NUMBER(MH_H_LOCATION, 40);
NUMBER(MH_H_RETRY_AFTER, 41);
NUMBER(MH_H_CACHE_CONTROL, 42);
NUMBER(MH_H_EXPIRES, 43);
NUMBER(MH_H_AGE, 44);
NUMBER(MH_H_PRAGMA, 45);
NUMBER(MH_H_VARY, 46);
NUMBER(MH_H_ALLOW, 47);
NUMBER(MH_H_WWW_AUTHENTICATE, 48);
NUMBER(MH_H_FORWARDED, 49);
NUMBER(MH_H_X_FORWARDED_FOR, 50);
NUMBER(MH_H_X_FORWARDED_PROTO, 51);
NUMBER(MH_H_X_FORWARDED_HOST, 52);
NUMBER(MH_H_X_FORWARDED_PORT, 53);
NUMBER(MH_H_X_FORWARDED_PREFIX, 54);
NUMBER(MH_H_X_REAL_IP, 55);
NUMBER(MH_H_X_REQUEST_ID, 56);
NUMBER(MH_H_TRACEPARENT, 57);
NUMBER(MH_H_TRACESTATE, 58);
NUMBER(MH_H_SEC_WEBSOCKET_KEY, 59);
NUMBER(MH_H_SEC_WEBSOCKET_VERSION, 60);
NUMBER(MH_H_SEC_WEBSOCKET_PROTOCOL, 61);
NUMBER(MH_H_SEC_WEBSOCKET_EXTENSIONS, 62);
NUMBER(MH_H_SEC_WEBSOCKET_ACCEPT, 63);
NUMBER(MH_H_SEC_FETCH_SITE, 64);
NUMBER(MH_H_SEC_FETCH_MODE, 65);
NUMBER(MH_H_LAST_EVENT_ID, 66);
NUMBER(MH_H_HTTP2_SETTINGS, 67);
NUMBER(MH_H_TIMEOUT, 68);
NUMBER(MH_H_MICRO_ID, 69);
NUMBER(MH_H_MICRO_SERVICE, 70);
NUMBER(MH_H_MICRO_ENDPOINT, 71);
NUMBER(MH_H_MICRO_METHOD, 72);
NUMBER(MH_H_MICRO_ERROR, 73);
NUMBER(MH_H_MICRO_STREAM, 74);
NUMBER(MH_H_MICRO_TOPIC, 75);
NUMBER(MH_H_MICRO_FROM_SERVICE, 76);
NUMBER(MH_H_X_MICRO_ID, 77);
NUMBER(MH_H_X_MICRO_SERVICE, 78);
NUMBER(MH_H_X_MICRO_ENDPOINT, 79);
NUMBER(MH_H_X_MICRO_METHOD, 80);
NUMBER(MH_H_X_MICRO_ERROR, 81);
NUMBER(MH_H_X_MICRO_TARGET, 82);
NUMBER(MH_H_ACCESS_CONTROL_REQUEST_METHOD, 83);
NUMBER(MH_H_ACCESS_CONTROL_REQUEST_HEADERS, 84);
NUMBER(MH_H_ACCESS_CONTROL_ALLOW_ORIGIN, 85);
NUMBER(MH_H_ACCESS_CONTROL_ALLOW_METHODS, 86);
NUMBER(MH_H_ACCESS_CONTROL_ALLOW_HEADERS, 87);
NUMBER(MH_H_ACCESS_CONTROL_ALLOW_CREDENTIALS, 88);
NUMBER(MH_H_X_API_KEY, 89);
NUMBER(MH_H_STRICT_TRANSPORT_SECURITY, 90);

/* ---- http_filter.h */

ID(MH_HTTP_FILTER, "mh.http.filter/1");
NUMBER(MH_PHASE_EARLY, 100);
NUMBER(MH_PHASE_AUTHN, 200);
NUMBER(MH_PHASE_AUTHZ, 300);
NUMBER(MH_PHASE_LIMIT, 400);
NUMBER(MH_PHASE_ROUTE, 500);
NUMBER(MH_PHASE_TRANSFORM, 600);
NUMBER(MH_PHASE_UPSTREAM, 700);
NUMBER(MH_PHASE_RESPONSE, 800);
NUMBER(MH_PHASE_LOG, 900);
NUMBER(MH_I_REQUEST, 1);
NUMBER(MH_I_REQUEST_BODY, 2);
NUMBER(MH_I_REQUEST_BODY_FULL, 4);
NUMBER(MH_I_RESPONSE, 8);
NUMBER(MH_I_RESPONSE_BODY, 16);
NUMBER(MH_I_RESPONSE_BODY_FULL, 32);
NUMBER(MH_I_DONE, 64);

TABLE(mh_filter_instance, 32);
MEMBER(mh_filter_instance, size, 0, uint32_t);
MEMBER(mh_filter_instance, shadow, 4, uint32_t);
MEMBER(mh_filter_instance, name, 8, mh_str);
MEMBER(mh_filter_instance, config, 24, const mh_config *);

TABLE(mh_http_filter, 128);
MEMBER(mh_http_filter, size, 0, uint32_t);
MEMBER(mh_http_filter, interests, 4, uint32_t);
MEMBER(mh_http_filter, phase, 8, uint32_t);
MEMBER(mh_http_filter, max_body, 12, uint32_t);
MEMBER(mh_http_filter, name, 16, const char *);
MEMBER(mh_http_filter, after, 24, const char *const *);
MEMBER(mh_http_filter, before, 32, const char *const *);
MEMBER(mh_http_filter, user, 40, void *);
MEMBER(mh_http_filter, instance_create, 48, mh_status (*)(void *user, const mh_filter_instance *i, void **instance));
MEMBER(mh_http_filter, instance_destroy, 56, void (*)(void *user, void *instance));
MEMBER(mh_http_filter, shard_create, 64, void * (*)(void *instance, uint32_t loop));
MEMBER(mh_http_filter, shard_destroy, 72, void (*)(void *instance, void *shard));
MEMBER(mh_http_filter, on_request, 80, mh_verdict (*)(void *shard, mh_req *r, const mh_header *h, uint32_t n));
MEMBER(mh_http_filter, on_request_body, 88, mh_verdict (*)(void *shard, mh_req *r, const mh_seg *v, uint32_t n, uint32_t fin));
MEMBER(mh_http_filter, on_response, 96, mh_verdict (*)(void *shard, mh_req *r, uint32_t status, const mh_header *h, uint32_t n));
MEMBER(mh_http_filter, on_response_body, 104, mh_verdict (*)(void *shard, mh_req *r, const mh_seg *v, uint32_t n, uint32_t fin));
MEMBER(mh_http_filter, on_cancel, 112, void (*)(void *shard, mh_req *r, mh_token t, mh_status why));
MEMBER(mh_http_filter, on_done, 120, void (*)(void *shard, mh_req *r, mh_status outcome));

int main(void) {
    return 0;
}
