// SPDX-License-Identifier: Apache-2.0
#include "registry/table_records.hpp"

#include <cassert>
#include <utility>

namespace microhost::registry {

Feed::Feed(Table& table, uint32_t provider, uint64_t opened)
    : table_(&table), alive_(table.alive_), provider_(provider), opened_(opened) {}

Feed::Feed(Feed&& other) noexcept { *this = std::move(other); }

Feed& Feed::operator=(Feed&& other) noexcept {
    if (this == &other) return *this;
    close();
    table_ = std::exchange(other.table_, nullptr);
    alive_ = std::exchange(other.alive_, {});
    provider_ = other.provider_;
    opened_ = other.opened_;
    return *this;
}

Feed::~Feed() { close(); }

void Feed::close() {
    if (!alive_.expired() && table_->holds(provider_, opened_)) table_->close(provider_);
    table_ = nullptr;
    alive_.reset();
}

void Feed::upsert(const Service& service) {
    assert(!service.name.empty());
    if (!alive_.expired() && table_->holds(provider_, opened_)) table_->upsert(provider_, service);
}

void Feed::withdraw(std::string_view service, std::string_view node_id) {
    if (alive_.expired() || !table_->holds(provider_, opened_)) return;
    table_->withdraw(provider_, service, node_id);
}

void Feed::resync() {
    if (alive_.expired() || !table_->holds(provider_, opened_)) return;
    table_->providers_[provider_].epoch = ++table_->counter_;
}

void Feed::synced() {
    if (alive_.expired() || !table_->holds(provider_, opened_)) return;
    table_->providers_[provider_].synced = true;
    table_->withdraw_older(provider_);
    table_->schedule();
}

}  // namespace microhost::registry
