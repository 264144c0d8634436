// SPDX-License-Identifier: Apache-2.0
#include "command_message.hpp"

#include <microhost/json.hpp>

#include "../shared/base64.hpp"
#include "../shared/json_writer.hpp"
#include "../shared/protobuf.hpp"

namespace microhost::bot {
namespace {

/// Two length-delimited fields, 1 and 2.
bool read_pair(std::string_view body, std::string& first, std::string& second) {
    shared::ProtoReader in(body);
    while (in.next()) {
        if (in.number() == 1 && in.is_bytes()) first = in.bytes();
        if (in.number() == 2 && in.is_bytes()) second = in.bytes();
    }
    return in.ok();
}

}  // namespace

std::string exec_request(const Words& args, bool protobuf) {
    std::string out;
    if (protobuf) {
        for (const std::string& a : args) shared::append_field(out, 1, a);
        return out;
    }
    shared::JsonWriter w(out);
    w.begin_object().key("args").begin_array();
    for (const std::string& a : args) w.string(a);
    w.end_array().end_object();
    return out;
}

bool read_exec(std::string_view body, bool protobuf, ExecResponse& out, std::string& why) {
    why = "the answer is no ExecResponse";
    if (protobuf) return read_pair(body, out.result, out.error);
    const mh::json_document document(body);
    const mh::json_value root = document.root(), result = root["result"], error = root["error"];
    if (!document || root.kind() != MH_JSON_OBJECT) return false;
    const bool texts = (result.is_null() || result.string()) && (error.is_null() || error.string());
    if (!texts) return false;
    out.error = error.string().value_or("");
    if (shared::base64_decode(result.string().value_or(""), out.result)) return true;
    why = "the result in its answer is no base64";
    return !out.error.empty();
}

bool read_help(std::string_view body, bool protobuf, HelpResponse& out) {
    if (protobuf) return read_pair(body, out.usage, out.description);
    const mh::json_document document(body);
    const mh::json_value root = document.root();
    if (!document || root.kind() != MH_JSON_OBJECT) return false;
    out.usage = root["usage"].string().value_or("");
    out.description = root["description"].string().value_or("");
    return true;
}

}  // namespace microhost::bot
