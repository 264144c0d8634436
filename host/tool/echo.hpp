// SPDX-License-Identifier: Apache-2.0
/// Echo: the handler behind a filter that is tried. It remembers what reached it, and answers as it was told.
#pragma once

#include <microhost/draft/http_handler.h>

#include <string>
#include <utility>
#include <vector>

namespace microhost::tool {

/// What reached the handler. Fields are "Name: value".
struct Seen {
    bool reached = false;
    std::string target, body, principal;
    std::vector<std::string> fields;
};

class Echo {
  public:
    Echo(unsigned status, std::vector<std::string> fields, std::string body);

    const mh_http_handler* handler() const { return &handler_; }
    /// Of the last request, and forgets it. While no request is under way.
    Seen take() { return std::exchange(seen_, {}); }

  private:
    mh_status on_request(mh_req* r, const mh_header* h, uint32_t n);
    void answer(mh_req* r);

    mh_http_handler handler_{};
    unsigned status_;
    std::vector<std::string> fields_;
    std::string body_;
    Seen seen_;
};

}  // namespace microhost::tool
