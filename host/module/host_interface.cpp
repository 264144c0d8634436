// SPDX-License-Identifier: Apache-2.0
#include "module/host_interface.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json/nearest.hpp"

namespace microhost::module {
namespace {

std::string_view without_version(std::string_view id) { return id.substr(0, id.rfind('/')); }

}  // namespace

void InterfaceTable::offer(const char* id, const void* table) {
    const std::string_view key(id);
    auto it = std::lower_bound(rows_.begin(), rows_.end(), key,
                               [](const Row& r, std::string_view k) { return r.id < k; });
    if (it != rows_.end() && it->id == key)
        it->table = table;
    else
        rows_.insert(it, {id, table});
}

const void* InterfaceTable::find(std::string_view id) const {
    auto it = std::lower_bound(rows_.begin(), rows_.end(), id,
                               [](const Row& r, std::string_view k) { return r.id < k; });
    return it != rows_.end() && it->id == id ? it->table : nullptr;
}

std::string InterfaceTable::explain_missing(std::string_view id) const {
    std::string served;
    for (const Row& r : rows_)
        if (without_version(r.id) == without_version(id))
            served += fmt::format("{}{}", served.empty() ? "" : ", ", r.id);
    if (!served.empty())
        return fmt::format("this host serves {}; use a module or a host of the other version",
                           served);
    const std::string hint = json::did_you_mean(id, ids());
    return "this host does not serve it" + (hint.empty() ? "; update microhost" : hint);
}

std::vector<std::string_view> InterfaceTable::ids() const {
    std::vector<std::string_view> out;
    for (const Row& r : rows_) out.emplace_back(r.id);
    return out;
}

}  // namespace microhost::module
