// SPDX-License-Identifier: Apache-2.0
#include "http/forwarded.hpp"

#include "http/names.hpp"

namespace microhost::http {
namespace {

// A value that is no token, and a colon is none, is a quoted-string.
void put_value(std::string& out, std::string_view value) {
    if (is_token(value)) {
        out += value;
        return;
    }
    out += '"';
    for (char c : value) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

}  // namespace

std::string forwarded_element(std::string_view peer, std::string_view host, bool tls) {
    std::string out = "for=";
    if (peer.find(':') != peer.npos)
        out.append("\"[").append(peer).append("]\"");
    else
        out += peer.empty() || peer == "unix" ? std::string_view("unknown") : peer;
    if (!host.empty()) put_value(out += ";host=", host);
    out += tls ? ";proto=https" : ";proto=http";
    return out;
}

}  // namespace microhost::http
