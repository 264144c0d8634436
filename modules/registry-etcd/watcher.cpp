// SPDX-License-Identifier: Apache-2.0
#include "watcher.hpp"

#include <algorithm>

namespace microhost::registry_etcd {
namespace {

constexpr uint64_t kLongestPage = 32u << 20;

}  // namespace

Watcher::Watcher(Client& client, Endpoints& endpoints, const Settings& settings,
                 Catalogue& catalogue, std::string folder, Hooks hooks)
    : client_(client),
      endpoints_(endpoints),
      settings_(settings),
      catalogue_(catalogue),
      folder_(std::move(folder)),
      hooks_(std::move(hooks)) {}

void Watcher::stop() {
    state_ = State::off;
    timer_.cancel();
    stream_.stop();
    client_.cancel(std::exchange(ticket_, 0));
}

// What is open stays: a server that was only slow goes on with it, and a dead one is noticed by on_up().
void Watcher::on_down() {
    up_ = false;
    timer_.cancel();
    if (state_ == State::listing || state_ == State::opening) {
        stop();
        state_ = State::waiting;
    }
}

void Watcher::on_up() {
    up_ = true;
    stop();
    state_ = State::waiting;
    backoff_.reset();
    resume();
}

void Watcher::resume() { need_list_ ? list() : open(); }

// The stream may be silent because its connection is dead, or because it is to an endpoint that nobody else uses any more.
void Watcher::on_beat(const Header& header, int64_t keys) {
    if (state_ == State::opening && ++opening_beats_ > 3)
        return fail("it does not begin the watch", true);
    if (state_ != State::watching) return;
    if (lost_data(header)) need_list_ = true;
    if (need_list_ || endpoint_ != endpoints_.current()) return on_up();
    const bool quiet = messages_ == std::exchange(messages_at_beat_, messages_);
    const bool odd = quiet && keys >= 0 && header.revision > seen_.revision &&
                     static_cast<size_t>(keys) != catalogue_.count(folder_);
    odd_beats_ = odd ? odd_beats_ + 1 : 0;
    if (odd_beats_ < 2) return;
    odd_beats_ = 0;
    need_list_ = true;
    on_up();
}

// A revision that goes back is etcd begun anew, or another one.
bool Watcher::lost_data(const Header& header) const {
    return header.revision < seen_.revision ||
           (!seen_.cluster.empty() && header.cluster != seen_.cluster);
}

// ---- list

void Watcher::list() {
    stream_.stop();
    state_ = State::listing;
    from_ = folder_;
    listed_ = {};
    catalogue_.begin_list(folder_);
    ask_page();
}

void Watcher::ask_page() {
    ticket_ = client_.post(
        "/kv/range", range_request(from_, range_end(folder_), page_, listed_.revision),
        [this](const Answer& a) { on_page(a); }, kLongestPage);
}

void Watcher::on_page(const Answer& a) {
    ticket_ = 0;
    const auto range = a.good() ? read_range(a.json.root()) : std::nullopt;
    if (!range) return on_list_failure(a);
    if (listed_.revision == 0) listed_ = range->header;
    for (const KeyValue& kv : range->kvs)
        if (kv.key.starts_with(folder_)) catalogue_.put(kv.key, kv.value, kv.mod_revision);
    if (range->more && !range->kvs.empty()) {
        const std::string next = range->kvs.back().key + '\0';
        if (next <= from_) return fail("its list goes in circles", false);
        from_ = next;
        return ask_page();
    }
    catalogue_.end_list(folder_);
    catalogue_.flush();
    seen_ = listed_;
    need_list_ = false;
    hooks_.listed(seen_);
    if (state_ == State::listing) open();
}

void Watcher::on_list_failure(const Answer& a) {
    if (a.status == MH_E_LIMIT && page_ > 1) {
        page_ /= 2;
        return ask_page();
    }
    if (a.refused("compacted")) return list_later();  // it took longer than etcd remembers
    fail(a.why(), a.unreachable());
}

// Soon, but not as often as a server can say so.
void Watcher::list_later() {
    stop();
    state_ = State::waiting;
    need_list_ = true;
    if (up_) timer_.start(backoff_.next(), [this] { resume(); });
}

// ---- watch

void Watcher::open() {
    state_ = State::opening;
    opening_beats_ = 0;
    if (!client_.wants_token()) return open_stream();
    ticket_ = client_.post("/kv/range", count_request(folder_, range_end(folder_)),
                           [this](const Answer& a) {
                               ticket_ = 0;
                               a.good() ? open_stream() : fail(a.why(), a.unreachable());
                           });
}

void Watcher::open_stream() {
    endpoint_ = endpoints_.current();
    const mh_status s =
        stream_.start(client_, endpoints_.at(endpoint_), settings_, "/watch",
                      watch_request(folder_, range_end(folder_), seen_.revision + 1),
                      {[this](std::string_view m) { on_message(m); },
                       [this](mh_status status, const std::string& why) { on_end(status, why); }});
    if (s != MH_OK) fail("the watch cannot be opened", true);
}

void Watcher::on_message(std::string_view message) {
    ++messages_;
    const auto watched = read_watch(message);
    if (!watched) return fail("a message of its watch makes no sense", false);
    on_watched(*watched);
}

void Watcher::on_watched(const Watched& w) {
    if (w.canceled) return on_canceled(w);
    if (w.created) {
        if (lost_data(w.header)) return list_later();
        seen_.cluster = w.header.cluster;
        state_ = State::watching;
        hooks_.watching();
        return;
    }
    if (!w.events.empty()) return on_events(w);
    if (state_ != State::watching) return;
    backoff_.reset();
    // A note of progress: all up to there has been told.
    if (!w.fragment) seen_.revision = std::max(seen_.revision, w.header.revision);
}

void Watcher::on_canceled(const Watched& w) {
    if (w.compact_revision > 0 || w.reason.find("compacted") != w.reason.npos) return list_later();
    // Also what is said of a token that is over, when a watch begins with it.
    client_.forget_token();
    fail(w.reason.empty() ? "it ended the watch" : "it says \"" + w.reason.substr(0, 200) + '"',
         false);
}

void Watcher::on_events(const Watched& w) {
    backoff_.reset();
    std::vector<std::pair<std::string, int64_t>> deleted;
    int64_t newest = 0;
    for (const Event& e : w.events) {
        newest = std::max(newest, e.kv.mod_revision);
        if (!e.kv.key.starts_with(folder_)) continue;
        if (!e.deleted) {
            catalogue_.put(e.kv.key, e.kv.value, e.kv.mod_revision);
            continue;
        }
        catalogue_.erase(e.kv.key);
        deleted.emplace_back(e.kv.key, e.kv.mod_revision);
    }
    catalogue_.flush();
    // Not the header's: after a break events of older revisions may still come. A revision comes whole, but for fragments.
    if (!w.fragment) seen_.revision = std::max(seen_.revision, newest);
    for (const auto& [key, revision] : deleted) hooks_.deleted(key, revision);
}

void Watcher::on_end(mh_status s, const std::string& why) {
    if (s == MH_E_TIMEOUT && state_ == State::watching) return on_up();  // silent for too long
    fail("its watch ended: " + why, true);
}

void Watcher::fail(const std::string& why, bool connection) {
    stop();
    state_ = State::waiting;
    if (up_) timer_.start(backoff_.next(), [this] { resume(); });
    hooks_.broken(why, connection);
}

}  // namespace microhost::registry_etcd
