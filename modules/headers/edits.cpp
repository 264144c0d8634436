// SPDX-License-Identifier: Apache-2.0
#include "edits.hpp"

#include <algorithm>
#include <array>

#include "../shared/text.hpp"

namespace microhost::headers {
namespace {

// The host frames messages and keeps connections; it refuses edits of these.
constexpr std::array<std::string_view, 11> kOfConnection{"connection",
                                                         "content-length",
                                                         "transfer-encoding",
                                                         "te",
                                                         "trailer",
                                                         "upgrade",
                                                         "keep-alive",
                                                         "proxy-connection",
                                                         "proxy-authenticate",
                                                         "proxy-authorization",
                                                         "http2-settings"};

constexpr std::array<std::string_view, 7> kVariables{
    "client_ip", "request_id", "host", "method", "path", "scheme", "principal"};
static_assert(kVariables[principal] == "principal");

int variable_of(std::string_view name) {
    const auto found = std::find(kVariables.begin(), kVariables.end(), name);
    return found == kVariables.end() ? -1 : static_cast<int>(found - kVariables.begin());
}

bool is_token(std::string_view name) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return shared::is_alnum(c) || kMarks.find(c) != kMarks.npos;
    });
}

void check_name(std::string_view name, const std::string& where, bool response) {
    if (!untouchable(name, response)) return;
    throw mh::failure("\"" + std::string(name.substr(0, 64)) +
                          "\" cannot be changed: it is no field name, or the field belongs to the "
                          "connection",
                      where);
}

void read_values(Group& group, mh::json_value map, Op op, const std::string& where, bool response) {
    for (uint32_t i = 0; i < map.count(); ++i) {
        const std::string name(map.key_at(i));
        const std::string here = where + "/" + name;
        check_name(name, here, response);
        Edit edit{op, name, {}};
        std::string why;
        if (!edit.value.parse(map.at(i).string().value_or(""), variable_of, why))
            throw mh::failure(name + ": " + why +
                                  "; there are client_ip, request_id, host, method, path, scheme "
                                  "and principal",
                              here);
        group.edits.push_back(std::move(edit));
    }
}

void read_statuses(Group& group, mh::json_value list, const std::string& where) {
    for (uint32_t i = 0; i < list.count(); ++i) {
        const mh::json_value item = list.at(i);
        const auto number = item.integer();
        const std::string text =
            number ? std::to_string(*number) : std::string(item.string().value_or(""));
        StatusRange range{};
        if (!StatusRange::parse(text, range))
            throw mh::failure("\"" + text + "\" is no status; write such as 404 or \"4xx\"", where);
        group.statuses.push_back(range);
    }
}

}  // namespace

bool StatusRange::parse(std::string_view text, StatusRange& out) {
    if (text.size() != 3 || text[0] < '1' || text[0] > '5') return false;
    const unsigned hundreds = static_cast<unsigned>(text[0] - '0') * 100;
    if (text.substr(1) == "xx") {
        out = {hundreds, hundreds + 99};
        return true;
    }
    if (!shared::is_digit(text[1]) || !shared::is_digit(text[2])) return false;
    out.from = out.to =
        hundreds + static_cast<unsigned>(text[1] - '0') * 10 + static_cast<unsigned>(text[2] - '0');
    return true;
}

bool Group::fits(unsigned status) const {
    return statuses.empty() || std::any_of(statuses.begin(), statuses.end(), [&](StatusRange r) {
               return status >= r.from && status <= r.to;
           });
}

bool untouchable(std::string_view name, bool response) {
    if (!is_token(name) || (!response && shared::iequals(name, "host"))) return true;
    return std::any_of(kOfConnection.begin(), kOfConnection.end(),
                       [&](std::string_view n) { return shared::iequals(n, name); });
}

std::vector<Group> parse_groups(mh::json_value list, const std::string& pointer, bool response) {
    std::vector<Group> groups;
    for (uint32_t i = 0; i < list.count(); ++i) {
        const mh::json_value from = list.at(i);
        const std::string where = pointer + "/" + std::to_string(i);
        Group group;
        read_statuses(group, from["status"], where + "/status");
        const mh::json_value removed = from["remove"];
        for (uint32_t k = 0; k < removed.count(); ++k) {
            const std::string name(removed.at(k).string().value_or(""));
            check_name(name, where + "/remove", response);
            group.edits.push_back({Op::remove, name, {}});
        }
        read_values(group, from["set"], Op::set, where + "/set", response);
        read_values(group, from["add"], Op::add, where + "/add", response);
        read_values(group, from["default"], Op::fallback, where + "/default", response);
        groups.push_back(std::move(group));
    }
    return groups;
}

}  // namespace microhost::headers
