// SPDX-License-Identifier: Apache-2.0
// Events go to and come from the subscribers of Micro's HTTP broker.
#include <microhost/module.hpp>

#include <memory>

#include "../shared/url_encoding.hpp"
#include "broker.hpp"
#include "message.hpp"

namespace microhost::broker_http {
namespace {

// One for the module: messages come in on any loop.
std::unique_ptr<Inbox> inbox;
std::unique_ptr<Broker> broker;

/// A handler that comes with a broker.
template <class D>
struct [[gnu::visibility("hidden")]] broker_part
    : mh::handler_part<D>{
          static mh_status contribute(const Settings& settings){inbox = std::make_unique<Inbox>();
broker = std::make_unique<Broker>(settings, *inbox);
const mh_status s = mh::handler_part<D>::contribute(settings);
return s == MH_OK ? broker->start() : s;
}  // namespace
};  // namespace microhost::broker_http

/// POST /_sub?id=ID.
struct Sub {
    using part = broker_part<Sub>;
    using config = Settings;
    static constexpr mh::uses<mh_log, mh_json, mh_registry, mh_http_client, mh_http_server,
                              mh_event_bus, mh_event_sink>
        needs{};
    static constexpr uint64_t kLargest = 2U << 20U;  // of a body: an event of 1 MiB in base64

    explicit Sub(const Settings&) {}
    static std::vector<mh::listener> listeners(const Settings& s) {
        return {{"broker-http", s.address}};
    }
    mh_status on_request(mh::request& r) {
        if (r.path() != "/_sub") return refuse(r, 404, "nothing is here but /_sub");
        if (r.method() != "POST") return refuse(r, 405, "a message is sent with POST");
        return mh::use<mh_http_request>().collect(r.raw(), kLargest, on_body, nullptr);
    }

  private:
    static mh_status refuse(mh::request r, unsigned status, std::string_view why) {
        r.respond_error(status, "broker-http", why);
        return MH_OK;
    }
    static void on_body(mh_req* raw, void*, mh_status s, mh_seg body) {
        mh::guarded("on_body", [&] {
            mh::request r(raw);
            if (s == MH_E_LIMIT) return refuse(r, 413, "the message is too large");
            return s == MH_OK ? take(r, mh::view(body)) : MH_OK;
        });
    }
    static std::string id_of(const mh::request& r) {
        std::vector<shared::FormPair> pairs;
        if (shared::parse_form(r.query(), pairs))
            for (const shared::FormPair& p : pairs)
                if (p.key == "id") return p.value;
        return {};
    }
    static mh_status take(mh::request& r, std::string_view body) {
        std::string why;
        const auto m = read_message(body, why);
        if (!m) return refuse(r, 500, why);
        if (!inbox->takes(id_of(r), m->topic))
            return refuse(r, 404, "there is no such subscription of this topic");
        if (inbox->is_new(m->topic, m->id)) {
            std::vector<mh_kv> rows;
            const mh_event e = m->lend(rows);
            const mh_status s =
                mh::use<mh_event_sink>().deliver(mh::the_host, &broker->table(), &e);
            if (s == MH_E_LIMIT) return refuse(r, 413, "the message is too large");
            if (s != MH_OK) return refuse(r, 400, "the message is no event");
        }
        r.respond(200, "", "");
        return MH_OK;
    }
};

}  // namespace
}  // namespace microhost::broker_http

MH_PLUGIN("broker-http", "1.0.0", "Events to and from Micro's HTTP broker",
          microhost::broker_http::Sub)
