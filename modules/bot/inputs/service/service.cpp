// SPDX-License-Identifier: Apache-2.0
#include "service.hpp"

#include <microhost/config_reader.hpp>

#include <utility>

#include "../../../shared/json_writer.hpp"
#include "../../../shared/secret.hpp"
#include "../../../shared/text.hpp"
#include "../../clock.hpp"

namespace microhost::bot {
namespace {

constexpr size_t kMostNetworks = 64, kMostWaiting = 256, kLongestAddress = 512;
constexpr uint32_t kSendMs = 10'000;
constexpr uint64_t kComplainMs = 10'000;
constexpr std::chrono::milliseconds kSettle{300};

/// "matrix/!room" -> the network's name, and the address there.
std::pair<std::string_view, std::string_view> split_address(std::string_view address) {
    const size_t slash = address.find('/');
    if (slash == address.npos) return {address, {}};
    return {address.substr(0, slash), address.substr(slash + 1)};
}

}  // namespace

Service::Service(const mh_config* config, Ears& ears) : ears_(ears) {
    const mh::config_reader from(config);
    std::string name_space, secret_file;
    from.read("namespace", name_space), from.read("service_secret", secret_);
    from.read("service_secret_file", secret_file);
    topic_ = name_space + ".input";
    mh::json_value networks;
    from.read("service_networks", networks);
    for (uint32_t i = 0; i < networks.count(); ++i) {
        const std::string name(networks.key_at(i));
        const auto service = networks.at(i).string();
        if (!service || service->empty() || name.empty() || name.find('/') != name.npos)
            throw mh::failure(
                R"(service_networks: write {"NETWORK": "SERVICE"}, names without a slash)",
                "/service_networks");
        auto n = std::make_unique<Network>();
        n->name = name;
        n->service = *service;
        networks_.emplace(name, std::move(n));
    }
    if (networks_.empty() || networks_.size() > kMostNetworks)
        throw mh::failure("service_networks: the input \"service\" needs from 1 to 64 networks",
                          "/service_networks");
    if (!secret_.empty() && !secret_file.empty())
        throw mh::failure("give one of service_secret and service_secret_file",
                          "/service_secret_file");
    if (secret_file.empty()) return;
    secret_file_.emplace(secret_file, [this, secret_file](mh_status s, std::string_view content) {
        secret_ = s == MH_OK ? shared::trim(content) : std::string_view();
        if (secret_.empty())
            mh::log::warn(
                "the secret cannot be read: nobody of those networks is known until it can",
                {{"file", secret_file}, {"why", mh::file_problem(s)}});
    });
}

Service::~Service() {
    if (events_) mh::use<mh_event_bus>().unsubscribe(events_);
}

Format Service::format() const {
    Format f;
    f.message_bytes = 16 * 1024;
    return f;
}

Status Service::status() const {
    Status s = status_;
    for (const auto& [name, n] : networks_) s.queued += n->waiting.size();
    return s;
}

void Service::subscribe() {
    const mh_status s = mh::use<mh_event_bus>().subscribe(mh::the_host, mh::lend(topic_), 0,
                                                          on_event, this, &events_);
    if (s != MH_OK) throw mh::failure(topic_ + ": the topic cannot be subscribed to", {}, s);
    status_.since_ms = wall_ms();
    changed();
}

void Service::start() { subscribe(); }

void Service::stop() {
    if (events_) mh::use<mh_event_bus>().unsubscribe(std::exchange(events_, 0));
    for (auto& [name, n] : networks_) {
        n->call.cancel();
        n->calling = false;
        status_.dropped += n->waiting.size();
        n->waiting.clear();
    }
    status_.link = Link::off;
}

void Service::changed() {
    std::string detail = "listens to " + topic_;
    bool well = true;
    for (const auto& [name, n] : networks_) {
        well = well && n->problem.empty();
        if (!n->problem.empty()) detail += "; " + name + ": " + n->problem;
    }
    status_.detail = std::move(detail);
    status_.link = well ? Link::online : Link::waiting;
    ears_.on_status(*this);
}

// ---- in

void Service::on_event(void* user, const mh_event* e) {
    mh::guarded("on_event", [&] {
        static_cast<Service*>(user)->hear(mh::view(e->body));
        return MH_OK;
    });
}

void Service::complain(std::string_view text, std::string_view what) {
    const uint64_t now = steady_ms();
    if (complained_ms_ != 0 && now - complained_ms_ < kComplainMs) return;
    complained_ms_ = now;
    mh::log::warn(text, {{"topic", topic_}, {"what", what.substr(0, 100)}});
}

bool Service::vouched(std::string_view secret) const {
    return !secret_.empty() && shared::same_secret(secret, secret_);
}

void Service::hear(std::string_view body) {
    const mh::json_document document(body);
    const mh::json_value root = document.root();
    if (!document || root.kind() != MH_JSON_OBJECT)
        return complain("an event is no JSON object and was left out", "");
    const auto text = [&](const char* key) { return root[key].string().value_or(""); };
    const auto at = networks_.find(text("network"));
    if (at == networks_.end())
        return complain("an event of a network that service_networks does not name was left out",
                        text("network"));
    const std::string network = at->first + "/";
    const std::string_view room = text("room"), peer = text("peer"), thread = text("thread");
    if (room.empty() && peer.empty())
        return complain("an event without room and peer was left out", network);
    if (std::max({room.size(), peer.size(), thread.size()}) > kLongestAddress)
        return complain("an event with an address that is too long was left out", network);
    const std::string_view identity = text("identity");
    const std::string_view secret = text("secret");
    if (!secret.empty() && !vouched(secret))
        return complain("an event with a wrong secret was left out", network);
    Message m;
    m.from.name = text("name");
    // Whoever publishes could claim to be anybody: without the secret everybody is a stranger.
    if (vouched(secret) && !identity.empty() && identity.size() <= kLongestAddress)
        m.from.identity = "service:" + network + std::string(identity);
    m.from.robot = root["robot"].boolean().value_or(false);
    m.place = {room.empty() ? "" : network + std::string(room), network + std::string(peer),
               std::string(thread)};
    m.text = text("text");
    m.addressed = root["addressed"].boolean().value_or(false);
    ++status_.received;
    ears_.on_message(*this, std::move(m));
}

// ---- out

bool Service::send(const Place& to, std::string_view text) {
    const auto [network, peer] = split_address(to.peer.empty() ? to.room : to.peer);
    const auto at = networks_.find(network);
    if (at == networks_.end() || at->second->waiting.size() >= kMostWaiting) {
        ++status_.dropped;
        return false;
    }
    std::string body;
    shared::JsonWriter w(body);
    w.begin_object().key("network").string(network);
    w.key("room").string(split_address(to.room).second).key("peer").string(peer);
    w.key("thread").string(to.thread).key("text").string(text).end_object();
    at->second->waiting.push_back(std::move(body));
    next(*at->second);
    return true;
}

// One after the other, so that they arrive in their order.
void Service::next(Network& n) {
    if (n.calling || n.waiting.empty() || n.settling) return;
    n.calling = true;
    const std::string body = std::move(n.waiting.front());
    n.waiting.pop_front();
    const CallTo to{n.service, "Input.Send", "application/json", {}, kSendMs};
    n.call.begin(to, body, [this, &n](CallEnd end) { sent(n, end); });
}

void Service::sent(Network& n, const CallEnd& end) {
    n.calling = false;
    ++(end.ok ? status_.sent : status_.dropped);
    if (n.problem != end.error) {
        n.problem = end.error;
        changed();
    }
    next(n);
}

// ---- over a reload

std::string Service::hand_over() {
    std::string out;
    shared::JsonWriter w(out);
    w.begin_object();
    for (const auto& [name, n] : networks_) {
        // What is on its way may have arrived: it is not sent a second time.
        w.key(name).begin_object().key("calling").boolean(n->calling).key("waiting").begin_array();
        for (const std::string& body : n->waiting) w.string(body);
        w.end_array().end_object();
        n->waiting.clear();
    }
    w.end_object();
    if (events_) mh::use<mh_event_bus>().unsubscribe(std::exchange(events_, 0));
    return out;
}

bool Service::take_over(std::string_view state) {
    const mh::json_document document(state);
    const mh::json_value root = document.root();
    for (uint32_t i = 0; i < root.count(); ++i) {
        const auto at = networks_.find(root.key_at(i));
        if (at == networks_.end()) continue;
        Network& n = *at->second;
        const mh::json_value list = root.at(i)["waiting"];
        for (uint32_t k = 0; k < list.count(); ++k)
            n.waiting.emplace_back(list.at(k).string().value_or(""));
        n.settling = root.at(i)["calling"].boolean().value_or(false);
        // Not before what the last generation was sending.
        if (n.settling) n.settled.start(kSettle, [this, &n] { n.settling = false, next(n); });
    }
    subscribe();
    for (auto& [name, n] : networks_) next(*n);
    return true;
}

}  // namespace microhost::bot
