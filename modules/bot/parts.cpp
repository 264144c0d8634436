// SPDX-License-Identifier: Apache-2.0
#include "parts.hpp"

#include <algorithm>

#include "utf8.hpp"

namespace microhost::bot {
namespace {

// A format that allows less is a mistake of its input; an answer needs some room.
constexpr size_t kLeastBytes = 64;
constexpr size_t kNote = 32;  // "...N more lines"

/// A line, or a piece of a long one, in the network's own spelling.
struct Piece {
    std::string text;
    bool code;
    bool layout;  ///< its columns matter, in a code block or not
    bool first;   ///< of its line
};

std::string escaped(const Format& f, std::string_view text) {
    return f.escape ? f.escape(text) : std::string(text);
}

/// What would end the code block does not: its signs get spaces without width between them.
std::string inside_code(const Format& f, std::string text) {
    constexpr std::string_view kGap = "\xe2\x80\x8b";
    std::string mark = f.code_end;
    std::erase(mark, '\n');
    if (mark.empty()) return text;
    std::string apart;
    for (const char c : mark) apart.append(1, c).append(kGap);
    for (size_t at = 0; (at = text.find(mark, at)) != text.npos; at += apart.size())
        text.replace(at, mark.size(), apart);
    if (text.ends_with(mark[0])) text += kGap;
    return text;
}

class Packer {
  public:
    Packer(const Format& f, std::string_view before)
        : format_(f), most_(std::max(f.message_bytes, kLeastBytes)), before_(before) {
        const size_t code = f.lines ? f.code_begin.size() + f.code_end.size() + 2 : 0;
        room_ = most_ - std::min(code + before_.size() + kNote, most_ / 2);
    }

    void add(const Line& line) {
        if (!format_.lines && line.text.empty()) return;
        const bool code = line.code && format_.lines && !format_.code_begin.empty();
        std::string_view rest = line.text;
        bool first = true;
        do {
            size_t n = std::min(rest.size(), room_);
            std::string_view piece = cut(rest, n);
            std::string text = spelled(piece, code);
            // Escaping makes it longer, at most six times.
            while (text.size() > room_ && n > 1) {
                n = std::max<size_t>(1, n * room_ / text.size());
                piece = cut(rest, n);
                text = spelled(piece, code);
            }
            pieces_.push_back({std::move(text), code, line.code, first});
            rest.remove_prefix(std::max<size_t>(piece.size(), rest.empty() ? 0 : 1));
            first = false;
        } while (!rest.empty());
    }

    std::vector<std::string> pack(uint64_t missing) {
        std::vector<std::string> out;
        const unsigned most = std::max(1u, format_.messages);
        size_t at = 0;
        while (at < pieces_.size() && out.size() < most) {
            size_t end = at + 1;
            while (format_.lines && end < pieces_.size() && size_of(at, end + 1) <= most_) ++end;
            const bool last = out.size() + 1 == most;
            if ((last && end < pieces_.size()) || (end == pieces_.size() && missing)) {
                out.push_back(with_note(at, end, missing));
                return out;
            }
            out.push_back(text_of(at, end));
            at = end;
        }
        if (out.empty() && missing) out.push_back(note(missing));
        return out;
    }

  private:
    std::string spelled(std::string_view text, bool code) const {
        return escaped(format_, code ? inside_code(format_, std::string(text)) : std::string(text));
    }

    /// Pieces from..to as one message.
    std::string text_of(size_t from, size_t to) const {
        std::string out = from == 0 ? before_ : std::string();
        bool code = false;
        for (size_t i = from; i < to; ++i) {
            const Piece& p = pieces_[i];
            if (code && !p.code) out += format_.code_end;
            // A name before it would push the heading of a table aside.
            const bool aside = i == from && p.layout && format_.lines && !out.empty();
            while (aside && out.ends_with(' ')) out.pop_back();
            if (i > from || aside) out += '\n';
            if (!code && p.code) out += format_.code_begin;
            code = p.code;
            out += p.text;
        }
        return code ? out + format_.code_end : out;
    }
    size_t size_of(size_t from, size_t to) {
        // Packing asks for one piece more each time.
        if (from != sized_from_ || to != sized_to_ + 1) {
            sized_from_ = from;
            sized_ = text_of(from, to).size();
        } else {
            sized_ += pieces_[to - 1].text.size() + 1;
            if (pieces_[to - 1].code != pieces_[to - 2].code)
                sized_ += format_.code_begin.size() + format_.code_end.size();
        }
        sized_to_ = to;
        return sized_;
    }

    static std::string note(uint64_t lines) {
        return "..." + std::to_string(lines) + (lines == 1 ? " more line" : " more lines");
    }
    uint64_t lines_from(size_t at) const {
        uint64_t out = 0;
        for (size_t i = at; i < pieces_.size(); ++i) out += pieces_[i].first ? 1 : 0;
        return out;
    }
    std::string with_note(size_t from, size_t to, uint64_t missing) {
        if (!format_.lines) {
            std::string whole = text_of(from, to) + " " + note(missing);
            if (to == pieces_.size() && whole.size() <= most_) return whole;
            return (from == 0 ? before_ : std::string()) + note(lines_from(from) + missing);
        }
        for (;; --to) {
            const uint64_t left = std::max<uint64_t>(1, lines_from(to) + missing);
            std::string out = text_of(from, to) + "\n" + escaped(format_, note(left));
            if (out.size() <= most_ || to == from + 1) return out;
        }
    }

    const Format& format_;
    const size_t most_;
    const std::string before_;
    size_t room_ = 0;
    std::vector<Piece> pieces_;
    size_t sized_from_ = static_cast<size_t>(-1), sized_to_ = 0, sized_ = 0;
};

}  // namespace

std::vector<std::string> parts_of(const std::vector<Line>& lines, uint64_t missing,
                                  const Format& format, std::string_view before) {
    Packer packer(format, escaped(format, before));
    for (const Line& line : lines) packer.add(line);
    return packer.pack(missing);
}

}  // namespace microhost::bot
