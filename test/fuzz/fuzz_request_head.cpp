// SPDX-License-Identifier: Apache-2.0
// A request head from any bytes: one reading or a refusal, whole and byte by byte alike, then its body.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/h1/body_reader.hpp"
#include "http/h1/head_scan.hpp"
#include "http/h1/parse_request.hpp"
#include "http/names.hpp"
#include "http/path.hpp"

using namespace microhost::http;

namespace {

void require(bool good) {
    if (!good) std::abort();
}

HeadScan::Outcome scan_bytewise(const std::string& s, HeadScan& scan) {
    HeadScan::Outcome found = HeadScan::need_more;
    for (std::size_t n = 0; n <= s.size() && found == HeadScan::need_more; n++)
        found = scan.feed(s.data(), n);
    return found;
}

void check_head(const RequestHead& head) {
    const Headers& h = head.headers;
    require(is_token(head.method_text));
    require(head.target == "*" || head.target.front() == '/');
    require(head.minor_version == 0 || h.has(MH_H_HOST));
    require(!(h.has(MH_H_CONTENT_LENGTH) && h.has(MH_H_TRANSFER_ENCODING)));
    for (std::uint32_t i = 0; i < h.count; i++) {
        require(is_token(view(h.fields[i].name)));
        require(valid_value(view(h.fields[i].value)));
        require(header_id(view(h.fields[i].name)) == h.fields[i].id);
    }
    std::string out(head.target.size() * 3, '\0');
    PathParts parts;
    (void)normalise_target(head.target, out.data(), out.size(), parts);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string s(reinterpret_cast<const char*>(bytes), size);
    HeadScan whole, cut;
    const auto found = whole.feed(s.data(), s.size());
    require(scan_bytewise(s, cut) == found);
    if (found != HeadScan::complete) return 0;
    require(whole.size() == cut.size() && whole.skip == cut.skip);

    static h1::Parser parser;
    RequestHead head;
    if (h1::parse_request(s.data() + whole.skip, whole.size() - whole.skip, parser, head)) return 0;
    check_head(head);
    BodyReader body;
    body.start(head.framing, head.content_length);
    const Fed fed = body.feed(s.data() + whole.size(), s.size() - whole.size());
    require(fed.consumed <= s.size() - whole.size() && fed.produced <= fed.consumed);
    return 0;
}
