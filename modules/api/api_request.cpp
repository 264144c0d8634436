// SPDX-License-Identifier: Apache-2.0
#include "../shared/media_type.hpp"
#include "../shared/metadata.hpp"
#include "../shared/text.hpp"
#include "../shared/url_encoding.hpp"
#include "api_handler.hpp"

namespace microhost::api {
namespace {

using shared::ApiRequest;
using shared::view;

constexpr std::string_view kNoType = "text/plain; charset=UTF-8";

bool is_content_header(const mh_header& h) {
    return h.id == MH_H_CONTENT_TYPE || h.id == MH_H_CONTENT_LENGTH || h.id == MH_H_ACCEPT ||
           h.id == MH_H_CONTENT_ENCODING || h.id == MH_H_CONTENT_LANGUAGE ||
           h.id == MH_H_CONTENT_DISPOSITION || h.id == MH_H_X_REQUEST_ID ||
           h.id == MH_H_TRACEPARENT;
}

void add_form(std::vector<shared::ApiPair>& out, std::string_view text) {
    std::vector<shared::FormPair> pairs;
    shared::parse_form(text, pairs);  // what is broken is left out, as Go's ParseForm does
    for (const shared::FormPair& pair : pairs) shared::add_pair(out, pair.key, pair.value);
}

std::string forwarded_for(std::string_view chain, std::string_view peer) {
    std::string out(chain);
    if (peer.empty() || chain == peer || chain.ends_with(std::string(", ").append(peer)))
        return out;
    if (!out.empty()) out += ", ";
    return out.append(peer);
}

void add_headers(const Gateway& g, mh_req* r, ApiRequest& m) {
    const mh_header* headers = nullptr;
    uint32_t n = 0;
    if (g.http->headers(r, MH_DIR_REQUEST, &headers, &n) != MH_OK) n = 0;
    std::string chain;
    for (uint32_t i = 0; i < n; ++i) {
        const mh_header& h = headers[i];
        if (h.id == MH_H_X_FORWARDED_FOR) {
            if (!chain.empty()) chain += ", ";
            chain += view(h.value);
        } else if (!shared::is_private_header(h) || is_content_header(h)) {
            shared::add_pair(m.header, canonical_name(view(h.name)), view(h.value));
        }
    }
    shared::add_pair(m.header, "Host", g.attr(r, MH_ATTR_AUTHORITY));
    shared::add_pair(m.header, "X-Forwarded-For", forwarded_for(chain, g.attr(r, MH_ATTR_PEER_IP)));
}

bool takes_form(std::string_view method) {
    return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

std::string canonical_name(std::string_view name) {
    std::string out;
    out.reserve(name.size());
    bool start = true;
    for (const char c : name) {
        out += start ? shared::upper(c) : shared::lower(c);
        start = c == '-';
    }
    return out;
}

std::vector<shared::ApiPair> event_headers(const Gateway& g, mh_req* r) {
    const mh_header* headers = nullptr;
    uint32_t n = 0;
    if (g.http->headers(r, MH_DIR_REQUEST, &headers, &n) != MH_OK) n = 0;
    std::vector<shared::ApiPair> out;
    for (uint32_t i = 0; i < n; ++i)
        if (headers[i].id != MH_H_X_FORWARDED_FOR &&
            (!shared::is_private_header(headers[i]) || is_content_header(headers[i])))
            shared::add_pair(out, canonical_name(view(headers[i].name)), view(headers[i].value));
    return out;
}

ApiRequest api_request(const Gateway& g, mh_req* r, std::string_view body) {
    ApiRequest m;
    const std::string_view path = g.attr(r, MH_ATTR_PATH);
    const std::string_view query = g.attr(r, MH_ATTR_QUERY);
    const std::string_view type = g.header(r, MH_H_CONTENT_TYPE);
    m.method = g.attr(r, MH_ATTR_METHOD);
    if (!shared::percent_decode(path, false, m.path)) m.path = path;
    m.url = path;
    if (!query.empty()) m.url.append("?").append(query);
    add_headers(g, r, m);
    if (type.empty()) shared::add_pair(m.header, "Content-Type", kNoType);
    add_form(m.get, query);
    const bool form =
        shared::iequals(shared::without_parameters(type), "application/x-www-form-urlencoded");
    if (form && takes_form(m.method)) {
        add_form(m.post, body);
    } else {
        m.body = body;
    }
    return m;
}

}  // namespace microhost::api
