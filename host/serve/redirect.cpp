// SPDX-License-Identifier: Apache-2.0
#include "serve/redirect.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "http/exchange.hpp"
#include "serve/site_plan.hpp"

namespace microhost::serve {
namespace {

constexpr std::string_view kChallenge = "/.well-known/acme-challenge/";

// RFC 8555 section 8.3: base64url, so nothing that could leave the folder.
bool is_token(std::string_view s) {
    return !s.empty() && s.size() <= 256 && std::all_of(s.begin(), s.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '-' || c == '_';
    });
}

}  // namespace

Redirect::Redirect(std::shared_ptr<const SitePlan> https, std::string acme_webroot)
    : https_(std::move(https)), webroot_(std::move(acme_webroot)) {
    handler_.size = sizeof handler_;
    handler_.name = "redirect";
    handler_.user = this;
    handler_.on_request = on_request;
}

mh_status Redirect::on_request(void*, void* user, mh_req* r, const mh_header*, uint32_t) {
    return static_cast<Redirect*>(user)->answer(r);
}

mh_status Redirect::answer(mh_req* r) const {
    http::Exchange& x = http::Exchange::of(r);
    if (!webroot_.empty() && x.path.path.starts_with(kChallenge))
        return challenge(r, x.path.path.substr(kChallenge.size()));
    std::string_view host = x.authority;
    size_t colon = host.rfind(':');
    if (colon != host.npos && host.find(']', colon) == host.npos) host = host.substr(0, colon);
    std::string to = "https://" + std::string(host);
    if (const uint16_t port = https_->address().port(); port != 443)
        to += ":" + std::to_string(port);
    to += x.path.path;
    if (x.path.has_query) to.append("?").append(x.path.query);
    mh_kv location{http::str("Location"), http::str(to)};
    return x.respond(308, &location, 1, nullptr, 0);
}

mh_status Redirect::challenge(mh_req* r, std::string_view token) const {
    http::Exchange& x = http::Exchange::of(r);
    std::array<char, 4096> content;
    ssize_t n = -1;
    if (is_token(token)) {
        std::string path = webroot_ + std::string(kChallenge) + std::string(token);
        int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0) {
            n = ::read(fd, content.data(), content.size());
            ::close(fd);
        }
    }
    if (n < 0) {
        x.refuse(404, "no such challenge");
        return MH_OK;
    }
    mh_kv type{http::str("Content-Type"), http::str("text/plain")};
    mh_seg body = http::seg({content.data(), static_cast<size_t>(n)});
    return x.respond(200, &type, 1, &body, 1);
}

}  // namespace microhost::serve
