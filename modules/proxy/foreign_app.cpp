// SPDX-License-Identifier: Apache-2.0
#include "foreign_app.hpp"

#include "../shared/json_writer.hpp"
#include "../shared/random_uuid.hpp"
#include "../shared/text.hpp"

namespace microhost::proxy {
namespace {

constexpr unsigned kFailures = 2;  // in a row until it is taken back: one can be an accident
constexpr Settings::ms kSecondLook{500};

/// "k=v,k=v".
void write_metadata(shared::JsonWriter& w, std::string_view text) {
    w.begin_object();
    shared::for_each_item(text, ',', [&](std::string_view item) {
        const size_t equals = std::min(item.find('='), item.size());
        const std::string_view value = item.substr(std::min(equals + 1, item.size()));
        w.key(item.substr(0, equals)).string(value);
    });
    w.end_object();
}

ServiceRecord record_of(const Settings& s) {
    ServiceRecord out{s.server_name, {}, s.server_name + '-' + shared::random_uuid(), {}};
    shared::JsonWriter w(out.json);
    w.begin_object().key("name").string(s.server_name).key("version").string({});
    w.key("metadata").raw("null").key("endpoints").raw("null");
    w.key("nodes").begin_array().begin_object().key("id").string(out.node);
    w.key("address").string(s.server_address).key("metadata");
    write_metadata(w, s.server_metadata);
    w.end_object().end_array().end_object();
    return out;
}

}  // namespace

std::string health_text(const mh::fetched& got) {
    if (got.status != MH_OK) return "it does not answer";
    return "it answers " + std::to_string(got.code);
}

ForeignApp::ForeignApp(const Settings& settings)
    : settings_(settings), record_{record_of(settings)} {
    if (settings.healthcheck_url.empty()) {
        register_now();
        if (!registered_)
            throw mh::failure("server_name, server_address: the app cannot be registered",
                              "/server_address");
        return;
    }
    url_ = mh::url::parse(settings.healthcheck_url);
    check();
}

void ForeignApp::check() {
    mh::to_fetch t;
    t.where = *url_;
    t.max_response = 64 * 1024;
    if (fetching_.start(t, [this](const mh::fetched& got) { checked(got); }) == MH_OK) return;
    mh::fetched none;
    none.status = MH_E_IO;
    checked(none);
}

void ForeignApp::checked(const mh::fetched& got) {
    const bool healthy = got.status == MH_OK && got.code == 200;
    failed_ = healthy ? 0 : failed_ + 1;
    if (healthy && !registered_) {
        register_now();
        told_ = false;
    }
    if (!healthy && !told_ && (registered_ ? failed_ >= kFailures : true)) {
        told_ = true;
        mh::log::warn("the app is not healthy and is not registered",
                      {{"service", settings_.server_name},
                       {"url", settings_.healthcheck_url},
                       {"reason", health_text(got)}});
    }
    if (registered_ && failed_ >= kFailures) take_back();
    const bool look_again = registered_ && failed_ > 0;
    timer_.start(look_again ? std::min(kSecondLook, settings_.healthcheck_interval)
                            : settings_.healthcheck_interval,
                 [this] { check(); });
}

void ForeignApp::register_now() {
    const Enlisted::Outcome o = enlisted_.add(record_, Settings::ms(0));
    registered_ = o.status == 200;
    const std::initializer_list<mh::field> fields = {{"service", settings_.server_name},
                                                     {"address", settings_.server_address},
                                                     {"reason", o.text}};
    if (registered_)
        mh::log::info("the app is registered", fields);
    else
        mh::log::error("the app cannot be registered", fields);
}

void ForeignApp::take_back() {
    enlisted_.remove(record_);
    registered_ = false;
}

}  // namespace microhost::proxy
