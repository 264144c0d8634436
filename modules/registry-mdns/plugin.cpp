// SPDX-License-Identifier: Apache-2.0
// Finds services by multicast DNS as Micro does, and announces ours there.
#include <microhost/draft/state.h>
#include <microhost/entry.h>
#include <microhost/schema.hpp>

#include <array>
#include <cstring>
#include <memory>

#include "provider.hpp"

namespace {

using microhost::registry_mdns::Provider;
using microhost::registry_mdns::Settings;

constexpr uint32_t kSchema = 1;  // of the state: there is none but that there was one before
std::unique_ptr<Provider> provider;
bool continues = false;  // what a generation before us did

constexpr void write_manifest(mh::Writer& w) {
    w.text(
        R"({"id":"registry-mdns","version":"1.0.0","summary":"Services by multicast DNS, as Micro finds them",)");
    w.text(
        R"("license":"Apache-2.0","abi":{"epoch":1},"requires":["mh.log/1","mh.config/1","mh.json/1","mh.timer/1",)");
    w.text(
        R"("mh.net.udp/1","mh.registry.provider/1","mh.registry.sink/1"],"provides":["registry-mdns"],)");
    w.text(R"("reload":{"state_schema":1,"accepts":[1]},"config_schema":)");
    mh::write_schema<Settings>(w);
    w.push_back('}');
}
consteval size_t manifest_size() {
    mh::Writer count(nullptr);
    write_manifest(count);
    return count.size() + 1;
}
consteval auto manifest_text() {
    std::array<char, manifest_size()> text{};
    mh::Writer w(text.data());
    write_manifest(w);
    return text;
}

// What one generation tells the next is only that it was there: what was announced goes on without a break.
mh_status save(const mh_module*, const mh_state_writer*) {
    if (provider) provider->hand_over();
    return MH_OK;
}
mh_status load(const mh_module*, uint32_t schema, mh_seg) {
    continues = schema == kSchema;
    return continues ? MH_OK : MH_E_UNSUPPORTED;
}
void resume(const mh_module*, mh_seg) {
    if (provider) provider->take_back();
}
constexpr mh_state state = {sizeof(mh_state), kSchema, save, load, resume};

template <class Table>
mh_status resolve(const mh_host* host, const char* id) {
    mh::the_table<Table> = static_cast<const Table*>(host->get(host, id));
    return mh::the_table<Table> ? MH_OK : MH_E_UNSUPPORTED;
}

mh_status start(const mh_module*) {
    return mh::guarded("start", []() -> mh_status {
        const mh_config* config = mh::use<mh_config_api>().module(mh::the_host);
        provider = std::make_unique<Provider>(mh::read_config<Settings>(config));
        if (continues) provider->continue_it();
        return mh::the_host->contribute(mh::the_host, MH_REGISTRY_PROVIDER, &provider->table());
    });
}

void destroy(const mh_module*) { provider.reset(); }

const void* get(const mh_module*, const char* id) {
    return std::strcmp(id, MH_STATE) == 0 ? &state : nullptr;
}

constexpr mh_module module = {sizeof(mh_module), 0,       nullptr, start, nullptr,
                              nullptr,           nullptr, destroy, get};

mh_status create(const mh_host* host, const mh_module** out) {
    mh::the_host = host;
    *out = &module;
    for (const mh_status s :
         {resolve<mh_log>(host, MH_LOG), resolve<mh_config_api>(host, MH_CONFIG),
          resolve<mh_json>(host, MH_JSON), resolve<mh_timer>(host, MH_TIMER),
          resolve<mh_net_udp>(host, MH_NET_UDP),
          resolve<mh_registry_sink>(host, MH_REGISTRY_SINK)}) {
        if (s != MH_OK) return s;  // the host has compared `requires` before
    }
    return MH_OK;
}

}  // namespace

__attribute__((section(".mh_manifest"), used)) static constexpr auto mh_manifest_text =
    manifest_text();
extern "C" MH_EXPORT const mh_module_entry_t mh_module_entry = {
    MH_MAGIC, MH_ABI_EPOCH, sizeof(mh_module_entry_t), MH_HEADER_VERSION, mh_manifest_text.data(),
    create};
