// SPDX-License-Identifier: Apache-2.0
#include "static_files.hpp"

#include <zlib.h>
#include <microhost/work.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include "../shared/text.hpp"
#include "answer.hpp"
#include "assets.hpp"
#include "html.hpp"
#include "web.hpp"

namespace microhost::web {
namespace {

constexpr uint32_t kPatienceMs = 10'000;
constexpr std::string_view kIndex = "index.html";

const Asset* find(std::string_view name) {
    const auto found = std::ranges::find(assets(), name, &Asset::path);
    return found == assets().end() ? nullptr : &*found;
}

/// The rare client that takes no gzip.
std::string inflated(std::string_view gzip) {
    z_stream z{};
    std::string out;
    if (inflateInit2(&z, 15 + 16) != Z_OK) return out;
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
    z.avail_in = static_cast<uInt>(gzip.size());
    std::array<char, 16 * 1024> piece;
    for (int s = Z_OK; s == Z_OK;) {
        z.next_out = reinterpret_cast<Bytef*>(piece.data());
        z.avail_out = piece.size();
        s = inflate(&z, Z_NO_FLUSH);
        out.append(piece.data(), piece.size() - z.avail_out);
    }
    inflateEnd(&z);
    return out;
}

bool takes_gzip(const mh::request& r) {
    bool found = false;
    shared::for_each_item(r.header("Accept-Encoding"), ',', [&](std::string_view item) {
        const std::string_view name = shared::trim(item.substr(0, item.find(';')));
        found |= name == "gzip" && item.find("q=0") == item.npos;
    });
    return found;
}

mh_status answer_asset(mh::request r, const Asset& a) {
    // Their names change with what is in them.
    constexpr std::string_view kForEver = "public, max-age=31536000, immutable";
    if (r.header("If-None-Match") == a.etag) {
        r.respond(304, {}, {}, {{"ETag", a.etag}, {"Cache-Control", kForEver}});
        return MH_OK;
    }
    const bool gzip = takes_gzip(r);
    const std::string plain = gzip ? std::string() : inflated(a.gzip);
    std::array<mh::field, 6> more{{{"ETag", a.etag},
                                   {"Cache-Control", kForEver},
                                   {"Vary", "Accept-Encoding"},
                                   {"X-Content-Type-Options", "nosniff"},
                                   {"Cross-Origin-Resource-Policy", "same-origin"},
                                   {"Content-Encoding", "gzip"}}};
    r.respond(200, a.mime, gzip ? a.gzip : plain, std::span(more).first(gzip ? 6 : 5));
    return MH_OK;
}

// ---- from a folder, for who works on the page

std::string_view mime_of(std::string_view name) {
    if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    if (name.ends_with(".html")) return "text/html; charset=utf-8";
    if (name.ends_with(".svg")) return "image/svg+xml";
    if (name.ends_with(".json")) return "application/json";
    return "text/plain; charset=utf-8";
}

/// <meta name="microhost-token">, where the script of the page finds it.
std::string with_token(std::string document, std::string_view token) {
    const size_t head = document.find("</head>");
    if (head != document.npos)
        document.insert(head,
                        "<meta name=\"microhost-token\" content=\"" + escaped(token) + "\">\n");
    return document;
}

struct FileAnswer {
    std::string name, token;
    std::optional<std::string> content;

    static void answer(mh_req* q, void* arg) {
        const std::unique_ptr<FileAnswer> self(static_cast<FileAnswer*>(arg));
        mh::guarded("file", [&] {
            mh::request r(q);
            if (!self->content) return answer_problem(r, 404, "Not found", "there is no such file");
            if (self->name == kIndex)
                return answer_document(r, with_token(std::move(*self->content), self->token));
            r.respond(200, mime_of(self->name), *self->content, {{"Cache-Control", "no-store"}});
            return mh_status{MH_OK};
        });
    }
    static void drop(void* arg) { delete static_cast<FileAnswer*>(arg); }
};

std::optional<std::string> read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return {};
    return std::string(std::istreambuf_iterator<char>(in), {});
}

mh_status answer_from_folder(mh::request r, const std::string& folder, std::string_view name,
                             std::string_view page_token = {}) {
    if (name.find('/') != name.npos || name.starts_with('.'))
        return answer_problem(r, 404, "Not found", "there is no such file");
    const mh_token token = r.suspend(kPatienceMs);
    if (!token) return MH_E_NOMEM;
    const mh_status begun = mh::background(
        [path = folder + "/" + std::string(name)] { return read(path); },
        [token, name = std::string(name),
         bears = std::string(page_token)](std::optional<std::optional<std::string>> out) {
            auto a = std::make_unique<FileAnswer>(
                FileAnswer{name, bears, out ? std::move(*out) : std::optional<std::string>()});
            if (mh::use<mh_http_request>().post(token, FileAnswer::answer, a.get(),
                                                FileAnswer::drop) == MH_OK)
                a.release();
        });
    return begun == MH_OK ? mh_status{MH_PENDING} : begun;
}

}  // namespace

bool has_page(const Settings& s) { return !s.static_dir.empty() || !assets().empty(); }

bool wants_page(const mh::request& r, std::string_view path) {
    static constexpr std::string_view kPages[] = {
        "/",          "/services",  "/registry", "/client",  "/terminal",
        "/_/traffic", "/_/modules", "/_/logs",   "/_/login", "/_/overview",
        "/_/console", "/_/about",   "/_/apps",   "/_/config"};
    if (r.header(MH_H_CONTENT_TYPE) == kJsonType) return false;
    if (r.header(MH_H_ACCEPT).find("text/html") == std::string_view::npos) return false;
    const std::string_view query = r.query();
    if (query == "plain" || query.starts_with("plain&") || query.ends_with("&plain")) return false;
    return std::ranges::find(kPages, path) != std::end(kPages) || path.starts_with("/service/") ||
           path.starts_with("/_/modules/") || path.starts_with("/_/pages/");
}

mh_status answer_the_page(mh::request r, const Settings& s, std::string_view token) {
    if (!s.static_dir.empty()) return answer_from_folder(r, s.static_dir, kIndex, token);
    const Asset* index = find(kIndex);
    if (!index) return answer_problem(r, 404, "Not found", "this build has no page");
    return answer_document(r, with_token(inflated(index->gzip), token));
}

mh_status answer_file(mh::request r, const Settings& s, std::string_view path) {
    const std::string_view name = path.substr(kFilesPrefix.size());
    if (name == kIndex) return answer_the_page(r, s, {});
    if (!s.static_dir.empty()) return answer_from_folder(r, s.static_dir, name);
    const Asset* a = find(name);
    return a ? answer_asset(r, *a) : answer_problem(r, 404, "Not found", "there is no such file");
}

}  // namespace microhost::web
