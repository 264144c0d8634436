// SPDX-License-Identifier: Apache-2.0
/// An address of XMPP: local@domain/resource (RFC 7622).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace microhost::bot::xmpp {

/// Local part and domain are in lower case, as far as they are ASCII: so two of them are the same address when they are equal. What
/// else a server normalises it has done before it sends an address.
struct Jid {
    std::string local, domain, resource;

    static std::optional<Jid> parse(std::string_view text);
    /// Of what a server sent: empty when it is none.
    static Jid of(std::string_view text) { return parse(text).value_or(Jid{}); }

    bool empty() const { return domain.empty(); }
    std::string bare() const { return local.empty() ? domain : local + '@' + domain; }
    std::string full() const { return resource.empty() ? bare() : bare() + '/' + resource; }
    bool same_account(const Jid& o) const { return local == o.local && domain == o.domain; }
    Jid with_resource(std::string_view r) const { return {local, domain, std::string(r)}; }
    bool operator==(const Jid&) const = default;
};

}  // namespace microhost::bot::xmpp
