// SPDX-License-Identifier: Apache-2.0
#include "control/events.hpp"

#include <algorithm>

#include "command/table.hpp"
#include "control/ongoing.hpp"
#include "http/names.hpp"
#include "http/websocket_frames.hpp"
#include "json/document.hpp"
#include "json/nearest.hpp"
#include "json/writer.hpp"
#include "module/environment.hpp"
#include "module/event_bus.hpp"
#include "module/host_side.hpp"

namespace microhost::control {
namespace {

using command::Cell;
using command::RunningPtr;
using module::EventBus;
using module::view;

// ---- publish

bool is_json(std::string_view text) { return bool(json::Document::parse(text)); }

/// "Content-Type" is that of the event. The error says which pair is none.
Result<> read_headers(const command::Values& given, module::Event& e) {
    for (const command::Value& v : given.all()) {
        if (v.name != "header") continue;
        const size_t equals = v.text.find('=');
        if (equals == 0 || equals == v.text.npos)
            return error("--header: {} is no pair; write --header key=value",
                         json::quote_short(v.text));
        const std::string key = v.text.substr(0, equals);
        if (http::iequals(key, "Content-Type"))
            e.content_type = v.text.substr(equals + 1);
        else
            e.headers.emplace_back(key, v.text.substr(equals + 1));
    }
    return {};
}

/// With the checks that a module's event passes.
Result<module::Event> event_of(const command::Values& given) {
    module::Event wanted;
    wanted.topic = given.text("topic");
    wanted.body = given.text("message");
    wanted.content_type = is_json(wanted.body) ? "application/json" : "text/plain";
    if (auto ok = read_headers(given, wanted); !ok) return ok.error();
    if (wanted.topic.starts_with(EventBus::kOfTheHost))
        return error("topics that begin with \"microhost.\" are the host's own to publish");
    std::vector<mh_kv> rows;
    module::Event out;
    std::string why;
    if (module::copy_event(wanted.lend(rows, 0), out, why) != MH_OK) return error("{}", why);
    out.origin = "command:publish";
    return out;
}

void publish(command::Running& r, EventBus& bus) {
    auto e = event_of(r.values());
    if (!e) {
        r.end(MH_E_INVALID, 2, e.error().what);
        return;
    }
    const mh_status s = bus.publish(std::move(*e));
    if (s == MH_OK)
        r.end(MH_OK, 0, {});
    else
        r.end(s, 1,
              s == MH_E_BUSY
                  ? "the broker cannot take more now; subscribers of this process have it"
                  : "the broker has refused it: " + module::status_name(s));
}

// ---- subscribe

/// On one line, whatever is in it.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c == '\n')
            out += "\\n";
        else if (c == '\r')
            out += "\\r";
        else
            out += c;
    return out;
}

std::string base64(std::string_view bytes) {
    static constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const size_t n = std::min<size_t>(3, bytes.size() - i);
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0);
        for (size_t k = 0; k < 4; k++) out += k <= n ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
    }
    return out;
}

std::string json_of(const mh_event& e) {
    std::string out;
    json::Writer w(out);
    w.object().key("topic").string(view(e.topic)).key("id").string(view(e.id));
    w.key("time").string(Cell::time(e.time_ms).text).key("origin").string(view(e.origin));
    w.key("content_type").string(view(e.content_type)).key("headers").object();
    for (uint32_t i = 0; i < e.n_headers; i++)
        w.key(view(e.headers[i].key)).string(view(e.headers[i].val));
    w.end();
    const std::string_view body = view(e.body);
    if (http::valid_utf8(body))
        w.key("body").string(body);
    else
        w.key("body_base64").string(base64(body));
    w.end();
    return out;
}

class Subscription final : public Ongoing {
  public:
    Subscription(RunningPtr r, Loop& main, EventBus& bus) : Ongoing(std::move(r), main), bus_(bus) {
        const command::Value* count = run().values().find("count");
        if (count) left_ = static_cast<uint64_t>(count->integer);
        output_ = run().values().text("output");
    }

  private:
    void start() override {
        const command::Values& given = run().values();
        const std::string_view topic = given.text("topic"), queue = given.text("queue");
        token_ = bus_.listen(
            topic, queue.empty() ? 0u : uint32_t{MH_EVENT_QUEUE},
            [](void* user, const mh_event* e) { static_cast<Subscription*>(user)->hear(*e); }, this,
            queue);
        if (output_ != "json" && output_ != "raw") run().columns({"time", "topic", "body"});
        run().note(fmt::format("subscribed to {}; ctrl-C ends it", topic));
    }

    void on_over() override { EventBus::unsubscribe(token_); }

    void hear(const mh_event& e) {
        lost_ += e.lost;
        if (!run().keeps_up()) {
            lost_++;
            return;
        }
        if (const uint64_t lost = std::exchange(lost_, 0))
            run().note(
                fmt::format("{} messages came faster than they were read and are lost", lost));
        if (put(e) == MH_E_LIMIT)
            run().note(fmt::format("message {} of {} bytes is too large to be shown", view(e.id),
                                   e.body.len));
        if (left_ && --left_ == 0) finish();
    }

    mh_status put(const mh_event& e) {
        if (output_ == "json") return run().json(json_of(e));
        if (output_ == "raw") return run().text(std::string(view(e.body)) + "\n");
        return run().row(
            {Cell::time(e.time_ms), Cell::of(view(e.topic)), Cell::of(escaped(view(e.body)))});
    }

    EventBus& bus_;
    mh_token token_ = 0;
    uint64_t left_ = 0;  ///< messages until the end; 0: there is none
    uint64_t lost_ = 0;
    std::string output_;
};

void subscribe(const RunningPtr& r, Loop& main, EventBus& bus) {
    std::string fault = module::topic_fault(r->values().text("topic"), true);
    const command::Value* count = r->values().find("count");
    if (fault.empty() && count && count->integer < 1) fault = "--count: at least one";
    if (!fault.empty()) {
        r->end(MH_E_INVALID, 2, fault);
        return;
    }
    std::make_shared<Subscription>(r, main, bus)->begin();
}

command::Definition publish_definition() {
    command::Definition d = define("publish", "Publishes a message on a topic", "operator");
    d.help = "Subscribers in the process get it, and those that its broker reaches.";
    d.examples =
        "microhost publish orders.new '{\"id\": 7}'\n"
        "microhost publish orders.new @order.json --header Tenant=acme";
    command::Argument header = flag("header", "key=value beside the message; may be repeated");
    // The log says who published on which topic; what it was is the subscribers' business.
    header.flags = MH_ARG_REPEATED | MH_ARG_SECRET;
    d.args = {place("topic", "such as orders.new", MH_ARG_REQUIRED),
              place("message", "its body; JSON is sent as such, everything else as text",
                    MH_ARG_SECRET | MH_ARG_FILE),
              header};
    return d;
}

command::Definition subscribe_definition() {
    command::Definition d = define("subscribe", "Shows what is published on a topic", "operator");
    d.examples =
        "microhost subscribe orders.new\n"
        "microhost subscribe 'orders.*' --output json";
    d.args = {
        place("topic", "such as orders.new, or orders.* for all that begin so", MH_ARG_REQUIRED),
        flag("queue", "of those that name the same queue one gets each message"),
        flag("count", "end after so many", MH_TYPE_INTEGER),
        output("json is one object a message, raw the body")};
    return d;
}

}  // namespace

void add_event_commands(command::Table& table) {
    module::Environment& e = table.environment();
    table.add(publish_definition(), [&e](const RunningPtr& r) { publish(*r, *e.events); });
    table.add(subscribe_definition(),
              [&e](const RunningPtr& r) { subscribe(r, e.control, *e.events); });
}

}  // namespace microhost::control
