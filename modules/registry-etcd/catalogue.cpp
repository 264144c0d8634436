// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"

#include <microhost/json.hpp>

#include <algorithm>
#include <set>

#include "../shared/json_span.hpp"
#include "../shared/json_writer.hpp"

namespace microhost::registry_etcd {
namespace {

constexpr size_t kLongestValue = 1u << 20, kLongestName = 1024;
constexpr unsigned kMostComplaints = 20;

struct Said {
    std::string name, version, id;
    std::string_view node;  ///< its JSON
    const char* wrong = nullptr;
};

bool fits(std::string_view s) { return s.size() <= kLongestName; }

/// Whether a value is Micro's Service with one node. What is in its parts is the host's to judge.
Said read(std::string_view value) {
    Said out;
    const auto bad = [&out](const char* why) { return out.wrong = why, out; };
    if (value.size() > kLongestValue) return bad("its value is longer than 1 MiB");
    const mh::json_document document(value);
    const mh::json_value root = document.root();
    if (root.kind() != MH_JSON_OBJECT) return bad("its value is no JSON object");
    const auto name = root["name"].string();
    if (!name || name->empty() || !fits(*name)) return bad("its value has no usable \"name\"");
    const auto version = root["version"];
    if (!version.is_null() && !version.string()) return bad("its \"version\" is no text");
    const mh::json_value nodes = root["nodes"];
    if (nodes.kind() != MH_JSON_ARRAY || nodes.count() != 1)
        return bad("its value has not one node");
    const auto id = nodes.at(0)["id"].string();
    if (!id || id->empty() || !fits(*id)) return bad("its node has no usable \"id\"");
    // As it is written, for nothing of it must get lost. Go takes "Nodes" for the same name, and so does this.
    out.node = shared::first_element_text(shared::member_text(value, "nodes"));
    if (!out.node.starts_with('{')) return bad("it says \"nodes\" twice");
    out.name = *name, out.version = version.string().value_or(""), out.id = *id;
    return fits(out.version) ? out : bad("its \"version\" is too long");
}

std::string member_or_null(std::string_view value, std::string_view key) {
    const std::string_view text = shared::member_text(value, key);
    return std::string(text.empty() ? "null" : text);
}

bool begins(std::string_view key, std::string_view folder) { return key.starts_with(folder); }

}  // namespace

void Catalogue::put(std::string_view key, std::string_view value, int64_t mod_revision) {
    auto it = entries_.find(key);
    if (it == entries_.end()) it = entries_.emplace(key, Entry{}).first;
    Entry& e = it->second;
    e.listed = true;
    const size_t hash = std::hash<std::string_view>{}(value);
    if (e.hash == hash) return;  // the same again, also the same nonsense
    e.hash = hash;
    join(key, e, value, mod_revision);
}

void Catalogue::join(std::string_view key, Entry& e, std::string_view value, int64_t mod_revision) {
    const Said said = read(value);
    const Which which{said.name, said.version};
    if (e.usable && (said.wrong || e.which != which)) leave(key, e);
    e.usable = !said.wrong;
    if (said.wrong) return complain(key, said.wrong);
    e.which = which;
    Group& g = groups_[which];
    Node& n = g.nodes[std::string(key)];
    n.id = said.id;
    n.json = said.node;
    n.head = head_of(g, value);
    n.mod_revision = mod_revision;
    n.pending = true;
    std::erase(g.refused, key);
    g.dirty = true;
}

std::shared_ptr<const std::string> Catalogue::head_of(const Group& g,
                                                      std::string_view value) const {
    std::string text = R"(,"metadata":)" + member_or_null(value, "metadata") + R"(,"endpoints":)" +
                       member_or_null(value, "endpoints") + R"(,"nodes":[)";
    for (const auto& [key, n] : g.nodes)
        if (n.head && *n.head == text) return n.head;
    return std::make_shared<const std::string>(std::move(text));
}

void Catalogue::leave(std::string_view key, const Entry& e) {
    const auto it = groups_.find(e.which);
    if (it == groups_.end()) return;
    Group& g = it->second;
    if (const auto n = g.nodes.find(key); n != g.nodes.end()) g.nodes.erase(n);
    std::erase(g.refused, key);
    g.dirty = g.lost = true;
}

void Catalogue::erase(std::string_view key) {
    const auto it = entries_.find(key);
    if (it == entries_.end()) return;
    if (it->second.usable) leave(key, it->second);
    entries_.erase(it);
}

void Catalogue::begin_list(std::string_view folder) {
    for (auto& [key, e] : entries_)
        if (begins(key, folder)) e.listed = false;
}

void Catalogue::end_list(std::string_view folder) {
    std::vector<std::string> gone;
    for (const auto& [key, e] : entries_)
        if (!e.listed && begins(key, folder)) gone.push_back(key);
    for (const std::string& key : gone) erase(key);
}

size_t Catalogue::count(std::string_view folder) const {
    return static_cast<size_t>(std::count_if(
        entries_.begin(), entries_.end(), [&](const auto& e) { return begins(e.first, folder); }));
}

bool Catalogue::holds(std::string_view key, std::string_view value) const {
    const auto it = entries_.find(key);
    return it != entries_.end() && it->second.hash == std::hash<std::string_view>{}(value);
}

// First those that lost a node: it may have moved to another version, and must not be taken from there.
void Catalogue::flush() {
    std::vector<Which> order;
    for (const auto& [which, g] : groups_)
        if (g.dirty && g.lost) order.push_back(which);
    for (const auto& [which, g] : groups_)
        if (g.dirty && !g.lost) order.push_back(which);
    for (const Which& which : order) send(which, groups_.at(which));
    for (const Which& which : order)
        if (const Group& g = groups_.at(which); g.nodes.empty() && !g.dirty) groups_.erase(which);
}

void Catalogue::send(const Which& which, Group& g) {
    g.dirty = g.lost = false;
    if (!say(which, g)) find_refused(which, g);
    if (g.dirty) return;  // later
    for (auto& [key, n] : g.nodes) n.pending = false;
}

// One of the new ones is something that the host does not take: the others must not suffer.
void Catalogue::find_refused(const Which& which, Group& g) {
    std::vector<std::string> suspects;
    for (const auto& [key, n] : g.nodes)
        if (n.pending) suspects.push_back(key);
    g.refused.insert(g.refused.end(), suspects.begin(), suspects.end());
    say(which, g);
    for (const std::string& key : suspects) {
        std::erase(g.refused, key);
        if (say(which, g)) continue;
        g.refused.push_back(key);
        complain(key, "its value is no service with an address");
    }
}

/// False when the host does not take it. When it has no room now, the group stays dirty.
bool Catalogue::say(const Which& which, Group& g) {
    const std::string text = compose(which, g);
    if (text.empty()) {
        g.dirty = g.said && hooks_.remove(which.first, which.second) == MH_E_BUSY;
        if (!g.dirty) g.said = 0;
        return true;
    }
    const size_t hash = std::hash<std::string>{}(text) | 1;
    if (hash == g.said) return true;
    const mh_status s = hooks_.upsert(text);
    if (s == MH_E_INVALID) return false;
    if (s == MH_E_BUSY)
        g.dirty = true;
    else
        g.said = hash;
    return true;
}

/// Metadata and endpoints are those of the newest node. Empty when there are no nodes.
std::string Catalogue::compose(const Which& which, const Group& g) const {
    const Node* newest = nullptr;
    std::string nodes;
    std::set<std::string_view> ids;
    for (const auto& [key, n] : g.nodes) {
        if (std::find(g.refused.begin(), g.refused.end(), key) != g.refused.end()) continue;
        if (!newest || n.mod_revision > newest->mod_revision) newest = &n;
        if (!ids.insert(n.id).second) continue;  // known under two keys
        if (!nodes.empty()) nodes += ',';
        nodes += n.json;
    }
    if (!newest) return {};
    std::string out = R"({"name":)";
    shared::append_json_string(out, which.first);
    shared::append_json_string(out += R"(,"version":)", which.second);
    return out + *newest->head + nodes + "]}";
}

void Catalogue::complain(std::string_view key, std::string_view why) {
    if (complaints_ > kMostComplaints) return;
    if (complaints_++ == kMostComplaints)
        return hooks_.warn("more keys of etcd are passed over, and not told any more");
    std::string shown;
    for (const char c : key.substr(0, 200))  // anybody may have written it
        shown += c > ' ' && c < 0x7f ? c : '?';
    hooks_.warn("etcd's key " + shown + " is passed over: " + std::string(why) +
                "; write Micro's Service as JSON with one node there, or delete it");
}

}  // namespace microhost::registry_etcd
