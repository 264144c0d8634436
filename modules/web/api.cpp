// SPDX-License-Identifier: Apache-2.0
#include "api.hpp"

#include <microhost/host.hpp>

#include <charconv>
#include <optional>

#include "../shared/url_encoding.hpp"
#include "answer.hpp"
#include "from_main.hpp"
#include "log_lines.hpp"
#include "query.hpp"
#include "records.hpp"
#include "web.hpp"

namespace microhost::web {
namespace {

/// `otherwise` when it is not there; none when it is no whole number.
std::optional<uint64_t> number(std::string_view given, uint64_t otherwise) {
    if (given.empty()) return otherwise;
    uint64_t n = 0;
    const auto [end, fault] = std::from_chars(given.data(), given.data() + given.size(), n);
    if (fault != std::errc{} || end != given.data() + given.size()) return {};
    return n;
}

mh_status refuse(mh::request r, unsigned status, std::string_view detail) {
    r.respond_error(status, kServerName, detail);
    return MH_OK;
}

const mh_registry_view* registry_now() { return mh::use<mh_registry>().now(mh::the_host); }

mh_status services(mh::request r, const Query& query) {
    const mh_registry_view* now = registry_now();
    ServiceRows rows = service_rows(now);
    const std::string_view part = query.text("q");
    std::erase_if(rows, [&](const auto& row) { return row.first.find(part) == row.first.npos; });
    return answer_json(r, R"({"revision":)" + std::to_string(mh::use<mh_registry>().revision(now)) +
                              R"(,"services":)" + joined(rows) + "}");
}

mh_status service(mh::request r, std::string_view encoded) {
    std::string name;
    if (!shared::percent_decode(encoded, false, name)) return refuse(r, 400, "the name is damaged");
    const std::string json = service_json(registry_now(), name);
    if (json.empty()) return refuse(r, 404, "there is no service " + name);
    return answer_json(r, json);
}

mh_status traffic(mh::request r, const Query& query) {
    const std::string_view ring = query.text("ring");
    const auto points = number(query.text("points"), 0);
    if (!points) return refuse(r, 400, "points is no whole number");
    if (!ring.empty() && ring != "seconds" && ring != "tens")
        return refuse(r, 400, "ring is seconds or tens");
    return answer_from_main(r, [tens = ring == "tens", most = static_cast<uint32_t>(*points)] {
        return Reply{200, {}, traffic_json(tens ? MH_RING_TENS : MH_RING_SECONDS, most)};
    });
}

mh_status logs(mh::request r, const Query& query) {
    constexpr uint64_t kMost = 2000;
    LogQuery wanted;
    const auto after = number(query.text("after"), 0), most = number(query.text("most"), 500);
    if (!after || !most) return refuse(r, 400, "after and most are whole numbers");
    if (!read_level(query.text("level"), wanted.level))
        return refuse(r, 400, "level is debug, info, warn or error");
    wanted.module = query.text("module");
    wanted.text = query.text("text");
    wanted.request = query.text("request");
    wanted.after = *after;
    wanted.most = static_cast<uint32_t>(std::min(*most, kMost));
    return answer_from_main(r, [wanted = std::move(wanted)] {
        return Reply{200, {}, logs_json(wanted)};
    });
}

mh_status config(mh::request r, const Query& query) {
    return answer_from_main(r, [prefix = std::string(query.text("prefix"))] {
        return Reply{200, {}, config_json(prefix)};
    });
}

}  // namespace

mh_status answer_api(mh::request r, std::string_view path) {
    constexpr std::string_view kService = "services/";
    const std::string_view name = path.substr(kApiPrefix.size());
    const Query query(r);
    if (name == "services") return services(r, query);
    if (name.starts_with(kService)) return service(r, name.substr(kService.size()));
    if (name == "traffic") return traffic(r, query);
    if (name == "logs") return logs(r, query);
    if (name == "config") return config(r, query);
    if (name == "sources")
        return answer_from_main(r, [] { return Reply{200, {}, sources_json()}; });
    if (name == "modules")
        return answer_from_main(r, [] { return Reply{200, {}, modules_json(true)}; });
    return refuse(r, 404, "the API has no such part: README.md of the module web lists them");
}

}  // namespace microhost::web
