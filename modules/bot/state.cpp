// SPDX-License-Identifier: Apache-2.0
#include "state.hpp"

#include <microhost/json.hpp>

#include "../shared/base64.hpp"
#include "../shared/json_writer.hpp"

namespace microhost::bot {
namespace {

void append(shared::JsonWriter& w, const Kept& k) {
    const Message& m = k.message;
    w.begin_object().key("input").string(k.input).key("confirmed").boolean(k.confirmed);
    w.key("name").string(m.from.name).key("identity").string(m.from.identity);
    w.key("room").string(m.place.room).key("peer").string(m.place.peer);
    w.key("thread").string(m.place.thread).key("addressed").boolean(m.addressed);
    // The writer replaces what is no UTF-8; text that waits was UTF-8.
    w.key("text").string(m.text).end_object();
}

Kept read_kept(mh::json_value from) {
    const auto text = [&](const char* key) { return std::string(from[key].string().value_or("")); };
    Kept k;
    k.input = text("input");
    k.confirmed = from["confirmed"].boolean().value_or(false);
    k.message.from.name = text("name");
    k.message.from.identity = text("identity");
    k.message.place = {text("room"), text("peer"), text("thread")};
    k.message.addressed = from["addressed"].boolean().value_or(false);
    k.message.text = text("text");
    return k;
}

}  // namespace

std::string state_json(const State& s) {
    std::string out;
    shared::JsonWriter w(out);
    w.begin_object().key("inputs").begin_object();
    for (const auto& [name, bytes] : s.inputs) w.key(name).string(shared::base64_encode(bytes));
    w.end_object().key("waiting").begin_array();
    for (const Kept& k : s.waiting) append(w, k);
    w.end_array().end_object();
    return out;
}

bool read_state(std::string_view json, State& out) {
    const mh::json_document document(json);
    const mh::json_value root = document.root(), inputs = root["inputs"], waiting = root["waiting"];
    if (!document || inputs.kind() != MH_JSON_OBJECT || waiting.kind() != MH_JSON_ARRAY)
        return false;
    for (uint32_t i = 0; i < inputs.count(); ++i) {
        std::string bytes;
        if (!shared::base64_decode(inputs.at(i).string().value_or(""), bytes)) return false;
        out.inputs.emplace(std::string(inputs.key_at(i)), std::move(bytes));
    }
    for (uint32_t i = 0; i < waiting.count(); ++i) out.waiting.push_back(read_kept(waiting.at(i)));
    return true;
}

}  // namespace microhost::bot
