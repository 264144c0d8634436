// SPDX-License-Identifier: Apache-2.0
#include "room.hpp"

#include <algorithm>

#include "namespaces.hpp"

namespace microhost::bot::xmpp {
namespace {

void read_status(std::string_view code, RoomPresence& out) {
    if (code == "110") out.own = true;
    if (code == "201") out.created = true;
    if (code == "301") out.banned = true;
    if (code == "303") out.renamed = true;
    if (code == "307") out.kicked = true;
    if (code == "321" || code == "322") out.for_members = true;
    if (code == "332") out.shut_down = true;
    if (code == "333") out.failed = true;
}

}  // namespace

RoomPresence RoomPresence::read(const Element& presence) {
    RoomPresence out;
    out.from = Jid::of(presence.attribute("from"));
    const std::string_view type = presence.attribute("type");
    out.available = type.empty();
    out.error = type == "error";
    if (const Element* e = presence.child("error", ns::kClient)) {
        for (const Element& c : e->children)
            if (c.ns == ns::kStanzaErrors && c.name != "text") out.condition = c.name;
    }
    const Element* x = presence.child("x", ns::kMucUser);
    const auto said = std::count_if(presence.children.begin(), presence.children.end(),
                                    [](const Element& c) { return c.is("x", ns::kMucUser); });
    if (said != 1) return out;  // of two, one may be an occupant's own: the room says it once
    for (const Element& c : x->children) {
        if (c.name == "status") read_status(c.attribute("code"), out);
        if (c.name == "destroy")
            out.destroyed = true, out.reason = c.child_text("reason", ns::kMucUser);
        if (c.name != "item") continue;
        out.real = Jid::of(c.attribute("jid"));
        out.new_nick = c.attribute("nick");
        out.reason = c.child_text("reason", ns::kMucUser);
    }
    return out;
}

}  // namespace microhost::bot::xmpp
