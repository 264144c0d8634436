// SPDX-License-Identifier: Apache-2.0
#include "api.hpp"

#include <algorithm>
#include <ctime>

namespace microhost::bot::telegram {
namespace {

constexpr int64_t kLongestRetry_s = 3600;
constexpr uint64_t kLongestAnswer = 4u << 20;

/// "Sun, 29 Nov 2026 10:00:00 GMT"
int64_t seconds_of(std::string_view date) {
    std::tm t{};
    const std::string text(date.substr(0, 40));
    return strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &t)
               ? static_cast<int64_t>(timegm(&t))
               : 0;
}

std::string trouble(mh_status s) {
    switch (s) {
        case MH_E_TIMEOUT: return "it does not answer";
        case MH_E_NOT_FOUND: return "there is no such host";
        case MH_E_DENIED: return "its certificate is not trusted: check telegram_ca_file";
        case MH_E_LIMIT: return "its answer is too long";
        case MH_E_UNAVAILABLE: return "it cannot be reached";
        default: return "the connection broke";
    }
}

}  // namespace

std::chrono::milliseconds Answer::retry_after() const {
    const auto s = json.root()["parameters"]["retry_after"].integer().value_or(0);
    return std::chrono::seconds(std::clamp<int64_t>(s, 0, kLongestRetry_s));
}

std::string Answer::why() const {
    if (status != MH_OK) return trouble(status);
    std::string said(json.root()["description"].string().value_or("").substr(0, 200));
    for (char& c : said)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
    return "it answers " + std::to_string(code) + (said.empty() ? "" : " \"" + said + '"');
}

bool Api::call(std::string_view method, const std::string& json, std::chrono::milliseconds timeout,
               Done done) {
    const mh_kv headers[] = {{mh::lend("Content-Type"), mh::lend("application/json")}};
    mh::to_fetch f;
    f.where = settings_.where;
    f.where.target += "/bot" + settings_.token + "/" + std::string(method);
    f.method = "POST";
    f.body = json;
    f.headers = headers;
    f.timeout = timeout;
    f.max_response = kLongestAnswer;
    if (settings_.where.tls) f.tls_ca_file = settings_.ca_file;
    return fetching_.start(f, [done = std::move(done)](const mh::fetched& got) {
        Answer a;
        a.status = got.status, a.code = got.code;
        a.json = mh::json_document(got.body);
        a.date_s = seconds_of(got.header("date"));
        done(a);
    }) == MH_OK;
}

}  // namespace microhost::bot::telegram
