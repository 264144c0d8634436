// SPDX-License-Identifier: Apache-2.0
#include "net/dns.hpp"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace microhost::net {
namespace {

constexpr size_t kLongestMessage = 65'535;
constexpr size_t kMostRecords = 256;

ns_type code_of(DnsType t) { return t == DnsType::srv ? ns_t_srv : ns_t_txt; }

struct Asking {
    struct __res_state state {};
    bool good = res_ninit(&state) == 0;
    ~Asking() {
        if (good) res_nclose(&state);
    }
};

void ask_only(struct __res_state& s, const sockaddr_in& server) {
    s.nscount = 1;
    s.nsaddr_list[0] = server;
}

/// Two tries at each server, within the time.
void limit_time(struct __res_state& s, uint32_t timeout_ms) {
    const int servers = std::max(1, s.nscount);
    s.retry = timeout_ms >= 2'000u * static_cast<uint32_t>(servers) ? 2 : 1;
    s.retrans = std::max(1, static_cast<int>(timeout_ms / 1000) / (servers * s.retry));
}

mh_status status_of(int problem, int e) {
    if (problem == HOST_NOT_FOUND || problem == NO_DATA) return MH_E_NOT_FOUND;
    return problem == TRY_AGAIN && e == ETIMEDOUT ? MH_E_TIMEOUT : MH_E_IO;
}

bool take_srv(const ns_msg& m, const ns_rr& r, DnsRecord& out) {
    const unsigned char* d = ns_rr_rdata(r);
    if (ns_rr_rdlen(r) < 7) return false;
    char target[NS_MAXDNAME];
    if (ns_name_uncompress(ns_msg_base(m), ns_msg_end(m), d + 6, target, sizeof target) < 0)
        return false;
    out.priority = ns_get16(d);
    out.weight = ns_get16(d + 2);
    out.port = ns_get16(d + 4);
    out.text = target;
    if (out.text.ends_with('.')) out.text.pop_back();
    return true;
}

bool take_txt(const ns_rr& r, DnsRecord& out) {
    const unsigned char* d = ns_rr_rdata(r);
    for (size_t left = ns_rr_rdlen(r); left;) {
        const size_t n = *d;
        if (n + 1 > left) return false;
        out.text.append(reinterpret_cast<const char*>(d + 1), n);
        d += n + 1;
        left -= n + 1;
    }
    return true;
}

}  // namespace

bool dns_name(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.size() > 253) return false;
    size_t label = 0;
    for (const char c : name) {
        if (c <= ' ' || c >= 127 || c == '\\') return false;
        label = c == '.' ? 0 : label + 1;
        if (label > 63) return false;
    }
    return !name.starts_with('.') && name.find("..") == name.npos;
}

DnsAnswer dns_query(const std::string& name, DnsType type, uint32_t timeout_ms,
                    const std::optional<sockaddr_in>& server) {
    Asking asking;
    if (!asking.good) return {MH_E_IO, {}};
    if (server) ask_only(asking.state, *server);
    limit_time(asking.state, timeout_ms);
    std::vector<unsigned char> message(kLongestMessage);
    errno = 0;
    const int n = res_nquery(&asking.state, name.c_str(), ns_c_in, code_of(type), message.data(),
                             static_cast<int>(message.size()));
    if (n < 0) return {status_of(asking.state.res_h_errno, errno), {}};
    const size_t length = std::min(static_cast<size_t>(n), message.size());
    return dns_parse({reinterpret_cast<const char*>(message.data()), length}, type);
}

DnsAnswer dns_parse(std::string_view message, DnsType type) {
    ns_msg m;
    if (message.size() > kLongestMessage ||
        ns_initparse(reinterpret_cast<const unsigned char*>(message.data()),
                     static_cast<int>(message.size()), &m) != 0)
        return {MH_E_IO, {}};
    DnsAnswer out;
    const size_t count = std::min<size_t>(ns_msg_count(m, ns_s_an), kMostRecords);
    for (size_t i = 0; i < count; i++) {
        ns_rr r;
        if (ns_parserr(&m, ns_s_an, static_cast<int>(i), &r) != 0) return {MH_E_IO, {}};
        if (ns_rr_type(r) != code_of(type)) continue;  // a CNAME on the way
        DnsRecord record;
        record.ttl_s = ns_rr_ttl(r);
        if (!(type == DnsType::srv ? take_srv(m, r, record) : take_txt(r, record)))
            return {MH_E_IO, {}};
        // RFC 2782: "." says that there is decidedly no such service here.
        if (type == DnsType::srv && record.text.empty()) continue;
        out.records.push_back(std::move(record));
    }
    if (out.records.empty()) out.status = MH_E_NOT_FOUND;
    return out;
}

void dns_order(std::vector<DnsRecord>& records, const std::function<uint32_t(uint32_t n)>& random) {
    // Those without weight come first within their priority: only the chance of 0 finds them.
    std::stable_sort(records.begin(), records.end(), [](const DnsRecord& a, const DnsRecord& b) {
        return a.priority != b.priority ? a.priority < b.priority : !a.weight && b.weight;
    });
    for (auto at = records.begin(); at != records.end(); ++at) {
        const auto end = std::find_if(
            at, records.end(), [&](const DnsRecord& r) { return r.priority != at->priority; });
        uint32_t sum = 0;
        for (auto r = at; r != end; ++r) sum += r->weight;
        const uint32_t chosen = random(sum);
        uint32_t so_far = 0;
        for (auto r = at; r != end; ++r) {
            so_far += r->weight;
            if (so_far < chosen) continue;
            std::rotate(at, r, r + 1);
            break;
        }
    }
}

}  // namespace microhost::net
