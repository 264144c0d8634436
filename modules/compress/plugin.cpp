// SPDX-License-Identifier: Apache-2.0
// Compresses responses for clients that understand gzip.
#include <microhost/module.hpp>

#include <memory>

#include "gzip.hpp"
#include "negotiation.hpp"

namespace {

using namespace microhost::compress;

// Compressing more than this at once would hold up the other requests of the loop.
constexpr size_t kMostAtOnce = 1 << 20;
constexpr size_t kMostIdle = 8;

struct compress_filter : mh::filter<compress_filter> {
    struct config {
        std::vector<std::string_view> types;
        std::int64_t min_size, level, max_streams;
        static constexpr auto options = mh::options(
            mh::option("types", &config::types,
                       "text/*, application/json, application/javascript, application/xml, "
                       "application/x-ndjson, application/wasm, image/svg+xml, *+json, *+xml",
                       "Media types to compress; text/event-stream only when it is named"),
            mh::option("min_size", &config::min_size, 1024, "Shorter bodies are sent as they are")
                .range(0, 1 << 30),
            mh::option("level", &config::level, 5, "From 1, fast, to 9, small").range(1, 9),
            mh::option("max_streams", &config::max_streams, 1024,
                       "So many responses of a loop at a time, 260 KiB each; others go as they are")
                .range(1, 1 << 20));
    };
    /// First in, last out: what all other filters have made of the body is compressed.
    static constexpr auto phase = MH_PHASE_EARLY;

    explicit compress_filter(const config& c) : config_(c) {}

    mh::verdict on_response(mh::request& r) {
        drop(r);  // of a response that was replaced before any of it was sent
        const unsigned status = r.status();
        if (status == 304) vary(r);
        if (status == 204 || status == 206 || status == 304) return mh::detach;
        if (!is_plain(r) || !listed(r.response_header(MH_H_CONTENT_TYPE), config_.types))
            return mh::detach;
        const std::string_view length = r.response_header(MH_H_CONTENT_LENGTH);
        if (!length.empty() && is_short(length)) return mh::detach;
        vary(r);
        if (r.method() == "HEAD" || !accepts_gzip(joined(r, MH_DIR_REQUEST, MH_H_ACCEPT_ENCODING)))
            return mh::detach;
        return mh::go_on;
    }

    /// The head waits for the first piece, so this is where it is decided.
    mh::verdict on_response_body(mh::request& r, mh::pieces p) {
        auto* state = r.kept<stream>();
        if (!state) {
            state = begin(r, p);
            if (!state) return mh::detach;
        }
        out_.clear();
        for (const mh_seg& s : p.parts) state->gzip.write(mh::view(s), Gzip::Then::more, out_);
        if (p.last)
            state->gzip.write({}, Gzip::Then::finish, out_);
        else if (state->live && size(p) != 0)
            state->gzip.write({}, Gzip::Then::flush, out_);
        r.replace_body(MH_DIR_RESPONSE, out_);
        if (p.last) drop(r);
        return mh::go_on;
    }

    void on_done(mh::request& r, mh_status) { drop(r); }

  private:
    struct stream {
        explicit stream(int level) : gzip(level) {}
        Gzip gzip;
        bool live = false;  ///< its length is not known: nothing of it waits here for more
    };

    static size_t size(const mh::pieces& p) {
        size_t sum = 0;
        for (const mh_seg& s : p.parts) sum += s.len;
        return sum;
    }

    static std::string joined(const mh::request& r, uint32_t dir, uint32_t id) {
        std::string all;
        for (const mh_header& h : r.headers(dir)) {
            if (h.id == id) all.append(all.empty() ? "" : ",").append(mh::view(h.value));
        }
        return all;
    }

    /// Not encoded yet, and nobody forbids it.
    static bool is_plain(const mh::request& r) {
        const std::string_view encoding = r.response_header(MH_H_CONTENT_ENCODING);
        return (encoding.empty() || mh::equal_names(encoding, "identity")) &&
               !has_token(joined(r, MH_DIR_RESPONSE, MH_H_CACHE_CONTROL), "no-transform");
    }

    bool is_short(std::string_view length) const {
        std::int64_t n = 0;
        for (const char c : length) n = n * 10 + (c - '0');
        return length.size() < 10 && n < config_.min_size;
    }

    static void vary(mh::request& r) {
        const std::string now = joined(r, MH_DIR_RESPONSE, MH_H_VARY);
        if (!has_token(now, "Accept-Encoding") && !has_token(now, "*"))
            r.edit(MH_DIR_RESPONSE, MH_EDIT_ADD, "Vary", "Accept-Encoding");
    }

    /// Null: the response goes as it is.
    stream* begin(mh::request& r, const mh::pieces& p) {
        const size_t bytes = size(p);
        if (p.last && bytes < static_cast<size_t>(config_.min_size)) return nullptr;
        if (bytes > kMostAtOnce || busy_ >= config_.max_streams || !is_plain(r)) return nullptr;
        std::unique_ptr<stream> state;
        if (idle_.empty()) {
            state = std::make_unique<stream>(static_cast<int>(config_.level));
        } else {
            state = std::move(idle_.back());
            idle_.pop_back();
            state->gzip.reset();
        }
        if (r.set_response_header("Content-Encoding", "gzip") != MH_OK) return nullptr;
        const std::string_view etag = r.response_header(MH_H_ETAG);
        if (!etag.empty()) r.set_response_header("ETag", weak(etag));
        r.edit(MH_DIR_RESPONSE, MH_EDIT_REMOVE, "Accept-Ranges");  // offsets mean other bytes now
        state->live = r.response_header(MH_H_CONTENT_LENGTH).empty();
        ++busy_;
        r.keep(state.get());
        return state.release();
    }

    void drop(mh::request& r) {
        std::unique_ptr<stream> state(r.kept<stream>());
        if (!state) return;
        r.keep(nullptr);
        --busy_;
        if (idle_.size() < kMostIdle) idle_.push_back(std::move(state));
    }

    config config_;
    std::int64_t busy_ = 0;
    std::vector<std::unique_ptr<stream>> idle_;
    std::string out_;  ///< of the piece at hand; kept for its memory
};

}  // namespace

MH_PLUGIN("compress", "1.0.0", "Compresses responses for clients that understand gzip",
          compress_filter)
