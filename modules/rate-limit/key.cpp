// SPDX-License-Identifier: Apache-2.0
#include "key.hpp"

#include <charconv>

#include "../shared/ip_address.hpp"

namespace microhost::rate_limit {
namespace {

constexpr std::string_view kHeader = "header:", kRoute = "route:";

bool parse_part(std::string_view word, KeyPart& out) {
    if (word == "client-ip") {
        out.kind = KeyPart::Kind::client_ip;
    } else if (word == "principal") {
        out.kind = KeyPart::Kind::principal;
    } else if (word == "route") {
        out.kind = KeyPart::Kind::route;
    } else if (word.starts_with(kRoute)) {
        out.kind = KeyPart::Kind::route;
        const std::string_view digits = word.substr(kRoute.size());
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), out.segments);
        return error == std::errc{} && end == digits.data() + digits.size() && out.segments > 0;
    } else if (word.starts_with(kHeader) && word.size() > kHeader.size()) {
        out.kind = KeyPart::Kind::header;
        out.header = word.substr(kHeader.size());
    } else {
        return false;
    }
    return true;
}

}  // namespace

std::vector<KeyPart> parse_key(std::string_view text, std::string& why) {
    std::vector<KeyPart> parts;
    while (true) {
        const size_t plus = text.find('+');
        const std::string_view word = text.substr(0, plus);
        KeyPart part;
        if (!parse_part(word, part)) {
            why = "key: \"" + std::string(word.substr(0, 64)) +
                  "\" is none; write client-ip, principal, header:NAME, route, route:SEGMENTS, or "
                  "several with + between them";
            return {};
        }
        parts.push_back(std::move(part));
        if (plus == text.npos) return parts;
        text.remove_prefix(plus + 1);
    }
}

std::string_view first_segments(std::string_view path, unsigned segments) {
    if (segments == 0) return path;
    size_t end = 0;
    while (segments-- > 0 && end != path.npos) end = path.find('/', end + 1);
    return path.substr(0, end);
}

void append_part(std::string& key, char tag, std::string_view value) {
    key += tag;
    key += value;
    key += '\0';
}

void append_client(std::string& key, std::string_view address, unsigned v4_bits, unsigned v6_bits) {
    const auto parsed = shared::IpAddress::parse(address);
    if (!parsed) return append_part(key, 'c', address);
    const auto network = parsed->network(v4_bits, v6_bits);
    key += 'i';
    key.append(reinterpret_cast<const char*>(network.bytes.data()), network.bytes.size());
}

}  // namespace microhost::rate_limit
