// SPDX-License-Identifier: Apache-2.0
#include "log_lines.hpp"

#include <microhost/host.hpp>

#include "records.hpp"

namespace microhost::web {
namespace {

struct Lines {
    std::string json;
    uint64_t last = 0;

    static void add(void* user, const mh_log_record* r) {
        mh::guarded("log", [&] {
            auto& self = *static_cast<Lines*>(user);
            if (!self.json.empty()) self.json += ',';
            self.json += log_json(*r);
            self.last = r->seq;
            return MH_OK;
        });
    }
};

}  // namespace

bool read_level(std::string_view name, int32_t& out) {
    for (const int32_t level : {MH_LOG_DEBUG, MH_LOG_INFO, MH_LOG_WARN, MH_LOG_ERROR})
        if (level_name(level) == name) return out = level, true;
    return name.empty();
}

std::string logs_json(const LogQuery& query) {
    mh_log_filter filter{};
    filter.size = sizeof filter;
    filter.min_level = query.level;
    filter.module = mh::lend(query.module);
    filter.request_id = mh::lend(query.request);
    filter.contains = mh::lend(query.text);
    Lines lines;
    lines.last = query.after;
    mh::use<mh_log_read>().recent(mh::the_host, &filter, query.after, query.most, Lines::add,
                                  &lines);
    return R"({"last":)" + std::to_string(lines.last) + R"(,"lines":[)" + lines.json + "]}";
}

uint64_t newest_log_line() {
    uint64_t out = 0;
    const auto note = [](void* user, const mh_log_record* r) {
        *static_cast<uint64_t*>(user) = r->seq;
    };
    mh::use<mh_log_read>().recent(mh::the_host, nullptr, 0, 1, note, &out);
    return out;
}

}  // namespace microhost::web
