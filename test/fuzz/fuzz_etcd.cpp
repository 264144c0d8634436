// SPDX-License-Identifier: Apache-2.0
// What a server of etcd sends on a watch, of any bytes in any pieces: no crash, and what is told to the host is JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "module/abi/tables.hpp"
#include "modules/registry-etcd/catalogue.hpp"
#include "modules/registry-etcd/codec.hpp"
#include "modules/registry-etcd/splitter.hpp"

using namespace microhost;
using namespace microhost::registry_etcd;

namespace {

void require(bool good) {
    if (!good) std::abort();
}

void follow(Catalogue& catalogue, std::string_view message) {
    const auto watched = read_watch(message);
    if (!watched) return;
    for (const Event& e : watched->events) {
        require(!e.kv.key.empty() && e.kv.mod_revision >= 0);
        e.deleted ? catalogue.erase(e.kv.key)
                  : catalogue.put(e.kv.key, e.kv.value, e.kv.mod_revision);
    }
    catalogue.flush();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    mh::the_table<mh_json> = &module::kJsonTable;
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const std::string_view refused = text.substr(0, 3);
    Catalogue catalogue({[&](const std::string& json) -> mh_status {
                             require(static_cast<bool>(mh::json_document(json)));
                             return json.find(refused) == json.npos ? MH_OK : MH_E_INVALID;
                         },
                         [](std::string_view name, std::string_view) -> mh_status {
                             return require(!name.empty()), MH_OK;
                         },
                         [](const std::string& said) { require(said.find('\n') == said.npos); }});
    // A value by itself, so that it need not be found behind base64.
    catalogue.put("k", text, 1);
    catalogue.put("l", text, 2);
    catalogue.flush();
    const std::size_t step = size ? bytes[0] % 32 + 1 : 1;
    Splitter splitter(4096);
    for (std::size_t at = 0; at < size; at += step) {
        const bool fits = splitter.feed(text.substr(at, step), [&](std::string_view message) {
            follow(catalogue, message);
            return true;
        });
        if (!fits) break;
        require(splitter.rest().size() <= 4096);
    }
    const mh::json_document answer(text);
    (void)read_range(answer.root());
    (void)read_refusal(answer.root());
    return 0;
}
