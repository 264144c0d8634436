// SPDX-License-Identifier: Apache-2.0
#include "addressing.hpp"

#include "../shared/text.hpp"

namespace microhost::bot {
namespace {

/// What is behind "NAME ", "@NAME ", "NAME:" or "NAME,". False: it does not begin so.
bool take_name(std::string_view& text, std::string_view name) {
    std::string_view rest = text;
    if (rest.starts_with('@')) rest.remove_prefix(1);
    if (name.empty() || !shared::iequals(rest.substr(0, name.size()), name)) return false;
    rest.remove_prefix(name.size());
    const bool mark = rest.starts_with(':') || rest.starts_with(',');
    const bool ends = rest.empty() || mark || shared::trim(rest.substr(0, 1)).empty();
    if (!ends) return false;
    text = shared::trim(mark ? rest.substr(1) : rest);
    return true;
}

/// What is behind "!", where a command follows at once: "!!" and "! " are not meant for anybody.
bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (prefix.empty() || !text.starts_with(prefix)) return false;
    const std::string_view rest = text.substr(prefix.size());
    if (rest.empty() || !shared::is_alnum(rest[0])) return false;
    text = shared::trim(rest);
    return true;
}

}  // namespace

Heard listen(const Callsigns& signs, const Message& m) {
    Heard out{Reach::none, shared::trim(m.text)};
    bool named = false;
    for (size_t i = 0; i < signs.names.size() && !named; ++i)
        named = take_name(out.text, signs.names[i]);
    const bool prefixed = !named && take_prefix(out.text, signs.prefix);
    if (named || m.addressed || m.place.direct())
        out.reach = Reach::named;
    else if (prefixed)
        out.reach = Reach::prefix;
    return out;
}

}  // namespace microhost::bot
