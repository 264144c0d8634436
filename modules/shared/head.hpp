// SPDX-License-Identifier: Apache-2.0
/// What this module wants to know of a request's head, found in one pass.
#pragma once

#include <microhost/http_request.h>

#include <span>
#include <string_view>

namespace microhost::shared {

struct Head {
    std::string_view host, origin, fetch_site, authorization, content_type, timeout;
    bool is_call = false;  ///< Micro's wire protocol: a field names the service or the endpoint
    bool encoded = false;  ///< a Content-Encoding that a service could not know of

    static Head of(std::span<const mh_header> headers) {
        Head out;
        for (const mh_header& h : headers) {
            const std::string_view value(h.value.ptr, h.value.len);
            switch (h.id) {
                case MH_H_HOST: out.host = value; break;
                case MH_H_ORIGIN: out.origin = value; break;
                case MH_H_SEC_FETCH_SITE: out.fetch_site = value; break;
                case MH_H_AUTHORIZATION: out.authorization = value; break;
                case MH_H_CONTENT_TYPE: out.content_type = value; break;
                case MH_H_CONTENT_ENCODING: out.encoded = value != "identity"; break;
                case MH_H_TIMEOUT: out.timeout = value; break;
                case MH_H_MICRO_SERVICE:
                case MH_H_MICRO_ENDPOINT:
                case MH_H_MICRO_METHOD:
                case MH_H_X_MICRO_SERVICE:
                case MH_H_X_MICRO_ENDPOINT:
                case MH_H_X_MICRO_METHOD: out.is_call = true; break;
                default: break;
            }
        }
        return out;
    }
};

}  // namespace microhost::shared
