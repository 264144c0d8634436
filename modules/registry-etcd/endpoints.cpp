// SPDX-License-Identifier: Apache-2.0
#include "endpoints.hpp"

#include <microhost/fetch.hpp>

#include <algorithm>
#include <charconv>

#include "../shared/text.hpp"

namespace microhost::registry_etcd {
namespace {

constexpr std::string_view kPort = ":2379";
constexpr size_t kMostEndpoints = 64;

[[noreturn]] void refuse(std::string_view item) {
    throw mh::failure("addresses: \"" + std::string(item.substr(0, 100)) +
                          "\" is no address of etcd; write HOST:PORT, [IPV6]:PORT or "
                          "https://HOST:PORT, with commas between several",
                      "/addresses");
}

bool good_port(std::string_view address) {
    const std::string_view digits = address.substr(address.rfind(':') + 1);
    uint16_t port = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return ec == std::errc{} && end == digits.data() + digits.size() && port != 0;
}

Endpoint parse(std::string_view item, bool tls) {
    const bool scheme = item.find("://") != item.npos;
    const auto url = mh::url::parse(scheme ? std::string(item)
                                           : (tls ? "https://" : "http://") + std::string(item));
    if (!url || (url->target != "/" && !url->target.empty())) refuse(item);
    const bool has_port = url->address == url->authority;
    Endpoint e{has_port ? url->address : url->authority + std::string(kPort), url->tls};
    if (!good_port(e.address)) refuse(item);
    return e;
}

}  // namespace

std::vector<Endpoint> parse_endpoints(std::string_view list, bool tls) {
    std::vector<Endpoint> out;
    shared::for_each_item(list, ',', [&](std::string_view item) {
        if (out.size() == kMostEndpoints)
            throw mh::failure("addresses: more than 64", "/addresses");
        out.push_back(parse(item, tls));
    });
    if (out.empty()) throw mh::failure("addresses: name one address of etcd", "/addresses");
    return out;
}

std::chrono::milliseconds Backoff::next() {
    const ms longest = std::min<ms>(last_, first_ * (1 << std::min(turns_, 10u)));
    ++turns_;
    std::uniform_int_distribution<int64_t> any(0, longest.count());
    return ms(any(random_));
}

Endpoints::Endpoints(std::vector<Endpoint> all) : all_(std::move(all)) {
    current_ = std::random_device{}() % all_.size();
}

void Endpoints::succeeded() {
    failures_ = 0;
    backoff_.reset();
}

std::chrono::milliseconds Endpoints::failed() {
    ++failures_;
    current_ = (current_ + 1) % all_.size();
    // A whole round has failed: now, and then once for each further round.
    if (failures_ % all_.size() != 0) return std::chrono::milliseconds(0);
    return backoff_.next();
}

}  // namespace microhost::registry_etcd
