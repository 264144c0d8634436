// SPDX-License-Identifier: Apache-2.0
// A response head from any bytes: one reading or a refusal; its fields survive being written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/h1/head_scan.hpp"
#include "http/h1/parse_response.hpp"
#include "http/h1/write_head.hpp"
#include "http/names.hpp"

using namespace microhost::http;

namespace {

void require(bool good) {
    if (!good) std::abort();
}

void check_written(const ResponseHead& head, std::size_t size, h1::Parser& parser) {
    std::string out(size + 256, '\0');
    h1::HeadWriter w(out.data(), out.size());
    w.status(head.status);
    w.forward(head.headers, Connection::of(head.headers));
    w.field("Content-Length", std::uint64_t{0});
    w.end();
    require(!w.overflow());
    ResponseHead again;
    const Refusal r = h1::parse_response(out.data(), w.size(), parser, again, Method::get);
    require(!r || head.headers.count == kMaxHeaders);
    require(r || (again.status == head.status && again.content_length == 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string s(reinterpret_cast<const char*>(bytes), size);
    HeadScan scan;
    scan.request = false;
    if (scan.feed(s.data(), s.size()) != HeadScan::complete) return 0;
    static h1::Parser parser;
    for (const Method method : {Method::get, Method::head}) {
        ResponseHead head;
        const Refusal r = h1::parse_response(s.data(), scan.size(), parser, head, method);
        require(!r || r.status == 502);
        if (r) continue;
        require(head.status >= 100 && head.status <= 599);
        require(method != Method::head || head.framing == Framing::none);
        require(head.framing != Framing::until_close || !head.keep_alive);
        check_written(head, scan.size(), parser);
    }
    return 0;
}
