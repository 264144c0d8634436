// SPDX-License-Identifier: Apache-2.0
#include "answer.hpp"

#include "html.hpp"
#include "web.hpp"

namespace microhost::web {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "
    "'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'";

void respond(mh::request r, unsigned status, std::string_view type, std::string_view body) {
    r.respond(status, type, body,
              {{"Content-Security-Policy", kPolicy},
               {"X-Content-Type-Options", "nosniff"},
               {"Referrer-Policy", "no-referrer"},
               {"Cross-Origin-Opener-Policy", "same-origin"},
               {"Cross-Origin-Resource-Policy", "same-origin"},
               {"Cache-Control", "no-store"}});
}

}  // namespace

bool wants_json(const mh::request& r) {
    const std::string_view accept = r.header(MH_H_ACCEPT);
    return r.header(MH_H_CONTENT_TYPE) == kJsonType || accept.starts_with(kJsonType);
}

mh_status answer_page(mh::request r, unsigned status, std::string_view title,
                      std::string_view body) {
    respond(r, status, "text/html; charset=utf-8", page(title, body));
    return MH_OK;
}

mh_status answer_document(mh::request r, std::string_view html) {
    respond(r, 200, "text/html; charset=utf-8", html);
    return MH_OK;
}

mh_status answer_json(mh::request r, std::string_view json) {
    respond(r, 200, kJsonType, json);
    return MH_OK;
}

mh_status answer_problem(mh::request r, unsigned status, std::string_view title,
                         std::string_view detail) {
    if (wants_json(r)) {
        respond(r, status, kJsonType, mh::error_json(kServerName, status, detail));
        return MH_OK;
    }
    std::string body = "<h1>" + escaped(title) + "</h1>\n<p>" + escaped(detail) + "</p>\n";
    body += "<p>Request <code>" + escaped(r.attribute(MH_ATTR_REQUEST_ID)) + "</code></p>\n";
    return answer_page(r, status, title, body);
}

}  // namespace microhost::web
