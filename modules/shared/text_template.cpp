// SPDX-License-Identifier: Apache-2.0
#include "text_template.hpp"

#include <algorithm>
#include <utility>

namespace microhost::shared {
namespace {

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

}  // namespace

bool TextTemplate::parse(std::string_view text, const std::function<int(std::string_view)>& id_of,
                         std::string& why) {
    if (std::any_of(text.begin(), text.end(), is_control)) {
        why = "the value has control bytes";
        return false;
    }
    while (!text.empty()) {
        if (text.starts_with("$$")) {
            rest_ += '$';
            text.remove_prefix(2);
        } else if (text.starts_with("${")) {
            const size_t end = text.find('}');
            const std::string_view name = text.substr(2, end == text.npos ? end : end - 2);
            const int id = end == text.npos ? -1 : id_of(name);
            if (id < 0) {
                why = "\"${" + std::string(name.substr(0, 32)) + "}\" is no variable";
                return false;
            }
            pieces_.push_back({std::exchange(rest_, {}), id});
            text.remove_prefix(end + 1);
        } else {
            rest_ += text.front();
            text.remove_prefix(1);
        }
    }
    return true;
}

std::string_view TextTemplate::fill(const std::function<std::string_view(int)>& of,
                                    std::string& room) const {
    if (pieces_.empty()) return rest_;
    room.clear();
    for (const Piece& p : pieces_) room.append(p.text).append(of(p.variable));
    room += rest_;
    return room;
}

bool TextTemplate::says_nothing(const std::function<std::string_view(int)>& of) const {
    return !pieces_.empty() && std::all_of(pieces_.begin(), pieces_.end(),
                                           [&](const Piece& p) { return of(p.variable).empty(); });
}

}  // namespace microhost::shared
