// SPDX-License-Identifier: Apache-2.0
#include "tool/explain.hpp"

#include <strings.h>
#include <algorithm>

#include "control/explain.hpp"
#include "tool/control_socket.hpp"
#include "tool/options.hpp"
#include "tool/settings.hpp"

namespace microhost::tool {
namespace {

std::string query_of(const std::vector<std::string>& request,
                     const std::vector<std::string>& fields, const std::string& listener) {
    std::string out = "path=" + percent_encoded(request.back());
    if (request.size() == 2) out += "&method=" + percent_encoded(request.front());
    if (!listener.empty()) out += "&listener=" + percent_encoded(listener);
    for (const std::string& f : fields) {
        out += "&header=" + percent_encoded(f);
        if (strncasecmp(f.c_str(), "host:", 5) == 0)
            out += "&host=" + percent_encoded(std::string_view(f).substr(
                                  std::min(f.size(), f.find_first_not_of(' ', 5))));
    }
    return out;
}

}  // namespace

int explain(const Arguments& arguments) {
    std::vector<std::string> request, fields;
    std::string listener, instance;
    bool json = false;
    Options options(arguments, "microhost explain POST /admin/users -H 'Host: example.org'");
    options.words("[METHOD] PATH", request, "the request; the method is GET when it is left out")
        .list("-H,--header", fields, "'NAME: VALUE'", "a field of it; repeatable")
        .value("--listener", listener, "NAME", "only there, instead of on every listener")
        .value("--instance", instance, "NAME", "which of several running ones to ask")
        .flag("--json", json, "print JSON");
    if (auto status = options.parse()) return *status;
    if (request.size() > 2 || !request.back().starts_with('/'))
        return options.refuse("give a path that begins with /, and at most a method before it");
    for (const std::string& f : fields)
        if (f.find(':') == f.npos)
            return options.refuse(fmt::format("{} is no field; write 'Name: value'", f));
    auto host = settings(arguments);
    if (!host) return options.refuse(host.error().what);
    const auto found = find_instance(host->host.runtime_dir, instance);
    if (!found) return no(found.error());
    const auto page = found->get("/v1/explain?" + query_of(request, fields, listener));
    if (!page) return no(page.error());
    return print(json ? page->text(true) + "\n" : control::explain_text(page->root()));
}

}  // namespace microhost::tool
