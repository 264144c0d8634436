// SPDX-License-Identifier: Apache-2.0
// A datagram of any bytes, as a question and as an answer, and any bytes as a text record: no crash, nothing without a bound,
// and what is told to the host is JSON with names that it takes.
#include <microhost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "module/abi/tables.hpp"
#include "modules/registry-mdns/announcer.hpp"
#include "modules/registry-mdns/browser.hpp"
#include "modules/registry-mdns/txt.hpp"

using namespace microhost;
using namespace microhost::registry_mdns;

namespace {

void require(bool good) {
    if (!good) std::abort();
}

struct Nowhere final : Air {
    size_t sent = 0;
    void tell(std::string_view, Reach) override { sent++; }
    void ask(std::string_view) override { sent++; }
    void reply(const Source&, std::string_view packet) override {
        require(!packet.empty() && packet.size() < 65536);
        sent++;
    }
};

Node ours() {
    Node n;
    n.service = "greeter", n.version = "1", n.id = "greeter-1", n.ip = ip_of("192.0.2.1");
    n.port = 80;
    return n;
}

void told(const std::string& json) {
    const mh::json_document document{json};
    require(static_cast<bool>(document));
    const auto name = document.root()["name"].string();
    require(name && is_clean_name(*name));
    const mh::json_value nodes = document.root()["nodes"];
    for (uint32_t i = 0; i < nodes.count(); ++i) {
        const auto id = nodes.at(i)["id"].string(), address = nodes.at(i)["address"].string();
        require(id && is_clean_name(*id) && address && host_port(*address) &&
                host_port(*address)->port != 0);
    }
}

void as_packet(std::string_view bytes) {
    const auto m = read_message(bytes);
    if (!m) return;
    const std::string again = write_message(*m, true);
    if (!again.empty() && again.size() < 65536) require(read_message(again).has_value());
    Nowhere air;
    Announcer announcer(air, "host", {"micro", "local"}, 5353);
    announcer.begin(true, 0);
    require(announcer.add(1, ours(), 0).empty());
    Browser::Reports r;
    r.known.changed = told;
    r.known.gone = [](const std::string&, const std::string&) {};
    r.synced = [] {};
    r.looked_up = [](const std::string&) {};
    r.complain = [](const std::string&, const std::string&) {};
    r.ours = [&](std::string_view instance) { return announcer.owns(instance); };
    Browser browser(air, {"micro", "local"}, {60'000, 100}, r);
    browser.begin(0);
    const Source from{"192.0.2.7:5353", 1, 5353, false};
    announcer.answer(*m, from, 0);
    browser.take(*m, from, 0);
    for (uint64_t now = 0; now < 200'000; now += 50'000) browser.work(now);
    require(air.sent < 4000);
}

void as_text(std::string_view bytes) {
    const auto json = decode_txt({std::string(bytes)});
    if (json) require(json->size() <= kMostJson);
    Node n;
    if (read_txt(json ? std::string_view(*json) : bytes, n)) {
        n.id = "n", n.ip = ip_of("::1"), n.port = 1;
        told(service_json({&n}));
        const auto back = decode_txt(encode_txt(txt_json(n)));
        require(back && *back == txt_json(n));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    mh::the_table<mh_json> = &module::kJsonTable;
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    as_packet(text);
    as_text(text);
    return 0;
}
