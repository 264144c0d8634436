// SPDX-License-Identifier: Apache-2.0
#include "key_source.hpp"

#include <algorithm>
#include <charconv>

#include "../shared/text.hpp"

namespace microhost::auth_jwt {
namespace {

constexpr size_t kMostWaiters = 1000;
constexpr std::chrono::milliseconds kFirstRetry{1000}, kLastRetry{60'000};

int64_t steady_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

bool loopback(std::string_view host) {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

std::optional<std::chrono::seconds> max_age(std::string_view cache_control) {
    std::optional<std::chrono::seconds> out;
    shared::for_each_item(cache_control, ',', [&](std::string_view item) {
        const std::string_view name = shared::trim(item.substr(0, item.find('=')));
        if (shared::iequals(name, "no-store") || shared::iequals(name, "no-cache"))
            out = std::chrono::seconds(0);
        if (!shared::iequals(name, "max-age") || out || item.find('=') == item.npos) return;
        const std::string_view number = shared::trim(item.substr(item.find('=') + 1));
        uint32_t seconds = 0;
        const auto [end, ec] =
            std::from_chars(number.data(), number.data() + number.size(), seconds);
        if (ec == std::errc{} && end == number.data() + number.size())
            out = std::chrono::seconds(seconds);
    });
    return out;
}

KeySource::KeySource(const Settings& s) : settings_(s) {
    const int sources = !s.keys_file.empty() + !s.keys_url.empty() + !s.secret_file.empty();
    if (sources != 1) throw mh::failure("give one of keys_file, keys_url and secret_file");
    name_ = s.keys_file + s.keys_url + s.secret_file;
    check_ = "keys:" + name_;
    if (s.keys_url.empty()) return;
    const auto url = mh::url::parse(s.keys_url);
    if (!url)
        throw mh::failure("keys_url: \"" + s.keys_url + "\" is no https:// address", "/keys_url");
    url_ = *url;
    if (!url_.tls && !s.allow_http && !loopback(url_.host))
        throw mh::failure(
            "keys_url: whoever is on the way could change the keys of an http:// address; use "
            "https://, or say allow_http",
            "/keys_url");
}

KeySource::~KeySource() = default;

void KeySource::begin() {
    if (!settings_.keys_url.empty()) return fetch();
    watch_.emplace(settings_.keys_file + settings_.secret_file,
                   [this](mh_status s, std::string_view content) { on_file(s, content); });
}

void KeySource::on_file(mh_status s, std::string_view content) {
    if (s != MH_OK) return keep_last(mh::file_problem(s));
    try {
        take(content, Origin::file);
    } catch (const BadKey& bad) {
        keep_last(bad.what());
    }
}

void KeySource::take(std::string_view text, Origin origin) {
    const bool secret = !settings_.secret_file.empty();
    if (text != last_ || !keys.get()) {
        auto fresh = std::make_shared<const KeySet>(secret ? KeySet::of_secret(text)
                                                           : KeySet::read(text, origin));
        for (const std::string& s : fresh->skipped())
            mh::log::info(name_ + ", " + s + "; it is left out");
        keys.set(std::move(fresh));
        last_ = text;
    }
    const std::string said = std::to_string(keys.get()->size()) + " keys";
    mh::use<mh_health>().set(mh::the_host, check_.c_str(), MH_HEALTH_OK, mh::lend(said));
}

void KeySource::keep_last(std::string_view why) {
    const bool some = keys.get() != nullptr;
    const std::string text =
        name_ + ": " + std::string(why) +
        (some ? "; the keys read last still count" : "; there are no keys: nobody gets in");
    mh::log::warn(text);
    mh::use<mh_health>().set(mh::the_host, check_.c_str(),
                             some ? MH_HEALTH_DEGRADED : MH_HEALTH_FAILING, mh::lend(text));
}

// ---- from the network

void KeySource::fetch() {
    timer_.cancel();
    under_way_.store(true);
    const mh_kv accept{mh::lend("Accept"), mh::lend("application/json")};
    mh::to_fetch what{url_};
    what.headers = {&accept, 1};
    what.timeout = settings_.timeout;
    const mh_status s = fetching_.start(what, [this](const mh::fetched& got) { on_answer(got); });
    if (s == MH_OK) return;
    mh::fetched nothing;
    nothing.status = s;
    on_answer(nothing);
}

void KeySource::on_answer(const mh::fetched& got) {
    std::string why;
    if (got.status == MH_E_TIMEOUT)
        why = "it did not answer in time";
    else if (got.status == MH_E_LIMIT)
        why = "its answer is too long";
    else if (got.status != MH_OK)
        why = "it cannot be reached";
    else if (got.code != 200)
        why = "it answered " + std::to_string(got.code);
    try {
        if (why.empty()) take(got.body, Origin::network);
    } catch (const BadKey& bad) {
        why = bad.what();
    }
    answers_.fetch_add(1);
    under_way_.store(false);
    if (why.empty()) {
        failures_ = 0;
        const auto said = max_age(got.header("cache-control"));
        schedule(std::clamp<ms>(said ? ms(*said) : settings_.refresh, settings_.refresh_min,
                                std::max(settings_.refresh_min, settings_.refresh_max)));
    } else {
        const ms delay = std::min<ms>(kLastRetry, kFirstRetry * (1 << std::min(failures_++, 6u)));
        keep_last(why);
        schedule(delay);
    }
    wake();
}

// Up to a tenth earlier: many gateways do not ask in the same second.
void KeySource::schedule(ms delay) {
    std::uniform_int_distribution<int64_t> jitter(0, delay.count() / 10);
    timer_.start(delay - ms(jitter(random_)), [this] { fetch(); });
}

bool KeySource::wait_for_newer(mh::request& r, uint32_t seen, Again again) {
    if (settings_.keys_url.empty()) return false;
    // In this order: who sees the new time sees that somebody asks, or has the keys that came.
    const bool lately = steady_ms() < next_wanted_ms_.load();
    if (lately && !under_way_.load()) return false;
    {
        const std::scoped_lock lock(mutex_);
        if (waiters_.size() >= kMostWaiters) return false;
        mh::waiting w(r, settings_.timeout);
        if (!w) return false;
        waiters_.push_back({std::move(w), std::move(again)});
    }
    struct Wanted {
        std::weak_ptr<KeySource> source;
        uint32_t seen;
    };
    auto* wanted = new Wanted{weak_from_this(), seen};
    const auto drop = [](void* arg) { delete static_cast<Wanted*>(arg); };
    const auto run = [](void*, void* arg) {
        const std::unique_ptr<Wanted> kept(static_cast<Wanted*>(arg));
        mh::guarded("on_wanted", [&] {
            if (const auto source = kept->source.lock()) source->on_wanted(kept->seen);
            return MH_OK;
        });
    };
    if (mh::use<mh_loop>().post(mh::the_host, MH_LOOP_MAIN, run, wanted, drop) < 0) drop(wanted);
    return true;
}

// Of all that wait for the same unknown key the first one asks. The answer may have come before this as well.
void KeySource::on_wanted(uint32_t seen) {
    if (under_way_.load()) return;
    if (answers_.load() != seen || steady_ms() < next_wanted_ms_.load()) return wake();
    under_way_.store(true);
    next_wanted_ms_.store(steady_ms() + settings_.refresh_unknown.count());
    fetch();
}

void KeySource::wake() {
    std::vector<Waiter> now;
    {
        const std::scoped_lock lock(mutex_);
        now.swap(waiters_);
    }
    for (Waiter& w : now) w.request.decide(std::move(w.again));
}

}  // namespace microhost::auth_jwt
