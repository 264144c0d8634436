// SPDX-License-Identifier: Apache-2.0
/// An XML element, as far as XMPP needs one: no mixed content, no prefixes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace microhost::bot::xmpp {

struct Element {
    Element() = default;
    /// Without a namespace it is in its parent's, and at the top in "jabber:client".
    explicit Element(std::string_view name_, std::string_view ns_ = {}) : name(name_), ns(ns_) {}

    std::string name, ns;  ///< what the parser made has its namespace always
    std::vector<std::pair<std::string, std::string>> attributes;
    std::vector<Element> children;
    std::string text;

    bool is(std::string_view name_, std::string_view ns_) const {
        return name == name_ && ns == ns_;
    }
    /// Empty when there is none.
    std::string_view attribute(std::string_view key) const;
    /// The first one; null when there is none.
    const Element* child(std::string_view name_, std::string_view ns_) const;
    /// Text of that child, or empty.
    std::string_view child_text(std::string_view name_, std::string_view ns_) const;

    /// Sets an attribute, but none of an empty value.
    Element& with(std::string_view key, std::string_view value);
    Element& with(Element inner);
    Element& saying(std::string_view words);

    std::string xml() const;
};

/// As text or as a value between double quotes. Bytes that XML or UTF-8 do not allow become U+FFFD: one of them would end the stream.
std::string escaped(std::string_view text);

}  // namespace microhost::bot::xmpp
