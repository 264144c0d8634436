// SPDX-License-Identifier: Apache-2.0
#include "config_page.hpp"

#include <microhost/draft/config_read.h>
#include <microhost/host.hpp>

#include <string>

#include "from_main.hpp"
#include "html.hpp"
#include "records.hpp"

namespace microhost::web {
namespace {

using mh::view;

struct Table {
    std::string_view part;
    std::string html;

    static void add(void* user, const mh_config_value* v) {
        mh::guarded("config", [&] { return static_cast<Table*>(user)->add(*v), MH_OK; });
    }
    void add(const mh_config_value& v) {
        if (view(v.path).find(part) == std::string_view::npos) return;
        const auto cell = [&](std::string_view text) { html.append("<td>").append(escaped(text)); };
        std::string from(origin_name(v.origin));
        if (v.source.len) from.append(": ").append(view(v.source));
        html += "<tr><td><code>" + escaped(view(v.path)) + "</code><small>" + escaped(view(v.doc)) +
                "</small>";
        cell(v.flags & MH_CONFIG_SECRET ? "not shown" : view(v.json));
        cell(view(v.default_json));
        cell(from);
        cell(v.flags & MH_CONFIG_LIVE ? "live" : "next start");
        html += "</tr>\n";
    }
};

Reply config_page(const std::string& part) {
    Table table{part, {}};
    mh::use<mh_config_read>().each(mh::the_host, {}, Table::add, &table);
    return {200, "Configuration",
            "<h1>Configuration</h1>\n<form method=\"get\" action=\"/_/config\" role=\"search\">"
            "<input type=\"hidden\" name=\"plain\"><label>Filter <input name=\"q\" value=\"" +
                escaped(part) +
                "\"></label></form>\n<table><thead><tr><th>Option</th><th>Value</th>"
                "<th>Default</th><th>From</th><th>Takes effect</th></tr></thead>"
                "<tbody>\n" +
                table.html + "</tbody></table>\n"};
}

}  // namespace

mh_status show_config(mh::request r, std::string_view part) {
    return answer_from_main(r, [part = std::string(part)] { return config_page(part); });
}

}  // namespace microhost::web
