// SPDX-License-Identifier: Apache-2.0
#include "address_rules.hpp"

#include <algorithm>

#include "../shared/text.hpp"

namespace microhost::ip_allow {

using shared::IpAddress;
using shared::IpPrefix;

size_t AddressRules::Hash::operator()(const IpAddress& a) const {
    const std::string_view bytes(reinterpret_cast<const char*>(a.bytes.data()), a.bytes.size());
    return std::hash<std::string_view>()(bytes);
}

AddressRules::Length& AddressRules::of_length(unsigned bits) {
    const auto found = std::find_if(lengths_.begin(), lengths_.end(),
                                    [&](const Length& l) { return l.bits == bits; });
    return found != lengths_.end() ? *found : lengths_.emplace_back(Length{bits, {}});
}

bool AddressRules::add(std::string_view rule) {
    std::string_view what = shared::trim(rule);
    bool allow = true;
    if (const size_t space = what.find_first_of(" \t"); space != what.npos) {
        const std::string_view verb = what.substr(0, space);
        if (verb != "allow" && verb != "deny") return false;
        allow = verb == "allow";
        what = shared::trim(what.substr(space));
    }
    if (what == "unix") {
        if (!unix_) unix_ = allow;
    } else {
        const auto prefix = IpPrefix::parse(what);
        if (!prefix) return false;
        of_length(prefix->bits).rules.try_emplace(prefix->address, Rule{size_, allow});
    }
    ++size_;
    return true;
}

bool AddressRules::add_lines(std::string_view text, std::string& why) {
    for (size_t number = 1; !text.empty(); ++number) {
        const size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        line = shared::trim(line.substr(0, line.find('#')));
        if (line.empty() || add(line)) continue;
        why = "line " + std::to_string(number) + ": \"" + std::string(line.substr(0, 64)) +
              "\" is no rule; write such as allow 10.0.0.0/8 or deny 192.0.2.7";
        return false;
    }
    return true;
}

std::optional<bool> AddressRules::allows(std::string_view client) const {
    const auto address = IpAddress::parse(client);
    if (!address) return client == "unix" ? unix_ : std::nullopt;
    const Rule* first = nullptr;
    for (const Length& l : lengths_) {
        const auto found = l.rules.find(IpPrefix::network_of(*address, l.bits));
        if (found != l.rules.end() && (!first || found->second.order < first->order))
            first = &found->second;
    }
    if (!first) return {};
    return first->allow;
}

}  // namespace microhost::ip_allow
