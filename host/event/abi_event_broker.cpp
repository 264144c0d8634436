// SPDX-License-Identifier: Apache-2.0
#include "event/abi_event_broker.hpp"

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "module/environment.hpp"
#include "module/event_bus.hpp"
#include "module/health.hpp"
#include "module/host_side.hpp"

namespace microhost::event {
namespace {

using module::HostSide;

bool good_name(std::string_view name) {
    constexpr size_t kLongest = 64;
    return !name.empty() && name.size() <= kLongest &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
           });
}

Result<std::string> broker_name(const void* descriptor) {
    const auto* d = static_cast<const mh_event_broker*>(descriptor);
    if (d->size < sizeof(mh_event_broker) || !d->publish || !d->subscribe || !d->unsubscribe)
        return error("an event broker without publish, subscribe or unsubscribe");
    const std::string_view name = d->name ? d->name : "";
    if (!good_name(name))
        return error("an event broker with the name {:?}; give it a short one of a-z, 0-9, - and _",
                     name.substr(0, 100));
    return {boost::system::in_place_value, name};
}

struct Door {
    HostSide* side;
    const mh_event_broker* broker;
    std::string name;
};

// Held during a delivery: the module lives at least as long as its door is found here.
struct Doors {
    std::mutex mutex;
    std::vector<Door> open;

    const Door* find(const mh_host* h, const mh_event_broker* b) {
        const HostSide* side = HostSide::find(h);
        for (const Door& d : open)
            if (d.side == side && d.broker == b) return &d;
        return nullptr;
    }
};

Doors& doors() {
    static Doors all;
    return all;
}

mh_status deliver(const mh_host* h, const mh_event_broker* b, const mh_event* e) {
    if (!h || !b || !e) return MH_E_INVALID;
    return module::guard_status([&]() -> mh_status {
        module::Event copied;
        std::string why;
        const mh_status s = module::copy_event(*e, copied, why);
        std::scoped_lock lock(doors().mutex);
        const Door* door = doors().find(h, b);
        if (!door) return MH_E_GONE;
        if (s != MH_OK) {
            module::report(*door->side, s, {}, "event: " + why);
            return s;
        }
        copied.origin = "broker:" + door->name;
        copied.foreign = true;
        door->side->environment.events->publish(std::move(copied));
        return MH_OK;
    });
}

void trouble(const mh_host* h, const mh_event_broker* b, mh_status s, mh_str text) {
    if (!h || !b || module::broken(text)) return;
    module::guard_status([&] {
        std::scoped_lock lock(doors().mutex);
        const Door* door = doors().find(h, b);
        if (!door) return mh_status{MH_E_GONE};
        std::string said(module::view(text));
        if (s < MH_OK && said.empty()) said = module::status_name(s);
        door->side->environment.health->set(
            *door->side, "broker " + door->name,
            s < MH_OK ? module::Health::degraded : module::Health::ok, s < MH_OK ? said : "");
        return mh_status{MH_OK};
    });
}

}  // namespace

const module::Point kBrokerPoint = {MH_EVENT_BROKER, broker_name, true};
const mh_event_sink kSinkTable = {sizeof(mh_event_sink), 0, deliver, trouble};

void open_door(HostSide& side, const mh_event_broker& broker) {
    std::scoped_lock lock(doors().mutex);
    doors().open.push_back({&side, &broker, broker.name});
}

void close_door(const mh_event_broker& broker) {
    std::scoped_lock lock(doors().mutex);
    std::erase_if(doors().open, [&](const Door& d) { return d.broker == &broker; });
}

}  // namespace microhost::event
