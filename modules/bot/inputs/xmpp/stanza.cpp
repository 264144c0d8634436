// SPDX-License-Identifier: Apache-2.0
#include "stanza.hpp"

#include <cstdint>

#include "namespaces.hpp"

namespace microhost::bot::xmpp {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Length of the UTF-8 sequence of a character that XML allows; 0: there is none.
size_t allowed(std::string_view s) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(s[i]); };
    if (byte(0) < 0x80) return byte(0) >= 0x20 || s[0] == '\t' || s[0] == '\n' || s[0] == '\r';
    const size_t n = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
    if (byte(0) < 0xC2 || byte(0) > 0xF4 || s.size() < n) return 0;
    uint32_t c = byte(0) & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
        c = c << 6 | (byte(i) & 0x3F);
    }
    constexpr uint32_t kLowest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF, none = c == 0xFFFE || c == 0xFFFF;
    return c < kLowest[n] || c > 0x10FFFF || surrogate || none ? 0 : n;
}

void write(const Element& e, std::string_view inherited, std::string& out) {
    (out += '<') += e.name;
    const std::string_view own = e.ns.empty() ? inherited : std::string_view(e.ns);
    if (own != inherited) ((out += " xmlns=\"") += escaped(own)) += '"';
    for (const auto& [key, value] : e.attributes)
        ((((out += ' ') += key) += "=\"") += escaped(value)) += '"';
    if (e.text.empty() && e.children.empty()) {
        out += "/>";
        return;
    }
    (out += '>') += escaped(e.text);
    for (const Element& c : e.children) write(c, own, out);
    ((out += "</") += e.name) += '>';
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    while (!text.empty()) {
        const size_t n = allowed(text);
        switch (n == 1 ? text[0] : '\0') {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;  // "]]>" is not allowed in text
            case '&': out += "&amp;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&apos;"; break;
            case '\r': out += "&#13;"; break;  // a bare one would be read as \n
            default: out += n ? text.substr(0, n) : kReplacement;
        }
        text.remove_prefix(n ? n : 1);
    }
    return out;
}

std::string_view Element::attribute(std::string_view key) const {
    for (const auto& [k, v] : attributes) {
        if (k == key) return v;
    }
    return {};
}

const Element* Element::child(std::string_view name_, std::string_view ns_) const {
    for (const Element& c : children) {
        if (c.is(name_, ns_)) return &c;
    }
    return nullptr;
}

std::string_view Element::child_text(std::string_view name_, std::string_view ns_) const {
    const Element* c = child(name_, ns_);
    return c ? std::string_view(c->text) : std::string_view{};
}

Element& Element::with(std::string_view key, std::string_view value) {
    if (!value.empty()) attributes.emplace_back(key, value);
    return *this;
}

Element& Element::with(Element inner) {
    children.push_back(std::move(inner));
    return *this;
}

Element& Element::saying(std::string_view words) {
    text += words;
    return *this;
}

std::string Element::xml() const {
    std::string out;
    write(*this, ns::kClient, out);
    return out;
}

}  // namespace microhost::bot::xmpp
