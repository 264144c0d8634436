// SPDX-License-Identifier: Apache-2.0
// A PROXY header from any bytes: whole and byte by byte alike, never longer than allowed, and what follows does not matter.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/proxy_protocol.hpp"

using namespace microhost::net;

namespace {

void require(bool good) {
    if (!good) std::abort();
}

std::string text(const Address& a) { return a.len ? a.text() : std::string(); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(bytes), size);
    ProxyHeader whole;
    const ProxyParse all = parse_proxy_header(input.data(), size, whole);
    require(all != ProxyParse::need_more || size < 536);

    ProxyHeader h;
    ProxyParse found = ProxyParse::need_more;
    std::size_t n = 0;
    for (; n <= size && found == ProxyParse::need_more; n++) {
        const std::string prefix = input.substr(0, n);  // its own memory: a read past its end shows
        found = parse_proxy_header(prefix.data(), n, h);
    }
    require(found == all);
    if (all != ProxyParse::done) {
        require(whole.source.len == 0 && whole.size == 0);
        return 0;
    }
    require(n - 1 == whole.size && whole.size <= 536);
    require(text(h.source) == text(whole.source));
    require(text(h.destination) == text(whole.destination));
    return 0;
}
