// SPDX-License-Identifier: Apache-2.0
// What a request says about itself: attributes, edits of heads, principal, values that filters leave for each other.
#include <cstring>

#include "http/engine.hpp"
#include "http/exchange.hpp"
#include "http/h1/hop_by_hop.hpp"
#include "http/h1/server_connection.hpp"
#include "http/hygiene.hpp"
#include "http/names.hpp"
#include "net/tls.hpp"

namespace microhost::http {
namespace {

// The right-most address of X-Forwarded-For that is not one of our own proxies: what stands left of it anybody could write.
std::string_view forwarded_client(std::string_view list, const net::PrefixSet* trusted) {
    std::string_view best;
    while (!list.empty()) {
        size_t comma = list.rfind(',');
        std::string_view element = trim(comma == list.npos ? list : list.substr(comma + 1));
        list = comma == list.npos ? std::string_view{} : list.substr(0, comma);
        const bool bare_v6 = element.find(':') != element.npos && !element.starts_with('[');
        std::string text;
        text.append(bare_v6 ? 1 : 0, '[').append(element).append(bare_v6 ? "]:0" : ":0");
        Result<net::Address> a = net::Address::parse(text);
        if (!a) break;
        best = element;
        if (!trusted || !trusted->contains(*a)) break;
    }
    return best;
}

}  // namespace

std::string_view Exchange::all_values(uint32_t id) {
    const mh_header* first = head.headers.find(id);
    if (!first) return {};
    std::string joined;
    const mh_header* end = head.headers.fields.data() + head.headers.count;
    for (const mh_header* h = first + 1; h < end; h++) {
        if (h->id != id) continue;
        if (joined.empty()) joined.append(view(first->value));
        joined += ",";
        joined += " ";
        joined += view(h->value);
    }
    return joined.empty() ? view(first->value) : arena_.copy(joined);
}

bool Exchange::attribute(uint32_t attr, std::string_view* out) {
    const net::TlsPeer* tls = nullptr;
    switch (attr) {
        case MH_ATTR_METHOD: *out = head.method_text; return true;
        case MH_ATTR_PATH: *out = path.path; return true;
        case MH_ATTR_QUERY: *out = path.query; return true;
        case MH_ATTR_AUTHORITY: *out = authority; return !authority.empty();
        case MH_ATTR_SCHEME: *out = scheme_; return true;
        case MH_ATTR_CLIENT_IP:
            if (trusted_ && head.headers.has(MH_H_X_FORWARDED_FOR)) {
                *out = forwarded_client(all_values(MH_H_X_FORWARDED_FOR), site_->trusted);
                if (!out->empty()) return true;
            }
            [[fallthrough]];
        case MH_ATTR_PEER_IP:
            if (!client_ip_size_)
                client_ip_size_ = static_cast<uint8_t>(
                    connection_->peer().ip_text(client_ip_.data(), client_ip_.size()));
            *out = {client_ip_.data(), client_ip_size_};
            return true;
        case MH_ATTR_LISTENER: *out = site_->listener; return true;
        case MH_ATTR_REQUEST_ID: *out = request_id_.view(); return true;
        case MH_ATTR_TRACEPARENT:
            if (!trace_ready_) {
                trace_ready_ = true;
                observe::TraceParent came;
                const bool goes_on = came.parse(head.headers.value(MH_H_TRACEPARENT));
                const auto ours = goes_on ? came.child(engine_.ids)
                                          : observe::TraceParent::make(engine_.ids, false);
                ours.format(trace_text_);
            }
            *out = {trace_text_.data(), trace_text_.size()};
            return true;
        case MH_ATTR_TLS_SNI:
        case MH_ATTR_TLS_SUBJECT:
            tls = connection_->stream().tls_peer();
            if (!tls) return false;
            *out = attr == MH_ATTR_TLS_SNI ? tls->sni : tls->subject;
            return !out->empty();
        case MH_ATTR_VERSION: *out = head.minor_version ? "1.1" : "1.0"; return true;
        case MH_ATTR_ROUTE: *out = route; return !route.empty();
        default: return false;
    }
}

mh_status Exchange::edit(uint32_t dir, uint32_t op, std::string_view name, std::string_view value) {
    if (dir > MH_DIR_RESPONSE || op > MH_EDIT_REMOVE || !is_token(name) || !valid_value(value))
        return MH_E_INVALID;
    if (dir == MH_DIR_RESPONSE ? head_sent_ : handled_) return MH_E_INVALID;
    uint32_t id = header_id(name);
    if (id && (skip_hop_by_hop(id) || (dir == MH_DIR_REQUEST && id == MH_H_HOST)))
        return MH_E_INVALID;
    if (dir == MH_DIR_RESPONSE && !answered_) return edit_later(op, name, value);
    Headers& h = dir == MH_DIR_REQUEST ? head.headers : response.headers;
    if (op != MH_EDIT_ADD) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < h.count; i++) {
            bool same = id ? h.fields[i].id == id
                           : !h.fields[i].id && iequals(view(h.fields[i].name), name);
            if (!same) h.fields[kept++] = h.fields[i];
        }
        h.count = kept;
        if (id) h.present[id / 64] &= ~(uint64_t{1} << id % 64);
    }
    if (op == MH_EDIT_REMOVE) return MH_OK;
    if (h.count == kMaxHeaders) return MH_E_LIMIT;
    std::string_view n = arena_.copy(name), v = arena_.copy(value);
    if (n.empty() || (v.empty() && !value.empty())) return MH_E_NOMEM;
    h.fields[h.count++] = {str(n), str(v), id, kInArena};
    if (id) h.mark(id);
    return MH_OK;
}

mh_status Exchange::rewrite(std::string_view new_path, std::string_view query) {
    if (handled_ || answered_) return MH_E_INVALID;
    std::string target(new_path);
    if (!query.empty()) target.append("?").append(query);
    auto* room = static_cast<char*>(arena_.alloc(target.size() * 4 + 1, 1));
    if (!room) return MH_E_NOMEM;
    std::memcpy(room, target.data(), target.size());
    PathParts parts;
    std::string_view kept(room, target.size());
    if (new_path.empty() || new_path[0] != '/' ||
        normalise_target(kept, room + target.size(), target.size() * 3, parts))
        return MH_E_INVALID;
    path = parts;
    return MH_OK;
}

// Null when it is first asked for: most filters keep nothing, so theirs are not cleared for each request.
void** Exchange::slot() {
    if (where_ == Where::handler || where_ == Where::nowhere) return &handler_slot_;
    const uint64_t bit = uint64_t{1} << running_;
    if (!(slots_asked_ & bit)) slots_[running_] = nullptr;
    slots_asked_ |= bit;
    return &slots_[running_];
}

mh_status Exchange::set_principal(const mh_principal& p) {
    bool authn = where_ == Where::request_filter && program_->chain[running_].authn;
    if (!authn) return MH_E_DENIED;
    auto* roles = static_cast<mh_str*>(arena_.alloc((p.n_roles + 1) * sizeof(mh_str)));
    auto* claims = static_cast<mh_kv*>(arena_.alloc((p.n_claims + 1) * sizeof(mh_kv)));
    if (!roles || !claims) return MH_E_NOMEM;
    for (uint32_t i = 0; i < p.n_roles; i++) roles[i] = str(arena_.copy(view(p.roles[i])));
    for (uint32_t i = 0; i < p.n_claims; i++)
        claims[i] = {str(arena_.copy(view(p.claims[i].key))),
                     str(arena_.copy(view(p.claims[i].val)))};
    principal_known_ = true;
    principal_ = {sizeof(mh_principal),
                  p.n_roles,
                  str(arena_.copy(view(p.subject))),
                  str(arena_.copy(view(p.issuer))),
                  roles,
                  claims,
                  p.n_claims,
                  0};
    return MH_OK;
}

mh_status Exchange::set_attribute(std::string_view name, std::string_view value) {
    std::string_view v = arena_.copy(value);
    for (Attribute* a = attributes_; a; a = a->next) {
        if (a->name != name) continue;
        a->value = v;
        return MH_OK;
    }
    auto* a = static_cast<Attribute*>(arena_.alloc(sizeof(Attribute)));
    if (!a) return MH_E_NOMEM;
    *a = {arena_.copy(name), v, attributes_};
    attributes_ = a;
    return MH_OK;
}

mh_status Exchange::get_attribute(std::string_view name, mh_str* out) const {
    for (Attribute* a = attributes_; a; a = a->next)
        if (a->name == name) {
            *out = str(a->value);
            return MH_OK;
        }
    return MH_E_NOT_FOUND;
}

mh_status Exchange::replace_body(const mh_seg* v, uint32_t n) {
    if (!in_hook_ || (where_ != Where::request_body && where_ != Where::response_body))
        return MH_E_INVALID;
    replacement_.clear();
    for (uint32_t i = 0; i < n; i++) replacement_.append(view(v[i]));
    replaced_piece_ = true;
    return MH_OK;
}

}  // namespace microhost::http
