// SPDX-License-Identifier: Apache-2.0
#include "registry/provider.hpp"

#include <algorithm>
#include <utility>

namespace microhost::registry {
namespace {

constexpr size_t kLongestTrouble = 512;

/// Modules write what they like; it stays one line of a page.
std::string one_line(std::string_view text) {
    std::string out(text.substr(0, kLongestTrouble));
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return out;
}

}  // namespace

std::string_view state_name(ProviderState state) {
    switch (state) {
        case ProviderState::waiting: return "waiting";
        case ProviderState::synced: return "synced";
        case ProviderState::stale: return "stale";
        case ProviderState::failed: return "failed";
    }
    return "";
}

Provider::Provider(Table& table, ProviderOptions options)
    : options_(std::move(options)), file_(options_.state_dir, options_.name), table_(table) {}

Provider::~Provider() = default;

void Provider::begin(int priority, bool hurried) {
    const bool first = !std::exchange(begun_, true);
    options_.priority = priority;
    feed_ = table_.open(options_.name, priority);
    if (first) recall();
    state_ = ProviderState::waiting;
    trouble_.clear();
    deadline_ = options_.clock() + options_.wait;
    waited_ = false;
    if (hurried || !first) feed_.wait_no_more();
    settled_ = hurried || !first;
}

// What was told is kept until synced(), like what a generation leaves to the next one.
void Provider::recall() {
    auto content = file_.read();
    if (!content) {
        options_.warn(fmt::format("{}; what registry {} knew last is not used",
                                  content.error().what, name()));
        return;
    }
    for (const Service& s : content->services) feed_.replace(s);
    feed_.resync();
    if (!content->services.empty()) recalled_ = content->written;
}

void Provider::failed(std::string_view why) {
    state_ = ProviderState::failed;
    last_trouble_ = trouble_ = one_line(why);
    options_.warn(fmt::format("registry {} cannot be started: {}", name(), trouble_));
    settle();
}

void Provider::upsert(const Service& service, std::chrono::seconds ttl) {
    if (feed_.replace(service, ttl)) changed_ = true;
}

void Provider::remove(std::string_view service, std::string_view version,
                      std::string_view node_id) {
    if (feed_.remove(service, version, node_id)) changed_ = true;
}

void Provider::synced() {
    feed_.synced();
    changed_ = true;  // what was not told again is gone
    recalled_.clear();
    if (state_ == ProviderState::waiting)
        options_.info(fmt::format("registry {} has told all that it knows", name()));
    told_ = true;
    state_ = trouble_.empty() ? ProviderState::synced : ProviderState::stale;
    settle();
}

void Provider::trouble(std::string_view text) {
    std::string now = one_line(text);
    if (now == trouble_ || state_ == ProviderState::failed) return;
    const bool was = !trouble_.empty();
    trouble_ = std::move(now);
    if (trouble_.empty()) {
        if (state_ == ProviderState::stale) state_ = ProviderState::synced;
        feed_.renew();  // it could not hear who is still there
        options_.info(fmt::format("registry {} works again", name()));
        return;
    }
    last_trouble_ = trouble_;
    if (state_ == ProviderState::synced) state_ = ProviderState::stale;
    if (!was)
        options_.warn(
            fmt::format("registry {}: {}; what it said last stays in use", name(), trouble_));
}

void Provider::tick() {
    const TimePoint now = options_.clock();
    if (state_ == ProviderState::waiting && !waited_ && now >= deadline_) give_up();
    if (state_ != ProviderState::synced) return;
    if (feed_.expire()) changed_ = true;
    if (changed_ && now >= write_at_) save();
}

void Provider::give_up() {
    waited_ = true;
    options_.warn(fmt::format("registry {}", explain()));
    settle();
}

void Provider::settle() {
    if (!std::exchange(settled_, true)) feed_.wait_no_more();
}

void Provider::save() {
    if (!changed_ || state_ != ProviderState::synced) return;
    changed_ = false;
    write_at_ = options_.clock() + kWriteEvery;
    std::vector<Service> services = feed_.services();
    if (options_.own) {
        for (Service& s : services)
            std::erase_if(s.nodes, [this](const Node& n) { return options_.own(n.id); });
        std::erase_if(services, [](const Service& s) { return s.nodes.empty(); });
    }
    std::string failed;
    if (auto written = file_.write(services); !written) failed = written.error().what;
    if (!failed.empty() && failed != write_error_)
        options_.warn(
            fmt::format("{}; a start during which registry {} cannot be reached will know "
                        "nothing of it",
                        failed, name()));
    write_error_ = std::move(failed);
}

TimePoint Provider::waits_until() const { return settled_ ? TimePoint::max() : deadline_; }

std::string Provider::explain() const {
    if (state_ == ProviderState::failed) return fmt::format("{}: {}", name(), trouble_);
    if (state_ == ProviderState::stale)
        return fmt::format("{}: {}; what it said last stays in use", name(), trouble_);
    std::string out = fmt::format("{}: not synced yet", name());
    if (!trouble_.empty()) out += fmt::format(" ({})", trouble_);
    if (!settled_ && !waited_) return out;
    if (told_) return out + "; what the generation before it said stays in use";
    if (recalled_.empty()) return out + "; nothing is known of it";
    return fmt::format("{}; what is known of it was written {} to {}", out, recalled_,
                       file_.path());
}

ProviderRow Provider::row() const {
    ProviderRow row;
    row.name = name();
    row.priority = options_.priority;
    row.state = state_;
    row.waited = settled_;
    if (state_ != ProviderState::synced) row.text = explain();
    row.last_trouble = last_trouble_;
    return row;
}

}  // namespace microhost::registry
