// SPDX-License-Identifier: Apache-2.0
// The head of a response: edits from before there was one, 1xx ones on their way, fields and framing of the final one.
#include <algorithm>
#include <string>

#include "http/engine.hpp"
#include "http/error_json.hpp"
#include "http/exchange.hpp"
#include "http/h1/hop_by_hop.hpp"
#include "http/h1/server_connection.hpp"
#include "http/h1/write_head.hpp"
#include "http/names.hpp"

namespace microhost::http {
namespace {

constexpr unsigned kMostEarlyEdits = 32;

}  // namespace

bool Exchange::is_call() const {
    if (!site_->speaks_rpc || !head.headers.count) return false;
    if (!site_->speaks_http) return true;
    for (uint32_t id : {MH_H_MICRO_SERVICE, MH_H_MICRO_ENDPOINT, MH_H_MICRO_METHOD,
                        MH_H_X_MICRO_SERVICE, MH_H_X_MICRO_ENDPOINT, MH_H_X_MICRO_METHOD})
        if (head.headers.has(id)) return true;
    return false;
}

// On a listener that speaks rpc an error is the text of Micro-Error: go-micro's clients take every status but 200 for a
// transport that broke, and call again.
mh_status Exchange::refuse_call(uint32_t status, const mh_kv* headers, uint32_t n,
                                const mh_seg* body, uint32_t n_body) {
    constexpr size_t kLongest = 8 * 1024;
    std::string text;
    for (uint32_t i = 0; i < n_body && text.size() < kLongest; i++) text.append(view(body[i]));
    text.resize(std::min(text.size(), kLongest));
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    char json[512];
    if (trim(text).empty()) text = error_json(json, sizeof json, "microhost", status, {});
    const std::string_view error = trim(text);
    const Headers& asked = head.headers;
    const std::string_view id =
        asked.value(asked.has(MH_H_MICRO_ID) ? MH_H_MICRO_ID : MH_H_X_MICRO_ID);
    std::array<mh_kv, kMaxHeaders> rows;
    uint32_t count = 0;
    for (const char* name : {"Micro-Error", "X-Micro-Error"})
        rows[count++] = {str(name), str(error)};
    for (const char* name : {"Micro-Id", "X-Micro-Id"})
        if (!id.empty() && id.size() <= 512) rows[count++] = {str(name), str(id)};
    for (uint32_t i = 0; i < n && count < rows.size(); i++)
        if (header_id(view(headers[i].key)) != MH_H_CONTENT_LENGTH) rows[count++] = headers[i];
    return respond(200, rows.data(), count, nullptr, 0);
}

// What filters and the handler want of a response that does not exist yet: done when it does, whoever makes it.
mh_status Exchange::edit_later(uint32_t op, std::string_view name, std::string_view value) {
    unsigned n = 0;
    EarlyEdit** last = &early_edits_;
    for (; *last; last = &(*last)->next) n++;
    if (n == kMostEarlyEdits) return MH_E_LIMIT;
    auto* e = static_cast<EarlyEdit*>(arena_.alloc(sizeof(EarlyEdit)));
    const std::string_view own_name = arena_.copy(name), own_value = arena_.copy(value);
    if (!e || own_name.empty() || (own_value.empty() && !value.empty())) return MH_E_NOMEM;
    *e = {op, own_name, own_value, nullptr};
    *last = e;
    return MH_OK;
}

void Exchange::apply_early_edits() {
    for (const EarlyEdit* e = early_edits_; e; e = e->next)
        if (edit(MH_DIR_RESPONSE, e->op, e->name, e->value) != MH_OK)
            engine_.log.warn("a response has no room for a field that was set before it came",
                             {{"field", e->name}, {"request", request_id_.view()}});
}

// Where it is left out nothing is lost: it only tells what the final response will say anyway.
void Exchange::send_informational(const ResponseHead& r) {
    if (r.status == 100 || r.status == 101 || head.minor_version == 0) return;
    if (over_ || answered_ || unsent() > site_->limits.output_low) return;
    char* const out = engine_.write_buffer.get();
    h1::HeadWriter w(out, Engine::kWriteBuffer);
    w.status(r.status);
    write_fields(w, r.headers);
    w.end();
    iovec v{out, w.size()};
    if (!w.overflow()) connection_->write(&v, 1);
}

// Those that are not about one connection only.
void Exchange::write_fields(h1::HeadWriter& w, const Headers& fields) {
    Connection nominated;
    const bool check = fields.has(MH_H_CONNECTION);
    if (check) nominated = Connection::of(fields);
    for (uint32_t i = 0; i < fields.count; i++) {
        const mh_header& h = fields.fields[i];
        if (h.id && skip_hop_by_hop(h.id)) continue;
        if (check && nominated.drops(h)) continue;
        w.field(view(h.name), view(h.value));
    }
}

// The head in `out`; 0 when it does not fit.
size_t Exchange::write_head(char* out, bool fin, uint64_t length) {
    constexpr size_t kRoom = Engine::kWriteBuffer - kCopyBelow - 512;
    h1::HeadWriter w(out, kRoom);
    w.status(response.status);
    const bool switching = response.status == 101;
    write_fields(w, response.headers);
    if (!response.headers.has(MH_H_DATE)) w.raw(engine_.date_line());
    if (!response.headers.has(MH_H_X_REQUEST_ID)) w.field("X-Request-Id", request_id_.view());
    if (switching) {
        w.field("Connection", "Upgrade");
        w.field("Upgrade", "websocket");
        w.end();
        return w.overflow() ? 0 : w.size();
    }
    write_framing(w, fin, length);
    if (!body_complete_ && !body_here_) close_after_ = true;
    if (!head.keep_alive || close_after_ || engine_.draining)
        w.raw("Connection: close\r\n");
    else if (head.minor_version == 0)
        w.raw("Connection: keep-alive\r\n");
    w.end();
    return w.overflow() ? 0 : w.size();
}

// Whether the body may get another length than its source announced: some filter still looks at it, or has changed it.
bool Exchange::response_rewritten() const {
    return body_changed_ || awaited(MH_I_RESPONSE_BODY | MH_I_RESPONSE_BODY_FULL);
}

// RFC 9112 section 6: how the client learns where the body ends.
void Exchange::write_framing(h1::HeadWriter& w, bool fin, uint64_t length) {
    const bool rewritten = response_rewritten();
    if (response.status == 204 || response.status == 304) return;
    if (response.framing == Framing::length && !rewritten)
        return w.field("Content-Length", response.content_length);
    response.framing = Framing::none;
    if (head.method == Method::head) {
        std::string_view told = response.headers.value(MH_H_CONTENT_LENGTH);
        if (!told.empty())
            w.field("Content-Length", told);
        else if (fin && length)
            w.field("Content-Length", length);
        return;
    }
    const bool trailers = !response_trailers_.empty() && takes_trailers();
    if (fin && !trailers) return w.field("Content-Length", length);
    if (head.minor_version >= 1) {
        chunked_ = true;
        w.raw("Transfer-Encoding: chunked\r\n");
    } else {
        close_after_ = true;
    }
}

}  // namespace microhost::http
