// SPDX-License-Identifier: Apache-2.0
#include "message.hpp"

#include <map>

#include "../shared/text.hpp"

namespace microhost::registry_mdns {
namespace {

constexpr size_t kLongestLabel = 63, kLongestName = 255;
constexpr uint8_t kPointer = 0xc0;
constexpr size_t kFarthest = 0x3fff;  // what a pointer can say

class Reader {
  public:
    explicit Reader(std::string_view all) : all_(all) {}

    bool u8(uint8_t& out) {
        if (at_ >= all_.size()) return false;
        out = static_cast<uint8_t>(all_[at_++]);
        return true;
    }
    bool u16(uint16_t& out) {
        uint8_t high = 0, low = 0;
        if (!u8(high) || !u8(low)) return false;
        out = static_cast<uint16_t>(high << 8 | low);
        return true;
    }
    bool u32(uint32_t& out) {
        uint16_t high = 0, low = 0;
        if (!u16(high) || !u16(low)) return false;
        out = uint32_t{high} << 16 | low;
        return true;
    }
    bool bytes(size_t n, std::string& out) {
        if (n > all_.size() - at_) return false;
        out = all_.substr(at_, n);
        at_ += n;
        return true;
    }
    /// Each pointer must lead further to the front than the one before: no loop, however it is twisted.
    bool name(std::string& out) {
        out.clear();
        size_t here = at_, limit = at_, length = 0;
        for (bool jumped = false;;) {
            if (here >= all_.size()) return false;
            const auto n = static_cast<uint8_t>(all_[here]);
            if (n == 0) {
                if (!jumped) at_ = here + 1;
                return true;
            }
            if ((n & kPointer) == kPointer) {
                if (here + 1 >= all_.size()) return false;
                const size_t to = size_t{n & 0x3fu} << 8 | static_cast<uint8_t>(all_[here + 1]);
                if (!jumped) at_ = here + 2;
                if (to >= limit) return false;
                jumped = true;
                here = limit = to;
                continue;
            }
            if (n & kPointer || n > all_.size() - here - 1) return false;
            length += n + 1u;
            if (length >= kLongestName) return false;
            append(out, all_.substr(here + 1, n));
            here += n + 1u;
        }
    }
    size_t at() const { return at_; }
    size_t left() const { return all_.size() - at_; }
    void go_to(size_t at) { at_ = at; }

  private:
    static void append(std::string& out, std::string_view label) {
        if (!out.empty()) out += '.';
        for (const char c : label) {
            if (c == '.' || c == '\\') out += '\\';
            out += c;
        }
    }
    std::string_view all_;
    size_t at_ = 0;
};

bool read_texts(Reader& r, size_t end, std::vector<std::string>& out) {
    while (r.at() < end) {
        uint8_t n = 0;
        if (!r.u8(n) || n > end - r.at() || !r.bytes(n, out.emplace_back())) return false;
    }
    return true;
}

bool read_data(Reader& r, size_t end, Record& out) {
    switch (out.type) {
        case kA: return end - r.at() == 4 && r.bytes(4, out.address);
        case kAaaa: return end - r.at() == 16 && r.bytes(16, out.address);
        case kPtr: return r.name(out.target);
        case kTxt: return read_texts(r, end, out.texts);
        case kSrv:
            return r.u16(out.priority) && r.u16(out.weight) && r.u16(out.port) &&
                   r.name(out.target);
        default: r.go_to(end); return true;
    }
}

bool read_record(Reader& r, Record& out) {
    uint16_t size = 0;
    if (!r.name(out.name) || !r.u16(out.type) || !r.u16(out.klass) || !r.u32(out.ttl) ||
        !r.u16(size) || size > r.left())
        return false;
    const size_t end = r.at() + size;
    return read_data(r, end, out) && r.at() == end;
}

class Writer {
  public:
    explicit Writer(bool compress) : compress_(compress) {}

    void u16(uint16_t v) {
        out += static_cast<char>(v >> 8);
        out += static_cast<char>(v & 0xff);
    }
    void u32(uint32_t v) {
        u16(static_cast<uint16_t>(v >> 16));
        u16(static_cast<uint16_t>(v & 0xffff));
    }
    /// `pointers` false: written out, but others may point to it, as in the data of SRV.
    void name(std::string_view text, bool pointers = true) {
        if (!name_fits(text)) good = false;
        while (!text.empty() && good) {
            if (const auto seen = seen_.find(folded(text)); seen != seen_.end() && pointers) {
                u16(static_cast<uint16_t>(kPointer << 8 | seen->second));
                return;
            }
            if (compress_ && out.size() <= kFarthest) seen_.emplace(folded(text), out.size());
            label(text);
        }
        out += '\0';
    }
    void record(const Record& r) {
        name(r.name);
        u16(r.type);
        u16(r.klass);
        u32(r.ttl);
        const size_t size = out.size();
        u16(0);
        data(r);
        const size_t n = out.size() - size - 2;
        if (n > 0xffff) good = false;
        out[size] = static_cast<char>(n >> 8);
        out[size + 1] = static_cast<char>(n & 0xff);
    }

    std::string out;
    bool good = true;

  private:
    /// Takes the first label off.
    void label(std::string_view& text) {
        const size_t length_at = out.size();
        out += '\0';
        while (!text.empty()) {
            char c = text.front();
            text.remove_prefix(1);
            if (c == '.') break;
            if (c == '\\' && !text.empty()) {
                c = text.front();
                text.remove_prefix(1);
            }
            out += c;
        }
        out[length_at] = static_cast<char>(out.size() - length_at - 1);
    }
    void data(const Record& r) {
        switch (r.type) {
            case kA:
            case kAaaa: out += r.address; return;
            case kPtr: name(r.target); return;
            case kSrv:
                u16(r.priority);
                u16(r.weight);
                u16(r.port);
                name(r.target, false);
                return;
            case kTxt:
                for (const std::string& t : r.texts) {
                    if (t.size() > 255) good = false;
                    out += static_cast<char>(t.size());
                    out += t;
                }
                return;
            default: return;
        }
    }
    bool compress_;
    std::map<std::string, size_t> seen_;
};

}  // namespace

std::optional<Message> read_message(std::string_view bytes) {
    Reader r(bytes);
    Message m;
    uint16_t counts[4];
    if (!r.u16(m.id) || !r.u16(m.flags)) return {};
    size_t all = 0;
    for (uint16_t& n : counts) {
        if (!r.u16(n)) return {};
        all += n;
    }
    if (all > kMostRecords) return {};
    for (unsigned i = 0; i < counts[0]; ++i) {
        Question& q = m.questions.emplace_back();
        if (!r.name(q.name) || !r.u16(q.type) || !r.u16(q.klass)) return {};
    }
    std::vector<Record>* const sections[] = {&m.answers, &m.authorities, &m.additionals};
    for (unsigned s = 0; s < 3; ++s) {
        for (unsigned i = 0; i < counts[s + 1]; ++i)
            if (!read_record(r, sections[s]->emplace_back())) return {};
    }
    return m;
}

std::string write_message(const Message& m, bool compress) {
    Writer w(compress);
    w.u16(m.id);
    w.u16(m.flags);
    for (const size_t n :
         {m.questions.size(), m.answers.size(), m.authorities.size(), m.additionals.size()}) {
        if (n > 0xffff) w.good = false;
        w.u16(static_cast<uint16_t>(n));
    }
    for (const Question& q : m.questions) {
        w.name(q.name);
        w.u16(q.type);
        w.u16(q.klass);
    }
    for (const auto* section : {&m.answers, &m.authorities, &m.additionals})
        for (const Record& r : *section) w.record(r);
    return w.good ? std::move(w.out) : std::string();
}

bool name_fits(std::string_view name) {
    size_t label = 0, all = 1;
    for (size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '.') {
            if (label == 0) return false;
            label = 0;
            continue;
        }
        if (name[i] == '\\' && ++i == name.size()) return false;
        if (label == 0) ++all;  // its length
        ++all;
        if (++label > kLongestLabel) return false;
    }
    return all <= kLongestName && (name.empty() || label > 0);
}

bool same_name(std::string_view a, std::string_view b) { return shared::iequals(a, b); }

std::string folded(std::string_view name) {
    std::string out(name);
    for (char& c : out) c = shared::lower(c);
    return out;
}

std::string name_of(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string text_of(std::string_view name) {
    std::string out;
    for (size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '\\' && i + 1 < name.size()) ++i;
        out += name[i];
    }
    return out;
}

std::optional<std::string_view> before(std::string_view name, std::string_view suffix) {
    if (name.size() <= suffix.size() + 1) return {};
    const size_t dot = name.size() - suffix.size() - 1;
    if (name[dot] != '.' || !same_name(name.substr(dot + 1), suffix)) return {};
    size_t backslashes = 0;
    while (backslashes < dot && name[dot - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 != 0) return {};  // the dot is part of a label
    return name.substr(0, dot);
}

}  // namespace microhost::registry_mdns
