// SPDX-License-Identifier: Apache-2.0
/// Cuts a stream of JSON messages, one a line, into messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace microhost::registry_etcd {

class Splitter {
  public:
    explicit Splitter(size_t longest) : longest_(longest) {}

    /// Calls take(message) for each that is complete now; take answers false to hear no more of this piece. False when a
    /// message is longer than allowed: the stream cannot be followed any more.
    template <class F>
    bool feed(std::string_view piece, F take) {
        while (!piece.empty()) {
            const size_t end = piece.find('\n');
            const std::string_view part = piece.substr(0, end);
            if (part.size() > longest_ - held_.size()) return false;
            if (end == piece.npos) return held_.append(part), true;
            piece.remove_prefix(end + 1);
            if (held_.empty()) {
                if (!blank(part) && !take(part)) return true;
                continue;
            }
            std::string whole;  // take may end the stream that owns us
            whole.swap(held_);
            whole.append(part);
            if (!blank(whole) && !take(whole)) return true;
        }
        return true;
    }
    /// What came behind the last message.
    std::string_view rest() const { return held_; }

  private:
    static bool blank(std::string_view s) { return s.find_first_not_of(" \t\r") == s.npos; }
    size_t longest_;
    std::string held_;
};

}  // namespace microhost::registry_etcd
