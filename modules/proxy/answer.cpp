// SPDX-License-Identifier: Apache-2.0
#include "answer.hpp"

#include <string>

#include "../shared/error_json.hpp"

namespace microhost::proxy {

void answer_text(mh::request r, unsigned status, std::string_view line) {
    r.respond(status, "text/plain; charset=utf-8", std::string(line) + '\n',
              {{"X-Content-Type-Options", "nosniff"}});
}

void answer_done(mh::request r) { r.respond(200, {}, {}); }

void answer_error(mh::request r, unsigned status, std::string_view id, std::string_view detail) {
    r.respond(status, kJsonType, shared::error_json(id, status, detail));
}

}  // namespace microhost::proxy
