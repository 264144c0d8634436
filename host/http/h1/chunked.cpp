// SPDX-License-Identifier: Apache-2.0
#include "http/h1/chunked.hpp"

#include <algorithm>
#include <cstring>

#include "http/h1/hop_by_hop.hpp"
#include "http/names.hpp"

namespace microhost::http {
namespace {

// Of the names that have an id these may come late; all others frame, route, authenticate or describe the content
// (RFC 9110 6.5.1), and somebody has acted on them, or on their absence, already.
constexpr IdSet kLate = id_set({MH_H_ETAG, MH_H_LAST_MODIFIED});

bool may_come_late(std::string_view name) {
    if (const uint32_t id = header_id(name)) return in(kLate, id);
    if (name.find('_') != std::string_view::npos) return false;  // a twin of a name with "-"
    for (const std::string_view prefix :
         {"micro-", "x-micro-", "x-forwarded-", "proxy-", "sec-", "access-control-", "content-"})
        if (istarts_with(name, prefix)) return false;
    return !iequals(name, "max-forwards") && !iequals(name, "x-http-method-override");
}

bool is_token_char(char c) { return is_token({&c, 1}); }

bool is_bad_value(char c) { return !valid_value({&c, 1}); }

}  // namespace

void ChunkDecoder::reset() {
    at_ = At::size_first;
    digits_ = fields_ = 0;
    extension_ = trailer_size_ = 0;
    line_ = 0;
    left_ = 0;
    trailers_.clear();
}

Fed ChunkDecoder::feed(char* data, size_t n) {
    Fed fed;
    size_t i = 0;
    while (i < n && at_ < At::done) {
        if (at_ != At::payload) {
            at_ = step(data[i++]);
            continue;
        }
        const auto piece = static_cast<size_t>(std::min<uint64_t>(left_, n - i));
        if (fed.produced != i) std::memmove(data + fed.produced, data + i, piece);
        fed.produced += piece;
        i += piece;
        left_ -= piece;
        if (left_ == 0) at_ = At::payload_cr;
    }
    fed.consumed = i;
    fed.done = at_ == At::done;
    fed.error = at_ == At::bad;
    return fed;
}

ChunkDecoder::At ChunkDecoder::step(char c) {
    switch (at_) {
        case At::size_first:
        case At::size: return step_size(c);
        case At::size_lf:
            if (c != '\n') return At::bad;
            return left_ == 0 ? At::trailer : At::payload;
        case At::payload_cr: return c == '\r' ? At::payload_lf : At::bad;
        case At::payload_lf: digits_ = 0; return c == '\n' ? At::size_first : At::bad;
        case At::trailer:
        case At::trailer_lf: return step_trailer(c);
        case At::payload:
        case At::done:
        case At::bad: return At::bad;
        default: return ++extension_ > kMostExtension ? At::bad : step_extension(c);
    }
}

ChunkDecoder::At ChunkDecoder::step_size(char c) {
    if (const int digit = hex_value(c); digit >= 0) {
        if (at_ == At::size_first) left_ = 0;
        if (digits_++ == 16) return At::bad;
        left_ = left_ << 4 | static_cast<unsigned>(digit);
        // Nobody sends half of all bytes there are; sums of sizes stay far from an overflow.
        return left_ > INT64_MAX ? At::bad : At::size;
    }
    if (at_ == At::size_first) return At::bad;
    extension_ = 0;
    return behind_extension(c);
}

ChunkDecoder::At ChunkDecoder::behind_extension(char c) const {
    return c == '\r' ? At::size_lf : c == ';' ? At::ext_name_first : At::bad;
}

// No blanks: RFC 9112 lets a recipient take them around ";" and "=", and parsers differ there.
ChunkDecoder::At ChunkDecoder::step_extension(char c) {
    switch (at_) {
        case At::ext_begin: return behind_extension(c);
        case At::ext_name_first: return is_token_char(c) ? At::ext_name : At::bad;
        case At::ext_name:
            if (c == '=') return At::ext_value_first;
            return is_token_char(c) ? At::ext_name : behind_extension(c);
        case At::ext_value_first:
            return c == '"' ? At::ext_quoted : is_token_char(c) ? At::ext_token : At::bad;
        case At::ext_token: return is_token_char(c) ? At::ext_token : behind_extension(c);
        case At::ext_quoted:
            if (is_bad_value(c)) return At::bad;
            return c == '"' ? At::ext_begin : c == '\\' ? At::ext_escaped : At::ext_quoted;
        case At::ext_escaped: return is_bad_value(c) ? At::bad : At::ext_quoted;
        default: return At::bad;
    }
}

ChunkDecoder::At ChunkDecoder::step_trailer(char c) {
    if (++trailer_size_ > kMostTrailer) return At::bad;
    if (at_ == At::trailer) {
        if (c == '\r') return At::trailer_lf;
        if (is_bad_value(c)) return At::bad;
        trailers_.push_back(c);
        return At::trailer;
    }
    if (c != '\n') return At::bad;
    if (trailers_.size() == line_) return At::done;
    return ++fields_ <= kMostTrailers && keep_trailer() ? At::trailer : At::bad;
}

// Judges the line that ends here, and takes it away again unless it may be passed on.
bool ChunkDecoder::keep_trailer() {
    const std::string_view line = std::string_view(trailers_).substr(line_);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
    if (may_come_late(line.substr(0, colon)))
        trailers_ += "\r\n";
    else
        trailers_.resize(line_);
    line_ = static_cast<uint32_t>(trailers_.size());
    return true;
}

void parse_trailers(std::string_view raw, Headers& out) {
    out.clear();
    while (!raw.empty() && out.count < kMaxHeaders) {
        const size_t end = raw.find("\r\n");
        const std::string_view line = raw.substr(0, end);
        raw.remove_prefix(end == std::string_view::npos ? raw.size() : end + 2);
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        const std::string_view name = line.substr(0, colon);
        const uint32_t id = header_id(name);
        if (id) out.mark(id);
        out.fields[out.count++] = {str(name), str(trim(line.substr(colon + 1))), id, 0};
    }
}

}  // namespace microhost::http
