/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of header names that the host recognises while parsing (case-insensitive), so that plugins compare numbers.
 *
 * Ids are append-only: a name never gets another number, new names come at the end. 0 means "not in this table".
 * MH_HTTP_NAMES(X) calls X(ID, "name") for each, in the order of the ids, which start at 1.
 */
#ifndef MICROHOST_HTTP_NAMES_H
#define MICROHOST_HTTP_NAMES_H

#define MH_HTTP_NAMES(X)                                                    \
    X(HOST, "host")                                                         \
    X(CONNECTION, "connection")                                             \
    X(CONTENT_LENGTH, "content-length")                                     \
    X(TRANSFER_ENCODING, "transfer-encoding")                               \
    X(TE, "te")                                                             \
    X(TRAILER, "trailer")                                                   \
    X(UPGRADE, "upgrade")                                                   \
    X(KEEP_ALIVE, "keep-alive")                                             \
    X(PROXY_CONNECTION, "proxy-connection")                                 \
    X(PROXY_AUTHENTICATE, "proxy-authenticate")                             \
    X(PROXY_AUTHORIZATION, "proxy-authorization")                           \
    X(EXPECT, "expect")                                                     \
    X(DATE, "date")                                                         \
    X(SERVER, "server")                                                     \
    X(VIA, "via")                                                           \
    X(CONTENT_TYPE, "content-type")                                         \
    X(CONTENT_ENCODING, "content-encoding")                                 \
    X(CONTENT_DISPOSITION, "content-disposition")                           \
    X(CONTENT_LANGUAGE, "content-language")                                 \
    X(CONTENT_LOCATION, "content-location")                                 \
    X(CONTENT_RANGE, "content-range")                                       \
    X(ACCEPT, "accept")                                                     \
    X(ACCEPT_ENCODING, "accept-encoding")                                   \
    X(ACCEPT_LANGUAGE, "accept-language")                                   \
    X(ACCEPT_RANGES, "accept-ranges")                                       \
    X(AUTHORIZATION, "authorization")                                       \
    X(COOKIE, "cookie")                                                     \
    X(SET_COOKIE, "set-cookie")                                             \
    X(USER_AGENT, "user-agent")                                             \
    X(REFERER, "referer")                                                   \
    X(ORIGIN, "origin")                                                     \
    X(RANGE, "range")                                                       \
    X(IF_MATCH, "if-match")                                                 \
    X(IF_NONE_MATCH, "if-none-match")                                       \
    X(IF_MODIFIED_SINCE, "if-modified-since")                               \
    X(IF_UNMODIFIED_SINCE, "if-unmodified-since")                           \
    X(IF_RANGE, "if-range")                                                 \
    X(ETAG, "etag")                                                         \
    X(LAST_MODIFIED, "last-modified")                                       \
    X(LOCATION, "location")                                                 \
    X(RETRY_AFTER, "retry-after")                                           \
    X(CACHE_CONTROL, "cache-control")                                       \
    X(EXPIRES, "expires")                                                   \
    X(AGE, "age")                                                           \
    X(PRAGMA, "pragma")                                                     \
    X(VARY, "vary")                                                         \
    X(ALLOW, "allow")                                                       \
    X(WWW_AUTHENTICATE, "www-authenticate")                                 \
    X(FORWARDED, "forwarded")                                               \
    X(X_FORWARDED_FOR, "x-forwarded-for")                                   \
    X(X_FORWARDED_PROTO, "x-forwarded-proto")                               \
    X(X_FORWARDED_HOST, "x-forwarded-host")                                 \
    X(X_FORWARDED_PORT, "x-forwarded-port")                                 \
    X(X_FORWARDED_PREFIX, "x-forwarded-prefix")                             \
    X(X_REAL_IP, "x-real-ip")                                               \
    X(X_REQUEST_ID, "x-request-id")                                         \
    X(TRACEPARENT, "traceparent")                                           \
    X(TRACESTATE, "tracestate")                                             \
    X(SEC_WEBSOCKET_KEY, "sec-websocket-key")                               \
    X(SEC_WEBSOCKET_VERSION, "sec-websocket-version")                       \
    X(SEC_WEBSOCKET_PROTOCOL, "sec-websocket-protocol")                     \
    X(SEC_WEBSOCKET_EXTENSIONS, "sec-websocket-extensions")                 \
    X(SEC_WEBSOCKET_ACCEPT, "sec-websocket-accept")                         \
    X(SEC_FETCH_SITE, "sec-fetch-site")                                     \
    X(SEC_FETCH_MODE, "sec-fetch-mode")                                     \
    X(LAST_EVENT_ID, "last-event-id")                                       \
    X(HTTP2_SETTINGS, "http2-settings")                                     \
    X(TIMEOUT, "timeout")                                                   \
    X(MICRO_ID, "micro-id")                                                 \
    X(MICRO_SERVICE, "micro-service")                                       \
    X(MICRO_ENDPOINT, "micro-endpoint")                                     \
    X(MICRO_METHOD, "micro-method")                                         \
    X(MICRO_ERROR, "micro-error")                                           \
    X(MICRO_STREAM, "micro-stream")                                         \
    X(MICRO_TOPIC, "micro-topic")                                           \
    X(MICRO_FROM_SERVICE, "micro-from-service")                             \
    X(X_MICRO_ID, "x-micro-id")                                             \
    X(X_MICRO_SERVICE, "x-micro-service")                                   \
    X(X_MICRO_ENDPOINT, "x-micro-endpoint")                                 \
    X(X_MICRO_METHOD, "x-micro-method")                                     \
    X(X_MICRO_ERROR, "x-micro-error")                                       \
    X(X_MICRO_TARGET, "x-micro-target")                                     \
    X(ACCESS_CONTROL_REQUEST_METHOD, "access-control-request-method")       \
    X(ACCESS_CONTROL_REQUEST_HEADERS, "access-control-request-headers")     \
    X(ACCESS_CONTROL_ALLOW_ORIGIN, "access-control-allow-origin")           \
    X(ACCESS_CONTROL_ALLOW_METHODS, "access-control-allow-methods")         \
    X(ACCESS_CONTROL_ALLOW_HEADERS, "access-control-allow-headers")         \
    X(ACCESS_CONTROL_ALLOW_CREDENTIALS, "access-control-allow-credentials") \
    X(X_API_KEY, "x-api-key")                                               \
    X(STRICT_TRANSPORT_SECURITY, "strict-transport-security")

enum {
    MH_H_NONE = 0,
#define MH_HTTP_NAME_ID(id, name) MH_H_##id,
    MH_HTTP_NAMES(MH_HTTP_NAME_ID)
#undef MH_HTTP_NAME_ID
        MH_H_COUNT /* grows; never store it */
};

#endif
