// SPDX-License-Identifier: Apache-2.0
#include "tool/echo.hpp"

#include <fmt/format.h>

#include <utility>

#include "http/abi_request.hpp"
#include "http/head.hpp"

namespace microhost::tool {
namespace {

constexpr uint64_t kMostBody = 4 << 20;
const mh_http_request& http_table() { return http::kRequestTable; }

std::string attribute(mh_req* r, uint32_t which) {
    mh_str out{};
    if (http_table().attr(r, which, &out) != MH_OK) return {};
    return std::string(http::view(out));
}

mh_kv pair_of(std::string_view field) {
    const auto colon = field.find(':');
    auto value = field.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return {http::str(field.substr(0, colon)), http::str(value)};
}

}  // namespace

Echo::Echo(unsigned status, std::vector<std::string> fields, std::string body)
    : status_(status), fields_(std::move(fields)), body_(std::move(body)) {
    handler_.size = sizeof handler_;
    handler_.name = "microhost-try";
    handler_.user = this;
    handler_.on_request = [](void*, void* user, mh_req* r, const mh_header* h, uint32_t n) {
        return static_cast<Echo*>(user)->on_request(r, h, n);
    };
}

mh_status Echo::on_request(mh_req* r, const mh_header* h, uint32_t n) {
    seen_.reached = true;
    seen_.target = attribute(r, MH_ATTR_PATH);
    if (const std::string query = attribute(r, MH_ATTR_QUERY); !query.empty())
        seen_.target += "?" + query;
    for (uint32_t i = 0; i < n; i++)
        seen_.fields.push_back(
            fmt::format("{}: {}", http::view(h[i].name), http::view(h[i].value)));
    if (const mh_principal* p = http_table().principal(r)) seen_.principal = http::view(p->subject);
    return http_table().collect(
        r, kMostBody,
        [](mh_req* request, void* user, mh_status, mh_seg body) {
            auto* self = static_cast<Echo*>(user);
            self->seen_.body = http::view(body);
            self->answer(request);
        },
        this);
}

void Echo::answer(mh_req* r) {
    std::vector<mh_kv> fields;
    for (const std::string& f : fields_) fields.push_back(pair_of(f));
    const mh_seg body = http::seg(body_);
    http_table().respond(r, status_, fields.data(), static_cast<uint32_t>(fields.size()), &body, 1);
}

}  // namespace microhost::tool
