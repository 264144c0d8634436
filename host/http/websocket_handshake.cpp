// SPDX-License-Identifier: Apache-2.0
// OpenSSL is here for the SHA-1 that RFC 6455 demands; it protects nothing.
#include "http/websocket_handshake.hpp"

#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <charconv>
#include <ctime>

#include "http/h1/hop_by_hop.hpp"
#include "http/names.hpp"

namespace microhost::http {
namespace {

constexpr size_t kKeySize = 24;  // 16 bytes in base64

bool is_base64(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

/// Exactly 16 bytes: 22 digits and "==".
bool valid_key(std::string_view key) {
    if (key.size() != kKeySize || !key.ends_with("==")) return false;
    for (char c : key.substr(0, kKeySize - 2))
        if (!is_base64(c)) return false;
    return true;
}

unsigned count(const Headers& h, uint32_t id) {
    unsigned n = 0;
    for (uint32_t i = 0; i < h.count; i++) n += h.fields[i].id == id;
    return n;
}

// Subprotocols are compared as they are, unlike most tokens.
bool offers(const Headers& h, std::string_view protocol) {
    for (uint32_t i = 0; i < h.count; i++) {
        if (h.fields[i].id != MH_H_SEC_WEBSOCKET_PROTOCOL) continue;
        const bool absent = for_each_token(view(h.fields[i].value),
                                           [&](std::string_view t) { return t != protocol; });
        if (!absent) return true;
    }
    return false;
}

}  // namespace

Handshake check_handshake(const RequestHead& head, std::string_view protocol) {
    const Headers& h = head.headers;
    if (!head.upgrade_websocket) return Handshake::malformed;
    if (count(h, MH_H_SEC_WEBSOCKET_VERSION) != 1 ||
        trim(h.value(MH_H_SEC_WEBSOCKET_VERSION)) != "13")
        return Handshake::wrong_version;
    if (count(h, MH_H_SEC_WEBSOCKET_KEY) != 1 || !valid_key(trim(h.value(MH_H_SEC_WEBSOCKET_KEY))))
        return Handshake::malformed;
    if (!protocol.empty() && (!is_token(protocol) || !offers(h, protocol)))
        return Handshake::malformed;
    return Handshake::good;
}

std::string websocket_key() {
    unsigned char bytes[16];
    if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) return {};
    unsigned char out[kKeySize + 1];
    EVP_EncodeBlock(out, bytes, sizeof bytes);
    return {reinterpret_cast<char*>(out), kKeySize};
}

const char* check_switch(const ResponseHead& head, std::string_view key, std::string_view offered,
                         std::string_view* protocol) {
    const Headers& h = head.headers;
    if (head.minor_version == 0) return "it switches protocols in HTTP/1.0";
    if (count(h, MH_H_UPGRADE) != 1 || !iequals(trim(h.value(MH_H_UPGRADE)), "websocket"))
        return "Upgrade does not say websocket";
    if (!Connection::of(h).upgrade) return "Connection does not say Upgrade";
    if (count(h, MH_H_SEC_WEBSOCKET_ACCEPT) != 1 ||
        trim(h.value(MH_H_SEC_WEBSOCKET_ACCEPT)) != websocket_accept(key))
        return "Sec-WebSocket-Accept does not fit the key";
    if (h.has(MH_H_SEC_WEBSOCKET_EXTENSIONS)) return "it uses an extension that was not offered";
    *protocol = trim(h.value(MH_H_SEC_WEBSOCKET_PROTOCOL));
    if (!h.has(MH_H_SEC_WEBSOCKET_PROTOCOL)) return nullptr;
    const bool absent = for_each_token(offered, [&](std::string_view t) { return t != *protocol; });
    if (count(h, MH_H_SEC_WEBSOCKET_PROTOCOL) != 1 || absent)
        return "it chose a subprotocol that was not offered";
    return nullptr;
}

uint32_t retry_after_s(std::string_view value, int64_t now_s) {
    constexpr int64_t kMost = 7 * 24 * 3600;
    int64_t wait = 0;
    const auto r = std::from_chars(value.data(), value.data() + value.size(), wait);
    if (r.ec != std::errc{} || r.ptr != value.data() + value.size()) {
        std::tm date{};
        const std::string text(value);
        const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
        if (!end || *end) return 0;
        wait = ::timegm(&date) - now_s;
    }
    return static_cast<uint32_t>(std::clamp<int64_t>(wait, 0, kMost));
}

std::string websocket_accept(std::string_view key) {
    std::string text(key);
    text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) != 1) return {};
    unsigned char out[(EVP_MAX_MD_SIZE + 2) / 3 * 4 + 1];
    const int n = EVP_EncodeBlock(out, digest, static_cast<int>(size));
    return {reinterpret_cast<char*>(out), static_cast<size_t>(n)};
}

}  // namespace microhost::http
