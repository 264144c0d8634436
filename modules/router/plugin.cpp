// SPDX-License-Identifier: Apache-2.0
// Sends requests where rules say. A filter, for what needs no upstream, and a handler that forwards and calls.
#include <microhost/module.hpp>

#include <random>

#include "../shared/call_failure.hpp"
#include "../shared/error_json.hpp"
#include "../shared/query_json.hpp"
#include "../shared/text.hpp"
#include "table.hpp"

namespace {

using namespace microhost::router;
namespace shared = microhost::shared;

/// A request's way through the rules: which one fits, and what its target makes of it.
class Decision {
  public:
    explicit Decision(mh::request r) : r_(r) {}

    const Target* find(const std::vector<Rule>& rules, std::minstd_rand& chance) {
        Facts f{r_.method(), r_.attribute(MH_ATTR_AUTHORITY), r_.path(), r_.query(),
                [this](std::string_view name) { return r_.header(name); }};
        const Rule* rule = first_match(rules, f, parts_);
        if (!rule) return nullptr;
        rule_ = rule;
        r_.set_route(rule->name);
        if (rule->targets.size() == 1) return &rule->targets.front();
        const std::string_view key = key_of(*rule);
        return &rule->choose(key.empty() ? chance() : number_of(key));
    }
    std::string text(const Target& t) const {
        return expanded(t, {r_.path(), r_.query(), r_.attribute(MH_ATTR_AUTHORITY), &parts_});
    }
    mh::verdict answer(const Target& t) {
        std::vector<mh::field> fields;
        std::string location;
        if (t.kind == Target::Kind::redirect) {
            location = text(t);
            fields.push_back({"Location", location});
        }
        for (const auto& [name, value] : t.headers) fields.push_back({name, value});
        return r_.respond(t.status, t.content_type, t.body, fields);
    }
    /// The parts of a template and the query, as one form.
    std::string form() const {
        std::string out;
        const size_t n = rule_ ? rule_->path.names().size() : 0;
        for (size_t i = 0; i < n; ++i) {
            if (rule_->path.names()[i] == "rest") continue;
            out.append(out.empty() ? "" : "&").append(rule_->path.names()[i]).append("=");
            for (const char c : parts_[i]) {  // still encoded, but by the rules of a path
                if (c == '+' || c == '&')
                    out += c == '+' ? "%2B" : "%26";
                else
                    out += c;
            }
        }
        if (!r_.query().empty()) out.append(out.empty() ? "" : "&").append(r_.query());
        return out;
    }

  private:
    std::string_view key_of(const Rule& rule) const {
        constexpr std::string_view kHeader = "header:";
        if (rule.by == "client-ip") return r_.client_ip();
        if (rule.by.empty()) return {};
        return r_.header(std::string_view(rule.by).substr(kHeader.size()));
    }
    mh::request r_;
    const Rule* rule_ = nullptr;
    std::vector<std::string_view> parts_;
};

struct rewriting : mh::filter<rewriting> {
    struct config {
        mh::json_value rules;
        static constexpr auto options = mh::options(
            mh::option("rules", &config::rules, "[]",
                       "In order, the first that fits: another path, an answer, a redirect")
                .shape(MH_ROUTER_RULES));
    };
    static constexpr auto phase = MH_PHASE_ROUTE;

    struct shared {
        explicit shared(const config& c) : rules(read_rules(c.rules, "/rules", Reader::filter)) {}
        std::vector<Rule> rules;
    };
    explicit rewriting(shared& s) : shared_(s), chance_(std::random_device()()) {}

    mh::verdict on_request(mh::request& r) {
        if (shared_.rules.empty()) return mh::detach;
        Decision d(r);
        const Target* t = d.find(shared_.rules, chance_);
        if (!t) return mh::detach;
        if (t->kind != Target::Kind::rewrite) return d.answer(*t);
        if (r.rewrite(d.text(*t), r.query()) != MH_OK)
            return r.respond_error(400, "router", "the path cannot be rewritten");
        return mh::detach;
    }

  private:
    const shared& shared_;
    std::minstd_rand chance_;
};

struct routing : mh::handler<routing> {
    struct config {
        std::string_view address;
        mh::json_value routes, otherwise;
        std::chrono::milliseconds connect_timeout, response_timeout;
        std::int64_t max_body;
        static constexpr auto options = mh::options(
            mh::option("address", &config::address, "",
                       "Where to listen, unless listeners are configured for it; empty: nowhere"),
            mh::option("routes", &config::routes, "[]", "Rules in order, the first that fits")
                .shape(MH_ROUTER_RULES),
            mh::option("default", &config::otherwise, "", "Where all others go; without it 404")
                .shape(MH_ROUTER_TARGET),
            mh::option("connect_timeout", &config::connect_timeout, std::chrono::seconds(0),
                       "For a connection to an upstream; 0: as the host's limits say"),
            mh::option("response_timeout", &config::response_timeout, std::chrono::seconds(0),
                       "Until the head of its response, or the reply to a call; 0: the same"),
            mh::option("max_body", &config::max_body, 4 << 20,
                       "Bytes of a request body that becomes a call; more is 413")
                .range(0, 1 << 30));
    };
    static constexpr mh::uses<mh_http_forward, mh_rpc, mh_json> needs{};
    static std::vector<mh::listener> listeners(const config& c) {
        if (c.address.empty()) return {};  // only a filter
        return {{"router", std::string(c.address)}};
    }

    explicit routing(const config& c)
        : config_(c),
          routes_(read_rules(c.routes, "/routes", Reader::handler)),
          default_(read_target(c.otherwise, "/default", Reader::handler, {})),
          chance_(std::random_device()()) {}

    void on_request(mh::request& r) {
        Decision d(r);
        const Target* t = d.find(routes_, chance_);
        if (!t && default_) t = &*default_, r.set_route("default");
        if (!t) {
            r.respond_error(404, "router", "no rule is for this request");
            return;
        }
        switch (t->kind) {
            case Target::Kind::forward: return forward(r, d, *t);
            case Target::Kind::call: return collect(r, d, *t);
            default: d.answer(*t);
        }
    }

  private:
    void forward(mh::request& r, const Decision& d, const Target& t) {
        std::string path;
        if (t.has_path)
            path = t.base + d.text(t);
        else if (!t.base.empty())
            path = t.base + std::string(r.path());
        std::vector<mh_kv> set;
        for (const auto& [name, value] : t.headers)
            set.push_back({mh::lend(name), mh::lend(value)});
        mh::forward_to to{t.address, t.service};
        to.version = t.version;
        to.path = path;
        to.tls = t.tls;
        to.keep_host = t.keep_host;
        to.connect_timeout_ms = static_cast<uint32_t>(config_.connect_timeout.count());
        to.response_timeout_ms = static_cast<uint32_t>(config_.response_timeout.count());
        to.set_headers = set;
        if (const mh_status s = mh::forward(r, to); s < 0) refuse(r, s);
    }

    /// A call that waits for the body of its request.
    struct waiting {
        const Target& target;
        std::string form;
        uint32_t timeout_ms;
    };
    void collect(mh::request& r, const Decision& d, const Target& t) {
        auto w = std::make_unique<waiting>(
            waiting{t, d.form(), static_cast<uint32_t>(config_.response_timeout.count())});
        const mh_status s = mh::use<mh_http_request>().collect(
            r.raw(), static_cast<uint64_t>(config_.max_body), on_body, w.get());
        if (s == MH_OK)
            w.release();  // on_body has it, or had it
        else
            r.respond_error(500, "router", "the request body cannot be read");
    }
    static void on_body(mh_req* raw, void* user, mh_status s, mh_seg body) {
        const std::unique_ptr<waiting> w(static_cast<waiting*>(user));
        mh::guarded("on_body", [&] {
            mh::request r(raw);
            if (s == MH_E_LIMIT)
                r.respond_error(413, "router", "the request body is longer than max_body allows");
            else if (s != MH_OK)
                r.respond_error(400, "router", "the request body did not arrive whole");
            else
                call(r, *w, mh::view(body));
            return MH_OK;
        });
    }
    static void call(mh::request& r, const waiting& w, std::string_view body) {
        std::string_view type = r.header(MH_H_CONTENT_TYPE);
        std::string form = w.form, json;
        const bool posted = type.starts_with("application/x-www-form-urlencoded");
        if (posted && !body.empty()) form.append(form.empty() ? "" : "&").append(body);
        if (posted || body.empty()) {
            auto made = shared::query_to_json(form, &mh::use<mh_json>(), nullptr);
            if (!made.ok) {
                r.respond_error(400, "router", made.text);
                return;
            }
            json = std::move(made.text);
            body = json;
            type = "application/json";
        }
        mh::call_to to{w.target.service, w.target.endpoint, body};
        if (!type.empty()) to.content_type = type;
        to.timeout_ms = w.timeout_ms;
        to.version = w.target.version;
        const mh_status s = mh::call(r.raw(), to, [r](const mh::reply& reply) mutable {
            if (reply.ok())
                r.respond(200, reply.content_type.empty() ? "application/json" : reply.content_type,
                          reply.body);
            else
                refuse_call(r, reply);
        });
        if (s < 0) refuse(r, s);
    }

    static void refuse(mh::request& r, mh_status s) {
        const auto failure = shared::call_failure(s);
        r.respond_error(failure.status, "router", failure.detail);
    }
    /// What the service says of itself is passed on; addresses and system errors are for those inside.
    static void refuse_call(mh::request& r, const mh::reply& reply) {
        if (reply.status != MH_E_INVALID) return refuse(r, reply.status);
        const auto error = shared::parse_error(&mh::use<mh_json>(), reply.error);
        if (error.code < 400 || error.code > 599) {
            r.respond_error(500, "router", error.detail);
            return;
        }
        r.respond(static_cast<unsigned>(error.code), "application/json", shared::error_json(error));
    }

    config config_;
    std::vector<Rule> routes_;
    std::optional<Target> default_;
    std::minstd_rand chance_;
};

}  // namespace

MH_PLUGIN("router", "1.0.0", "Sends requests where rules say", rewriting, routing)
