// SPDX-License-Identifier: Apache-2.0
#include "rpc/abi_registry_provider.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <vector>

#include "json/document.hpp"
#include "loop/loop.hpp"
#include "module/environment.hpp"
#include "module/host_side.hpp"
#include "registry/model_json.hpp"
#include "registry/provider.hpp"
#include "rpc/providers.hpp"

namespace microhost::rpc {
namespace {

using module::broken;
using module::guard_status;
using module::HostSide;
using DoorPtr = std::shared_ptr<ReportDoor>;

constexpr uint64_t kSilentMs = 10'000;
constexpr std::string_view kOfTheHost[] = {"directory", "memory", "process"};

// The name is part of a file's.
bool good_name(std::string_view name) {
    constexpr size_t kLongest = 64;
    auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
    auto fits = [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    };
    return !name.empty() && name.size() <= kLongest && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), fits);
}

Result<std::string> provider_name(const void* descriptor) {
    const auto* d = static_cast<const mh_registry_provider*>(descriptor);
    if (d->size < offsetof(mh_registry_provider, stop) || !d->start)
        return error("a registry provider without start");
    const std::string_view name = d->name ? d->name : "";
    if (!good_name(name))
        return error(
            "a registry provider with the name {:?}; give it a short one of a-z, 0-9, -, _ and .",
            name.substr(0, 100));
    if (std::find(std::begin(kOfTheHost), std::end(kOfTheHost), name) != std::end(kOfTheHost))
        return error("registry provider {:?} is the host's; choose another name", name);
    return {boost::system::in_place_value, name};
}

// ---- open doors, for calls from any thread

struct Doors {
    struct Row {
        const HostSide* side;
        const mh_registry_provider* provider;
        DoorPtr door;
    };
    std::mutex mutex;
    std::vector<Row> rows;
};

Doors& doors() {
    static Doors all;
    return all;
}

/// Work of a module that is still to come: it is not destroyed before.
class Outstanding {
  public:
    explicit Outstanding(HostSide& side) : side_(&side) {
        side.outstanding.fetch_add(1, std::memory_order_relaxed);
    }
    Outstanding(Outstanding&& o) noexcept : side_(std::exchange(o.side_, nullptr)) {}
    Outstanding& operator=(Outstanding&&) = delete;
    ~Outstanding() {
        if (side_) side_->outstanding.fetch_sub(1, std::memory_order_release);
    }

  private:
    HostSide* side_;
};

Result<registry::Service> parse_service(std::string_view text) {
    auto document = json::Document::parse(text);
    if (!document) return document.error();
    return registry::service_from_json(document->root());
}

template <class F>
mh_status with(const mh_host* h, const mh_registry_provider* p, F&& fn) {
    if (!h || !p) return MH_E_INVALID;
    return guard_status([&]() -> mh_status {
        const DoorPtr door = ReportDoor::find(h, p);
        return door ? fn(*door) : MH_E_GONE;
    });
}

// ---- the table

mh_status upsert(const mh_host* h, const mh_registry_provider* p, mh_str json, uint32_t ttl_s) {
    if (broken(json)) return MH_E_INVALID;
    return with(h, p, [&](ReportDoor& door) -> mh_status {
        auto service = parse_service(module::view(json));
        if (!service) {
            door.refuse(service.error().what);
            return MH_E_INVALID;
        }
        return door.post([service = std::move(*service), ttl_s](registry::Provider& told, auto&) {
            told.upsert(service, std::chrono::seconds(ttl_s));
        });
    });
}

mh_status remove(const mh_host* h, const mh_registry_provider* p, mh_str name, mh_str version,
                 mh_str node_id) {
    if (broken(name) || broken(version) || broken(node_id) || !name.len) return MH_E_INVALID;
    return with(h, p, [&](ReportDoor& door) {
        return door.post([name = std::string(module::view(name)),
                          version = std::string(module::view(version)),
                          id = std::string(module::view(node_id))](
                             registry::Provider& told, auto&) { told.remove(name, version, id); });
    });
}

mh_status synced(const mh_host* h, const mh_registry_provider* p) {
    return with(h, p, [](ReportDoor& door) {
        return door.post([](registry::Provider& told, Providers& all) {
            told.synced();
            all.settle();
        });
    });
}

mh_status looked_up(const mh_host* h, const mh_registry_provider* p, mh_str name) {
    if (broken(name) || !name.len) return MH_E_INVALID;
    return with(h, p, [&](ReportDoor& door) {
        return door.post([name = std::string(module::view(name))](
                             registry::Provider&, Providers& all) { all.looked_up(name); });
    });
}

void trouble(const mh_host* h, const mh_registry_provider* p, mh_status s, mh_str text) {
    if (broken(text)) return;
    with(h, p, [&](ReportDoor& door) {
        std::string what(module::view(text).substr(0, 4096));
        if (s >= MH_OK)
            what.clear();
        else if (what.empty())
            what = module::status_name(s);
        return door.post([what](registry::Provider& told, auto&) { told.trouble(what); });
    });
}

}  // namespace

const module::Point kRegistryProviderPoint = {MH_REGISTRY_PROVIDER, provider_name, true};

const mh_registry_sink kRegistrySinkTable = {
    sizeof(mh_registry_sink), 0, upsert, remove, synced, looked_up, trouble};

ReportDoor::ReportDoor(HostSide& side, registry::Provider& told, Providers& all, log::Domain log)
    : side_(side), name_(told.name()), told_(&told), all_(all), log_(log) {}

ReportDoor::~ReportDoor() = default;

DoorPtr ReportDoor::open(HostSide& side, const mh_registry_provider& p, registry::Provider& told,
                         Providers& all, log::Domain log) {
    DoorPtr door(new ReportDoor(side, told, all, log));
    std::scoped_lock lock(doors().mutex);
    doors().rows.push_back({&side, &p, door});
    return door;
}

void ReportDoor::close() {
    told_ = nullptr;
    std::scoped_lock lock(doors().mutex);
    std::erase_if(doors().rows, [this](const Doors::Row& r) { return r.door.get() == this; });
}

DoorPtr ReportDoor::find(const mh_host* h, const mh_registry_provider* p) {
    const HostSide* side = HostSide::find(h);
    std::scoped_lock lock(doors().mutex);
    for (const Doors::Row& r : doors().rows)
        if (r.side == side && r.provider == p) return r.door;
    return nullptr;
}

mh_status ReportDoor::post(Report report) {
    if (waiting_.fetch_add(1, std::memory_order_relaxed) >= kMostWaiting) {
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        return MH_E_BUSY;
    }
    side_.environment.control.post(
        [door = shared_from_this(), report = std::move(report), held = Outstanding(side_)] {
            door->waiting_.fetch_sub(1, std::memory_order_relaxed);
            if (door->told_) report(*door->told_, door->all_);
        });
    return MH_OK;
}

void ReportDoor::refuse(std::string_view why) {
    const uint64_t now = Loop::clock_ns() / 1'000'000;
    uint64_t until = silent_until_ms_.load(std::memory_order_relaxed);
    if (now < until || !silent_until_ms_.compare_exchange_strong(until, now + kSilentMs)) {
        unsaid_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    const uint64_t unsaid = unsaid_.exchange(0);
    log_.warn(fmt::format("registry {} reports what is no service: {}{}", name_,
                          why.substr(0, 1000),
                          unsaid ? fmt::format(" (and {} like it before)", unsaid) : ""));
}

}  // namespace microhost::rpc
