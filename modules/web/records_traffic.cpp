// SPDX-License-Identifier: Apache-2.0
#include <microhost/host.hpp>

#include <charconv>
#include <cmath>

#include "../shared/json_writer.hpp"
#include "records.hpp"

namespace microhost::web {
namespace {

using mh::view;
using shared::JsonWriter;

constexpr std::string_view kColumns =
    R"(["requests","errors","p50_ms","p90_ms","p99_ms","open","busy","bytes"])";

std::string_view kind_name(int32_t kind) {
    switch (kind) {
        case MH_TRAFFIC_ALL: return "all";
        case MH_TRAFFIC_LISTENER: return "listener";
        case MH_TRAFFIC_ROUTE: return "route";
        case MH_TRAFFIC_SERVICE: return "service";
        case MH_TRAFFIC_MODULE: return "module";
        default: return "upstream";
    }
}

void add_number(std::string& out, float value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    char text[32];
    // Four digits are more than a graph can show.
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 4);
    out.append(text, end.ptr);
}

void add_point(std::string& out, const mh_traffic_point& p) {
    for (const float value :
         {p.requests, p.errors, p.p50_ms, p.p90_ms, p.p99_ms, p.open, p.busy, p.bytes}) {
        if (out.back() != '[') out += ',';
        add_number(out, value);
    }
}

const mh_traffic_point& point_at(const mh_traffic& t, uint32_t i) {
    const char* at = reinterpret_cast<const char*>(t.points) + size_t{i} * t.stride;
    return *reinterpret_cast<const mh_traffic_point*>(at);
}

struct Lines {
    std::string json;

    static void add(void* user, const mh_traffic* t) {
        mh::guarded("traffic", [&] { return static_cast<Lines*>(user)->add(*t), MH_OK; });
    }
    void add(const mh_traffic& t) {
        if (!json.empty()) json += ',';
        std::string head;
        JsonWriter w(head);
        w.begin_object().key("kind").string(kind_name(t.kind)).key("name").string(view(t.name));
        w.key("detail").string(view(t.detail)).key("points").begin_array();
        json += head;
        for (uint32_t i = 0; i < t.n; ++i) {
            json += i ? ",[" : "[";
            add_point(json, point_at(t, i));
            json += ']';
        }
        json += "]}";
    }
};

}  // namespace

std::string traffic_row_json(const mh_traffic& t) {
    std::string out;
    JsonWriter w(out);
    w.begin_array().string(kind_name(t.kind)).string(view(t.name)).string(view(t.detail));
    if (t.n) add_point(out, point_at(t, t.n - 1));
    return out + ']';
}

std::string traffic_json(int32_t ring, uint32_t most) {
    Lines lines;
    int64_t end = 0;
    mh::use<mh_metrics_read>().traffic(mh::the_host, ring, most, &end, Lines::add, &lines);
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("end_ms").integer(end);
    w.key("step_ms").integer(ring == MH_RING_TENS ? 10'000 : 1'000).key("columns").raw(kColumns);
    w.key("rows").raw("[" + lines.json + "]").end_object();
    return out;
}

std::string_view origin_name(int32_t origin) {
    switch (origin) {
        case MH_ORIGIN_DEFAULT: return "default";
        case MH_ORIGIN_FILE: return "file";
        case MH_ORIGIN_ENVIRONMENT: return "environment";
        case MH_ORIGIN_FLAG: return "flag";
        default: return "unknown";
    }
}

std::string config_json(std::string_view prefix) {
    struct Values {
        std::string json;
        JsonWriter w{json};
    } values;
    values.w.begin_object().key("values").begin_array();
    const auto add = [](void* user, const mh_config_value* v) {
        mh::guarded("config", [&] {
            JsonWriter& w = static_cast<Values*>(user)->w;
            const bool secret = v->flags & MH_CONFIG_SECRET;
            w.begin_object().key("path").string(view(v->path)).key("secret").boolean(secret);
            if (!secret) w.key("value").raw(view(v->json));
            w.key("live").boolean(v->flags & MH_CONFIG_LIVE);
            w.key("origin").string(origin_name(v->origin));
            w.key("source").string(view(v->source)).key("doc").string(view(v->doc));
            if (v->default_json.len) w.key("default").raw(view(v->default_json));
            w.end_object();
            return MH_OK;
        });
    };
    mh::use<mh_config_read>().each(mh::the_host, mh::lend(prefix), add, &values);
    values.w.end_array().end_object();
    return std::move(values.json);
}

std::string instance_json() {
    std::string out;
    const auto note = [](void* user, const mh_config_value* v) {
        *static_cast<std::string*>(user) = view(v->json);
    };
    mh::use<mh_config_read>().each(mh::the_host, mh::lend("host.name"), note, &out);
    return out.starts_with('"') ? out : R"("")";
}

}  // namespace microhost::web
