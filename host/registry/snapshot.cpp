// SPDX-License-Identifier: Apache-2.0
#include "registry/snapshot.hpp"

#include "registry/nearest.hpp"

#include <bit>
#include <cassert>
#include <functional>

namespace microhost::registry {

const Endpoint* ServiceNodes::endpoint(std::string_view endpoint_name,
                                       std::string_view version) const noexcept {
    for (auto service = versions.rbegin(); service != versions.rend(); ++service) {
        if (!version.empty() && service->version != version) continue;
        for (const Endpoint& e : service->endpoints) {
            if (e.name == endpoint_name) return &e;
        }
    }
    return nullptr;
}

Snapshot::Snapshot(Services services, std::vector<Vanished> vanished, uint32_t slots,
                   uint64_t revision, bool complete)
    : services_(std::move(services)),
      vanished_(std::move(vanished)),
      slots_(slots),
      revision_(revision),
      complete_(complete) {
    for (const auto& service : services_) {
        for (uint32_t v = 0; v < service->versions.size(); ++v)
            entries_.push_back({service.get(), v});
    }
    const size_t rows = services_.size() + vanished_.size();
    if (rows == 0) return;
    buckets_.resize(std::bit_ceil(2 * rows));
    const size_t mask = buckets_.size() - 1;
    for (uint32_t row = 1; row <= rows; ++row) {
        const size_t hash = std::hash<std::string_view>{}(name_of(row));
        size_t at = hash & mask;
        while (buckets_[at].row != 0) at = (at + 1) & mask;
        buckets_[at] = {hash, row};
    }
}

std::string_view Snapshot::name_of(uint32_t row) const noexcept {
    const size_t index = row - 1;
    return index < services_.size() ? services_[index]->name
                                    : vanished_[index - services_.size()].name;
}

uint32_t Snapshot::row_of(std::string_view name) const noexcept {
    if (buckets_.empty()) return 0;
    const size_t hash = std::hash<std::string_view>{}(name);
    const size_t mask = buckets_.size() - 1;
    for (size_t at = hash & mask; buckets_[at].row != 0; at = (at + 1) & mask) {
        if (buckets_[at].hash == hash && name_of(buckets_[at].row) == name) return buckets_[at].row;
    }
    return 0;
}

const ServiceNodes* Snapshot::find(std::string_view name) const noexcept {
    const uint32_t row = row_of(name);
    return row == 0 || row > services_.size() ? nullptr : services_[row - 1].get();
}

bool Snapshot::vanished(std::string_view name, TimePoint now) const noexcept {
    const uint32_t row = row_of(name);
    return row > services_.size() && now < vanished_[row - 1 - services_.size()].until;
}

std::string_view Snapshot::nearest(std::string_view name) const {
    NearestName search(name);
    for (const auto& service : services_) search.offer(service->name);
    return search.best();
}

}  // namespace microhost::registry
