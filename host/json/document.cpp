// SPDX-License-Identifier: Apache-2.0
#include "json/document.hpp"

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <set>
#include <vector>

#include "json/nearest.hpp"
#include "json/pointer.hpp"
#include "json/rapid.hpp"
#include "json/writer.hpp"

namespace microhost::json {

using Lines = std::map<std::string, unsigned, std::less<>>;

struct Document::Tree {
    /// RapidJSON takes 64 KiB at once where it is not told better: too much for thousands of small documents that stay.
    explicit Tree(size_t text = 0)
        : pool(std::clamp<size_t>(2 * text, 256, 64 * 1024)), document(&pool) {}

    rapidjson::MemoryPoolAllocator<> pool;
    rapidjson::Document document;
    Lines lines;
};

namespace {

using Bytes = rapidjson::MemoryStream;

/// Stands between reader and tree and stops the reader at what RapidJSON itself lets pass.
class Gate {
  public:
    Gate(rapidjson::Document& out, Lines& lines, std::string_view text, const Bytes& in,
         const Options& options)
        : out_(out), lines_(lines), text_(text), in_(in), options_(options) {}

    const std::string& reason() const { return reason_; }

    bool Null() { return out_.Null(); }
    bool Bool(bool v) { return out_.Bool(v); }
    // Numbers come as they are written: RapidJSON 1.1 reads out of its tables for the smallest, and turns integers that do not
    // fit into doubles.
    bool Int(int v) { return out_.Int(v); }
    bool Uint(unsigned v) { return out_.Uint(v); }
    bool Int64(std::int64_t v) { return out_.Int64(v); }
    bool Uint64(std::uint64_t v) { return out_.Uint64(v); }
    bool Double(double v) { return out_.Double(v); }
    bool RawNumber(const char* s, rapidjson::SizeType n, bool) {
        const std::string_view text{s, n};
        if (text.find_first_of(".eE") == text.npos) return integer(text);
        double v = 0;
        const auto [end, ec] = std::from_chars(s, s + n, v);
        if (ec == std::errc::result_out_of_range && !is_tiny(text))
            return stop("a number is too big");
        return out_.Double(ec == std::errc{} ? v : 0);
    }
    bool String(const char* s, rapidjson::SizeType n, bool copy) {
        return no_nul({s, n}) && out_.String(s, n, copy);
    }
    bool Key(const char* s, rapidjson::SizeType n, bool copy) {
        const std::string_view key{s, n};
        if (!no_nul(key)) return false;
        if (!open_.back().keys.emplace(key).second)
            return stop(fmt::format("the key {} appears twice", quote_short(key)));
        remember_line(key);
        return out_.Key(s, n, copy);
    }
    bool StartObject() { return enter(false) && out_.StartObject(); }
    bool EndObject(rapidjson::SizeType n) { return leave(), out_.EndObject(n); }
    bool StartArray() { return enter(true) && out_.StartArray(); }
    bool EndArray(rapidjson::SizeType n) { return leave(), out_.EndArray(n); }

  private:
    struct Level {
        bool array;
        std::set<std::string, std::less<>> keys;
        std::string pointer;  // of the key being read
    };

    bool stop(std::string why) {
        reason_ = std::move(why);
        return false;
    }

    bool no_nul(std::string_view s) {
        if (options_.nul || s.find('\0') == s.npos) return true;
        return stop("a string must not contain \\u0000 here");
    }

    bool enter(bool array) {
        if (open_.size() >= options_.max_depth)
            return stop(fmt::format("more than {} levels deep", options_.max_depth));
        open_.push_back({array, {}, {}});
        return true;
    }
    void leave() { open_.pop_back(); }

    bool integer(std::string_view text) {
        const char *begin = text.data(), *end = begin + text.size();
        std::int64_t i = 0;
        if (std::from_chars(begin, end, i).ec == std::errc{}) return out_.Int64(i);
        std::uint64_t u = 0;
        if (text[0] != '-' && std::from_chars(begin, end, u).ec == std::errc{})
            return out_.Uint64(u);
        double d = 0;
        std::from_chars(begin, end, d);
        // As Writer writes it below 1e21, so that what it writes can be read.
        if (text == fmt::format("{:.0f}", d)) return out_.Double(d);
        return stop("this integer does not fit 64 bits");
    }
    /// Whether what is out of a double's range is too small for it, not too big: the place of its first digit says so.
    static bool is_tiny(std::string_view text) {
        const std::size_t e = text.find_first_of("eE");
        const std::string_view mantissa = text.substr(0, e);
        const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
        const auto first = static_cast<std::int64_t>(mantissa.find_first_of("123456789"));
        std::int64_t power = 0;
        if (e != text.npos) {
            const std::string_view digits = text.substr(e + (text[e + 1] == '+' ? 2 : 1));
            const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), power);
            if (read.ec != std::errc{}) return digits[0] == '-';
            constexpr std::int64_t kFar = std::int64_t{1} << 60;  // no text is as long
            power = std::clamp(power, -kFar, kFar);
        }
        return static_cast<std::int64_t>(point) - first + power < 0;
    }

    void remember_line(std::string_view key) {
        if (!options_.lines) return;
        const auto is_array = [](const Level& l) { return l.array; };
        if (std::any_of(open_.begin(), open_.end(), is_array)) return;
        const std::string parent = open_.size() > 1 ? open_[open_.size() - 2].pointer : "";
        open_.back().pointer = parent + "/" + pointer_escape(key);
        const std::size_t now = in_.Tell();
        const auto from = text_.begin() + static_cast<std::ptrdiff_t>(counted_);
        const auto to = text_.begin() + static_cast<std::ptrdiff_t>(now);
        line_ += static_cast<unsigned>(std::count(from, to, '\n'));
        counted_ = now;
        lines_.emplace(open_.back().pointer, line_);
    }

    rapidjson::Document& out_;
    Lines& lines_;
    std::string_view text_;
    const Bytes& in_;
    const Options& options_;
    std::vector<Level> open_;
    std::string reason_;
    std::size_t counted_ = 0;
    unsigned line_ = 1;
};

Error located(std::string_view text, std::size_t offset, std::string_view why) {
    const std::string_view before = text.substr(0, offset);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto newline = before.rfind('\n');
    const auto column = newline == before.npos ? offset + 1 : offset - newline;
    return error("{}:{}: {}", line, column, why);
}

/// RapidJSON's sentences are titles with a full stop; ours stand in the middle of a line.
std::string plain(const char* sentence) {
    std::string out = sentence;
    if (!out.empty() && out.back() == '.') out.pop_back();
    if (!out.empty()) out[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(out[0])));
    return out;
}

}  // namespace

Document::Document() : tree_(std::make_shared<Tree>()) {}

Result<Document> Document::parse(std::string_view text, const Options& options) {
    if (text.size() > options.max_bytes)
        return error("1:1: {} bytes are more than the {} allowed", text.size(), options.max_bytes);
    constexpr unsigned kStrict =
        rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag;
    if (text.data() == nullptr) text = "";
    auto tree = std::make_shared<Tree>(text.size());
    Bytes bytes(text.data(), text.size());
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, Bytes> in(bytes);
    Gate gate(tree->document, tree->lines, text, bytes, options);
    rapidjson::Reader reader;
    rapidjson::ParseResult result;
    auto read = [&](rapidjson::Document&) {
        result = options.comments ? reader.Parse<kStrict | rapidjson::kParseCommentsFlag>(in, gate)
                                  : reader.Parse<kStrict>(in, gate);
        return !result.IsError();
    };
    tree->document.Populate(read);
    if (result.IsError()) {
        const std::string why = gate.reason().empty()
                                    ? plain(rapidjson::GetParseError_En(result.Code()))
                                    : gate.reason();
        return located(text, std::min(result.Offset(), text.size()), why);
    }
    // The reader takes a NUL byte for the end.
    if (bytes.Tell() < text.size()) return located(text, bytes.Tell(), "a NUL byte in the text");
    return Document{std::move(tree)};
}

Value Document::root() const { return view(tree_->document); }

std::optional<unsigned> Document::line_of(std::string_view pointer) const {
    const auto found = tree_->lines.find(pointer);
    if (found == tree_->lines.end()) return {};
    return found->second;
}

std::string Document::text(bool pretty) const { return to_text(root(), pretty); }

}  // namespace microhost::json
