// SPDX-License-Identifier: Apache-2.0
#include "announcer.hpp"

#include <algorithm>

namespace microhost::registry_etcd {
namespace {

constexpr int64_t kDefaultTtl_s = 60;

}  // namespace

Announcer::Announcer(Client& client, const Settings& settings, const Catalogue& catalogue,
                     std::string folder, Hooks hooks)
    : client_(client),
      settings_(settings),
      catalogue_(catalogue),
      folder_(std::move(folder)),
      hooks_(std::move(hooks)) {}

bool Announcer::announce(uint64_t key, std::string_view service_json, uint32_t ttl_s) {
    const mh::json_document document(service_json);
    const mh::json_value root = document.root();
    const auto name = root["name"].string();
    const auto id = root["nodes"].at(0)["id"].string();
    if (!name || name->empty() || !id || id->empty()) return false;
    const std::string etcd_key = key_of(folder_, *name, *id);
    auto& slot = own_[key];
    if (slot && slot->key != etcd_key) revoke(*slot);
    if (!slot || slot->key != etcd_key) slot = std::make_unique<Own>();
    Own& own = *slot;
    own.key = etcd_key, own.value = service_json;
    const int64_t asked = settings_.ttl.count() / 1000;
    own.ttl_s = asked ? asked : ttl_s ? ttl_s : kDefaultTtl_s;
    if (!up_) return true;
    client_.cancel(std::exchange(own.ticket, 0));
    own.lease ? put(own) : grant(own);
    return true;
}

void Announcer::withdraw(uint64_t key) {
    const auto it = own_.find(key);
    if (it == own_.end()) return;
    revoke(*it->second);
    set_trouble(*it->second, {});
    own_.erase(it);
}

void Announcer::stop() {
    for (auto& [key, own] : own_) client_.cancel(own->ticket);
    own_.clear();
}

// With the lease goes the key, in one step, and only while it is ours: the next generation of this module may have put it
// under a lease of its own by now.
void Announcer::revoke(Own& own) {
    client_.cancel(std::exchange(own.ticket, 0));
    own.timer.cancel();
    if (own.lease) client_.post("/kv/lease/revoke", lease_request(own.lease), [](const Answer&) {});
    own.lease = 0;
}

// ---- as etcd comes and goes

void Announcer::on_up() {
    up_ = true;
    for (auto& [key, own] : own_) {
        if (own->ticket) continue;
        own->lease ? keep_alive(*own) : grant(*own);
    }
}

void Announcer::on_down() {
    up_ = false;
    for (auto& [key, own] : own_) own->timer.cancel();
}

void Announcer::on_listed(const Header& header) {
    for (auto& [key, own] : own_) {
        const bool put = own->put_at && own->put_at <= header.revision;
        if (put && !catalogue_.holds(own->key, own->value)) lost(*own, header.revision);
    }
}

void Announcer::on_deleted(const std::string& key, int64_t revision) {
    for (auto& [token, own] : own_)
        if (own->key == key && revision > own->put_at) lost(*own, revision);
}

// ---- the life of one

void Announcer::grant(Own& own) {
    own.timer.cancel();
    own.lease = own.put_at = own.deleted_at = 0;
    own.ticket = client_.post("/lease/grant", grant_request(own.ttl_s),
                              [this, &own](const Answer& a) { on_granted(own, a); });
}

void Announcer::on_granted(Own& own, const Answer& a) {
    own.ticket = 0;
    const mh::json_value root = a.json.root();
    const auto id = a.good() ? read_int64(root["ID"]) : std::nullopt;
    if (!id || *id <= 0) return failed(own, a);
    own.lease = *id;
    // etcd may give more time than was asked for.
    const int64_t ttl = read_int64(root["TTL"]).value_or(own.ttl_s);
    own.period_ms = std::clamp<int64_t>(ttl * 1000 / 3, 300, 3'600'000);
    put(own);
}

void Announcer::put(Own& own) {
    own.timer.cancel();
    own.ticket = client_.post("/kv/put", put_request(own.key, own.value, own.lease),
                              [this, &own](const Answer& a) { on_put(own, a); });
}

void Announcer::on_put(Own& own, const Answer& a) {
    own.ticket = 0;
    if (a.refused("lease not found")) return grant(own);
    const auto header = a.good() ? read_header(a.json.root()) : std::nullopt;
    if (!header) return failed(own, a);
    own.put_at = header->revision;
    set_trouble(own, {});
    if (own.deleted_at > own.put_at) return lost(own, own.deleted_at);  // after it was put
    schedule(own);
}

void Announcer::schedule(Own& own) {
    own.timer.start(std::chrono::milliseconds(own.period_ms), [this, &own] { keep_alive(own); });
}

void Announcer::keep_alive(Own& own) {
    own.timer.cancel();
    own.ticket = client_.post("/lease/keepalive", lease_request(own.lease),
                              [this, &own](const Answer& a) { on_kept(own, a); });
}

void Announcer::on_kept(Own& own, const Answer& a) {
    own.ticket = 0;
    const mh::json_value result = a.json.root()["result"];
    if (!a.good() || result.kind() != MH_JSON_OBJECT) return failed(own, a);
    // A lease that is not known has no time left.
    if (read_int64(result["TTL"]).value_or(0) <= 0) return grant(own);
    if (!own.put_at) return put(own);
    own.backoff.reset();
    set_trouble(own, {});
    schedule(own);
}

// Somebody deleted the key, or the lease ran out. At once, but not in a race with who deletes it again and again.
void Announcer::lost(Own& own, int64_t revision) {
    own.put_at = 0;
    own.deleted_at = revision;
    if (own.ticket || !up_) return;  // the answer that is awaited, or on_up(), goes on from here
    own.timer.start(own.backoff.next(), [this, &own] { keep_alive(own); });
}

void Announcer::failed(Own& own, const Answer& a) {
    if (a.refused("lease not found")) return grant(own);
    if (a.unreachable())
        hooks_.suspect();  // and the link says what is wrong
    else
        set_trouble(own, a.why());
    if (!up_) return;
    own.timer.start(own.backoff.next(), [this, &own] { own.lease ? keep_alive(own) : grant(own); });
}

void Announcer::set_trouble(Own& own, const std::string& why) {
    own.trouble = why.empty() ? why : "etcd did not take " + own.key + ": " + why;
    std::string first;
    for (const auto& [key, o] : own_)
        if (first.empty()) first = o->trouble;
    if (first != said_) hooks_.trouble(said_ = first);
}

}  // namespace microhost::registry_etcd
