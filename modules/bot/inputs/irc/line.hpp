// SPDX-License-Identifier: Apache-2.0
/// Lines of IRC (RFC 1459, modern.ircdocs.horse) with the tags of IRCv3: read, written, and cut out of a stream of bytes.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace microhost::bot::irc {

/// With CR LF, without tags.
inline constexpr size_t kLongestLine = 512;
inline constexpr size_t kLongestTags = 8191;

/// Valid UTF-8 all of it: other bytes are U+FFFD.
struct Line {
    std::vector<std::pair<std::string, std::string>> tags;
    std::string
        source;  ///< "nick!user@host" or the name of a server; empty: the server that we speak to
    std::string command;  ///< "PRIVMSG", "001"
    std::vector<std::string> params;

    /// Empty when there are fewer. Never compare the raw line: the last one may have a colon in front or not.
    std::string_view param(size_t i) const { return i < params.size() ? params[i] : empty(); }
    std::string_view last() const { return params.empty() ? empty() : params.back(); }
    /// Nothing: it has none of that name.
    std::optional<std::string_view> tag(std::string_view name) const;
    /// Who the source is, without user and host.
    std::string_view nick() const { return std::string_view(source).substr(0, source.find('!')); }

  private:
    static std::string_view empty() { return {}; }
};

/// Of a line without its end. Nothing: it says nothing.
std::optional<Line> parse(std::string_view line);

/// "COMMAND middle... :last" and CR LF, at most 512 bytes: the last one is cut at the border of a character. What would end a line
/// is taken out of it. Empty when the command or one of `middle` is no word, so that nothing can be injected there either.
std::string compose(std::string_view command, std::initializer_list<std::string_view> middle = {},
                    std::optional<std::string_view> last = {});

/// Whether it may stand where a line has a word: not empty, no blank or control character, no colon in front.
bool is_word(std::string_view s);

/// Cuts lines out of what comes. One that is longer than any server may send is passed over.
class Reader {
  public:
    /// Calls f(line) for each that is complete. f answers false to stop: the rest is forgotten.
    template <class F>
    void feed(std::string_view bytes, F&& f) {
        while (!bytes.empty()) {
            const size_t end = bytes.find('\n');
            add(bytes.substr(0, end));
            if (end == bytes.npos) return;
            bytes.remove_prefix(end + 1);
            const std::string line = take();
            if (!line.empty() && !f(std::string_view(line))) return;
        }
    }
    size_t too_long() const { return too_long_; }
    const std::string& rest() const { return rest_; }
    void reset(std::string_view rest = {}) { rest_ = rest, skipping_ = false; }

  private:
    void add(std::string_view piece);
    std::string take();

    std::string rest_;
    bool skipping_ = false;
    size_t too_long_ = 0;
};

}  // namespace microhost::bot::irc
