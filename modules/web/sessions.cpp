// SPDX-License-Identifier: Apache-2.0
#include "sessions.hpp"

#include <microhost/draft/kv.h>
#include <microhost/host.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace microhost::web {
namespace {

constexpr std::string_view kSecretKey = "page-secret";
constexpr size_t kLongestSession = 1024;

std::string key_of(std::string_view key) { return "session:" + std::string(key); }

bool number(std::string_view text, uint64_t& out) {
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
    return ec == std::errc{} && end == text.data() + text.size();
}

/// Cuts a line off.
std::string_view line(std::string_view& text) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view out = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return out;
}

}  // namespace

std::string Session::text() const {
    return std::to_string(begun_ms) + "\n" + std::to_string(used_ms) + "\n" + print + "\n" + user;
}

std::optional<Session> Session::of(std::string_view text) {
    Session s;
    if (!number(line(text), s.begun_ms) || !number(line(text), s.used_ms)) return {};
    s.print = line(text);
    s.user = text;
    return s.user.empty() ? std::nullopt : std::optional(std::move(s));
}

uint64_t Session::left_ms(uint64_t now_ms, const SessionLimits& limits) const {
    const uint64_t end = std::min(used_ms + limits.idle_ms, begun_ms + limits.total_ms);
    return now_ms < end ? end - now_ms : 0;
}

bool Session::to_be_touched(uint64_t now_ms, const SessionLimits& limits) const {
    return now_ms >= used_ms + limits.idle_ms / 30;
}

std::string Sessions::open(std::string_view user, std::string_view print, uint64_t now_ms) const {
    const std::string id = random_id();
    const Session s{std::string(user), std::string(print), now_ms, now_ms};
    const std::string text = s.text();
    const mh_status stored = mh::use<mh_kv_store>().set(
        mh::the_host, mh::lend(key_of(digest_of(id))), mh::bytes(text), s.left_ms(now_ms, limits_));
    return stored == MH_OK ? id : std::string();
}

std::optional<Session> Sessions::read(std::string_view key, uint64_t now_ms,
                                      uint64_t& revision) const {
    std::array<char, kLongestSession> room;
    size_t n = 0;
    const std::string full = key_of(key);
    if (mh::use<mh_kv_store>().get(mh::the_host, mh::lend(full), room.data(), room.size(), &n,
                                   &revision) != MH_OK ||
        n > room.size())
        return {};
    std::optional<Session> s = Session::of({room.data(), n});
    if (s && s->left_ms(now_ms, limits_) == 0) s.reset();
    return s;
}

std::optional<Session> Sessions::look(std::string_view key, uint64_t now_ms) const {
    uint64_t revision = 0;
    return read(key, now_ms, revision);
}

std::optional<Session> Sessions::use(std::string_view key, uint64_t now_ms) const {
    uint64_t revision = 0;
    std::optional<Session> s = read(key, now_ms, revision);
    if (!s || !s->to_be_touched(now_ms, limits_)) return s;
    s->used_ms = now_ms;
    const std::string full = key_of(key), text = s->text();
    // Only what is still there: whoever logs out at this moment stays logged out.
    mh::use<mh_kv_store>().cas(mh::the_host, mh::lend(full), revision, mh::bytes(text),
                               s->left_ms(now_ms, limits_));
    return s;
}

void Sessions::close(std::string_view key) const {
    const std::string full = key_of(key);
    mh::use<mh_kv_store>().remove(mh::the_host, mh::lend(full));
}

std::string Sessions::process_secret() {
    const mh_kv_store& store = mh::use<mh_kv_store>();
    const std::string fresh = random_id();
    store.cas(mh::the_host, mh::lend(kSecretKey), 0, mh::bytes(fresh), 0);
    std::string out(fresh.size(), '\0');
    size_t n = 0;
    if (store.get(mh::the_host, mh::lend(kSecretKey), out.data(), out.size(), &n, nullptr) !=
            MH_OK ||
        n != out.size())
        throw mh::failure("the host's store (mh.kv) takes no secret of this module", {}, MH_E_IO);
    return out;
}

}  // namespace microhost::web
