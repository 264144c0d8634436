// SPDX-License-Identifier: Apache-2.0
#include "registry_page.hpp"

#include <memory>
#include <utility>

#include "../shared/json_writer.hpp"
#include "../shared/text.hpp"
#include "../shared/url_encoding.hpp"
#include "answer.hpp"

namespace microhost::proxy {
namespace {

using shared::view;

constexpr uint64_t kLongestBody = 1 << 20;
constexpr uint32_t kPatienceMs = 10'000;  // for the control thread

/// The value of a parameter of the query; empty when there is none.
std::string parameter(mh::request r, std::string_view name) {
    std::vector<shared::FormPair> pairs;
    shared::parse_form(r.query(), pairs);
    for (const shared::FormPair& p : pairs)
        if (p.key == name) return p.value;
    return {};
}

/// Each name once, without what only its own page tells, as Micro's list.
void write_list(std::string& out) {
    const mh_registry& registry = mh::use<mh_registry>();
    const mh_registry_view* now = registry.now(mh::the_host);
    std::string_view last;
    out = "[";
    for (uint32_t i = 0; i < registry.count(now); ++i) {
        const std::string_view name = view(registry.name(registry.at(now, i)));
        if (i != 0 && name == last) continue;
        last = name;
        if (out.size() > 1) out += ',';
        out += R"({"name":)";
        shared::append_json_string(out, name);
        out += R"(,"version":"","metadata":null,"endpoints":null,"nodes":null})";
    }
    out += ']';
}

/// Every version with nodes and endpoints, of one service or of all (empty). Empty: there is none.
std::string versions_of(std::string_view name) {
    const mh_registry& registry = mh::use<mh_registry>();
    const mh_registry_view* now = registry.now(mh::the_host);
    std::string out;
    for (uint32_t i = 0; i < registry.count(now); ++i) {
        const mh_service_view* s = registry.at(now, i);
        if (!name.empty() && view(registry.name(s)) != name) continue;
        out += out.empty() ? '[' : ',';
        out += view(registry.json(s));
    }
    return out.empty() ? out : out + ']';
}

// ---- changes: read on the request's loop, done on the control thread, answered on the loop

struct Change {
    Proxy* proxy;
    bool remove;
    std::chrono::milliseconds ttl{0};
    std::string who, client;
    std::vector<ServiceRecord> records;
    mh_token token = 0;
    Enlisted::Outcome outcome{503, "this process is stopping"};

    const char* verb() const { return remove ? "registry.deregister" : "registry.register"; }
};

/// One line for whoever reads who did what.
void audit(const Change& c) {
    std::string nodes;
    for (const ServiceRecord& r : c.records) nodes.append(nodes.empty() ? "" : ",").append(r.node);
    mh::log::info("audit", {{"action", c.verb()},
                            {"service", c.records.front().service},
                            {"nodes", nodes},
                            {"principal", c.who},
                            {"client", c.client},
                            {"outcome", c.outcome.status == 200 ? "done" : c.outcome.text}});
}

void drop(void* arg) { delete static_cast<Change*>(arg); }

void answer(mh_req* r, void* arg) {
    const std::unique_ptr<Change> c(static_cast<Change*>(arg));
    mh::guarded("answer", [&] {
        if (c->outcome.status == 200)
            answer_done(mh::request(r));
        else
            answer_text(mh::request(r), c->outcome.status, c->outcome.text);
        return MH_OK;
    });
}

void apply(void*, void* arg) {
    auto* c = static_cast<Change*>(arg);
    mh::guarded("change", [&] {
        Enlisted& enlisted = c->proxy->enlisted;
        c->outcome = c->remove ? enlisted.remove(c->records) : enlisted.add(c->records, c->ttl);
        audit(*c);
        return MH_OK;
    });
    if (mh::use<mh_http_request>().post(c->token, answer, c, drop) != MH_OK) delete c;
}

void on_body(mh_req* q, void* user, mh_status s, mh_seg body) {
    std::unique_ptr<Change> c(static_cast<Change*>(user));
    mh::request r(q);
    mh::guarded("on_body", [&] {
        std::string why;
        if (s == MH_E_LIMIT)
            answer_text(r, 413, "the description of a service is at most 1 MiB");
        else if (s != MH_OK)
            answer_text(r, 400, "the request body did not arrive whole");
        else if (!read_service(view(body), c->records, why))
            answer_text(r, 400, why);
        else if ((c->token = r.suspend(kPatienceMs)) == 0)
            answer_text(r, 503, "the request cannot wait for the control thread");
        else if (Change* job = c.release();
                 mh::use<mh_loop>().post(mh::the_host, MH_LOOP_MAIN, apply, job, drop) != MH_OK)
            delete job;
        return MH_OK;
    });
}

}  // namespace

mh_status list_services(Shard& shard, mh::request r) {
    const std::string service = parameter(r, "service");
    if (!service.empty() || parameter(r, "all") == "1") {
        const std::string versions = versions_of(service);
        if (!versions.empty())
            r.respond(200, kJsonType, versions);
        else if (service.empty())
            r.respond(200, kJsonType, "[]");
        else
            answer_text(r, 404, "Service not found");
        return MH_OK;
    }
    const mh_registry& registry = mh::use<mh_registry>();
    const uint64_t revision = registry.revision(registry.now(mh::the_host));
    if (shard.list.empty() || revision != shard.list_revision) {
        write_list(shard.list);
        shard.list_revision = revision;
    }
    r.respond(200, kJsonType, shard.list);
    return MH_OK;
}

mh_status change_services(Shard& shard, mh::request r, const Asker& who, bool remove) {
    auto c = std::make_unique<Change>();
    c->proxy = &shard.proxy;
    c->remove = remove;
    c->who = who.subject();
    c->client = r.client_ip();
    if (const std::string ttl = parameter(r, "ttl"); !ttl.empty()) {
        const auto length = go_duration(ttl);
        if (!length) {
            answer_text(r, 400, "ttl: is no duration; write such as 10s or 1m30s");
            return MH_OK;
        }
        c->ttl = *length;
    }
    if ((r.flags() & MH_REQ_HAS_BODY) == 0) {
        answer_text(r, 400, "the body must be a service as JSON");
        return MH_OK;
    }
    // on_body owns it from here on, and may have run when collect() returns.
    Change* const job = c.release();
    const mh_status s = mh::use<mh_http_request>().collect(r.raw(), kLongestBody, on_body, job);
    if (s != MH_OK) delete job;
    return s;
}

}  // namespace microhost::proxy
