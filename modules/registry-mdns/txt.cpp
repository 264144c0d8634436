// SPDX-License-Identifier: Apache-2.0
#include "txt.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>

namespace microhost::registry_mdns {
namespace {

constexpr size_t kLongestText = 255;
constexpr char kDigits[] = "0123456789abcdef";

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool unhex(const std::vector<std::string>& texts, std::string& out) {
    int high = -1;
    for (const std::string& text : texts) {
        for (const char c : text) {
            const int d = digit(c);
            if (d < 0) return false;
            if (high < 0) {
                high = d;
            } else {
                out += static_cast<char>(high << 4 | d);
                high = -1;
            }
        }
    }
    return high < 0;
}

struct Inflate {
    Inflate() {
        if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
    }
    ~Inflate() { inflateEnd(&stream); }
    Inflate(const Inflate&) = delete;
    z_stream stream{};
};

}  // namespace

std::vector<std::string> encode_txt(std::string_view json) {
    uLongf size = compressBound(static_cast<uLong>(json.size()));
    std::string packed(size, '\0');
    if (compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                 reinterpret_cast<const Bytef*>(json.data()),
                 static_cast<uLong>(json.size())) != Z_OK)
        throw std::bad_alloc();
    std::string hex;
    for (const char c : std::string_view(packed).substr(0, size)) {
        hex += kDigits[static_cast<unsigned char>(c) >> 4];
        hex += kDigits[static_cast<unsigned char>(c) & 15];
    }
    std::vector<std::string> out;
    for (size_t at = 0; at < hex.size(); at += kLongestText)
        out.push_back(hex.substr(at, kLongestText));
    return out;
}

std::optional<std::string> decode_txt(const std::vector<std::string>& texts) {
    std::string packed;
    if (!unhex(texts, packed) || packed.empty()) return {};
    Inflate z;
    z.stream.next_in = reinterpret_cast<Bytef*>(packed.data());
    z.stream.avail_in = static_cast<uInt>(packed.size());
    std::string out;
    int status = Z_OK;
    while (status == Z_OK) {
        const size_t had = out.size();
        if (had > kMostJson) return {};
        out.resize(had + std::clamp<size_t>(packed.size() * 4, 1024, 64 * 1024));
        z.stream.next_out = reinterpret_cast<Bytef*>(out.data() + had);
        z.stream.avail_out = static_cast<uInt>(out.size() - had);
        status = inflate(&z.stream, Z_NO_FLUSH);
        out.resize(out.size() - z.stream.avail_out);
        if (status == Z_OK && out.size() == had && z.stream.avail_in == 0) return {};  // cut short
    }
    if (status != Z_STREAM_END || out.size() > kMostJson) return {};
    return out;
}

}  // namespace microhost::registry_mdns
