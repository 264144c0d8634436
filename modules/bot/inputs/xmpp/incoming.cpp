// SPDX-License-Identifier: Apache-2.0
#include "incoming.hpp"

#include <ctime>

#include "../../../shared/text.hpp"
#include "namespaces.hpp"

namespace microhost::bot::xmpp {
namespace {

constexpr int64_t kHeldBack = 600;

/// Digits at a place; -1 when there are none.
int digits(std::string_view text, size_t at, size_t n) {
    int out = 0;
    if (text.size() < at + n) return -1;
    for (size_t i = at; i < at + n; ++i) {
        if (!shared::is_digit(text[i])) return -1;
        out = out * 10 + (text[i] - '0');
    }
    return out;
}

/// XEP-0082, in UTC: "2026-11-29T09:50:44Z". 0: it is none.
int64_t seconds_of(std::string_view stamp) {
    std::tm t{};
    t.tm_year = digits(stamp, 0, 4) - 1900, t.tm_mon = digits(stamp, 5, 2) - 1,
    t.tm_mday = digits(stamp, 8, 2);
    t.tm_hour = digits(stamp, 11, 2), t.tm_min = digits(stamp, 14, 2),
    t.tm_sec = digits(stamp, 17, 2);
    if (t.tm_year < 0 || t.tm_mon < 0 || t.tm_mday < 0 || t.tm_hour < 0 || t.tm_min < 0 ||
        t.tm_sec < 0)
        return 0;
    return stamp.ends_with('Z') || stamp.ends_with("+00:00") ? timegm(&t) : 0;
}

/// What may stand behind a name.
bool ends_name(std::string_view rest) {
    constexpr std::string_view kAfter = " \t\r\n:,;.!?";
    return rest.empty() || kAfter.find(rest[0]) != kAfter.npos;
}

Element reply(const Element& iq, std::string_view type) {
    return Element("iq")
        .with("type", type)
        .with("id", iq.attribute("id"))
        .with("to", iq.attribute("from"));
}

Element who_we_are(const Element& query) {
    Element out("query", ns::kDiscoInfo);
    out.with("node", query.attribute("node"));
    out.with(Element("identity")
                 .with("category", "client")
                 .with("type", "bot")
                 .with("name", "microhost"));
    for (const char* feature : {ns::kDiscoInfo, ns::kPing, ns::kVersion, ns::kMuc, ns::kInvitation})
        out.with(Element("feature").with("var", feature));
    return out;
}

}  // namespace

bool is_old(const Element& message, const Jid& self, int64_t now_s) {
    for (const Element& c : message.children) {
        if (c.name == "x" && c.ns == ns::kOldDelay) return true;
        if (!c.is("delay", ns::kDelay)) continue;
        const Jid by = Jid::of(c.attribute("from"));
        const bool ours = by.same_account(self) || (by.local.empty() && by.domain == self.domain);
        if (!ours || now_s - seconds_of(c.attribute("stamp")) > kHeldBack) return true;
    }
    return false;
}

bool take_mention(std::string_view& text, const std::vector<std::string>& names) {
    std::string_view rest = text;
    if (rest.starts_with('@')) rest.remove_prefix(1);
    for (const std::string& name : names) {
        if (name.empty() || rest.size() < name.size() ||
            !shared::iequals(rest.substr(0, name.size()), name))
            continue;
        std::string_view after = rest.substr(name.size());
        if (!ends_name(after)) continue;
        if (!after.empty() && (after[0] == ':' || after[0] == ',' || after[0] == ';'))
            after.remove_prefix(1);
        text = shared::trim(after);
        return true;
    }
    return false;
}

std::optional<Invitation> read_invitation(const Element& message) {
    Invitation out;
    const Jid from = Jid::of(message.attribute("from"));
    const Element* x = message.child("x", ns::kMucUser);
    if (const Element* invite = x ? x->child("invite", ns::kMucUser) : nullptr) {
        out.mediated = true;
        out.room = from;
        out.inviter = Jid::of(invite->attribute("from"));
        out.password = x->child_text("password", ns::kMucUser);
    } else if ((x = message.child("x", ns::kInvitation))) {
        out.room = Jid::of(x->attribute("jid"));
        out.inviter = from;
        out.password = x->attribute("password");
    }
    if (out.room.local.empty() || out.inviter.empty()) return std::nullopt;
    out.room.resource.clear();
    return out;
}

Element answer_to(const Element& iq) {
    const Element* asked = iq.children.empty() ? nullptr : &iq.children.front();
    if (iq.attribute("type") == "get" && asked) {
        if (asked->is("ping", ns::kPing)) return reply(iq, "result");
        if (asked->is("query", ns::kDiscoInfo)) return reply(iq, "result").with(who_we_are(*asked));
        if (asked->is("query", ns::kDiscoItems))
            return reply(iq, "result").with(Element("query", ns::kDiscoItems));
        if (asked->is("query", ns::kVersion))
            return reply(iq, "result")
                .with(Element("query", ns::kVersion)
                          .with(Element("name").saying("microhost"))
                          .with(Element("version").saying(MICROHOST_VERSION)));
    }
    return reply(iq, "error")
        .with(Element("error")
                  .with("type", "cancel")
                  .with(Element("service-unavailable", ns::kStanzaErrors)));
}

}  // namespace microhost::bot::xmpp
