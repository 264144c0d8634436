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
    if (open()) table_->close(provider_);
    table_ = nullptr;
    alive_.reset();
}

bool Feed::open() const { return !alive_.expired() && table_->holds(provider_, opened_); }

void Feed::upsert(const Service& service) {
    assert(!service.name.empty());
    if (open()) table_->upsert(provider_, service);
}

void Feed::withdraw(std::string_view service, std::string_view node_id) {
    if (open()) table_->withdraw(provider_, service, node_id);
}

bool Feed::replace(const Service& service, std::chrono::seconds ttl) {
    assert(!service.name.empty());
    return open() && table_->replace(provider_, service, ttl);
}

bool Feed::remove(std::string_view service, std::string_view version, std::string_view node_id) {
    return open() && table_->remove(provider_, service, version, node_id);
}

bool Feed::expire() { return open() && table_->expire(provider_); }

void Feed::renew() {
    if (open()) table_->renew(provider_);
}

std::vector<Service> Feed::services() const {
    return open() ? table_->services_of(provider_) : std::vector<Service>{};
}

void Feed::wait_no_more() {
    if (!open()) return;
    table_->providers_[provider_].synced = true;
    table_->schedule();
}

void Feed::resync() {
    if (open()) table_->providers_[provider_].epoch = ++table_->counter_;
}

void Feed::synced() {
    if (!open()) return;
    table_->providers_[provider_].synced = true;
    table_->withdraw_older(provider_);
    table_->schedule();
}

}  // namespace microhost::registry
