// SPDX-License-Identifier: Apache-2.0
#include "html.hpp"

namespace microhost::web {

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) switch (c) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += c;
        }
    return out;
}

std::string link(std::string_view href, std::string_view text) {
    return "<a href=\"" + escaped(href) + "\">" + escaped(text) + "</a>";
}

std::string path_element(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        if (plain)
            out += c;
        else
            (((out += '%') += kHex[byte >> 4]) += kHex[byte & 15]);
    }
    return out;
}

std::string page(std::string_view title, std::string_view body) {
    std::string out =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<link rel=\"icon\" href=\"/favicon.ico\"><link rel=\"stylesheet\" href=\"/_/plain.css\">"
        "<title>";
    out.append(escaped(title)).append(" · microhost</title></head><body>\n");
    out +=
        "<header><nav aria-label=\"Pages\"><a href=\"/\">microhost</a> "
        "<a href=\"/services\">Services</a> <a href=\"/_/modules\">Modules</a> "
        "<a href=\"/_/config\">Configuration</a></nav></header>\n"
        "<main>\n";
    out.append(body).append("</main></body></html>\n");
    return out;
}

}  // namespace microhost::web
