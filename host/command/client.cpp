// SPDX-License-Identifier: Apache-2.0
#include "command/client.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "json/document.hpp"

namespace microhost::command {
namespace {

constexpr int kPatienceMs = 5000;
constexpr int kFarPatienceMs = 10'000;
constexpr int kSoonMs = 50;  // what comes within this is shown together
constexpr size_t kLongestHead = 16 * 1024;
constexpr size_t kLongestBody = 16 * 1024 * 1024;  // of what is not streamed

/// "HTTP/1.1 200 OK": 200, or 0.
unsigned status_of(std::string_view head) {
    unsigned status = 0;
    if (!head.starts_with("HTTP/1.") || head.size() < 12) return 0;
    std::from_chars(head.data() + 9, head.data() + 12, status);
    return status;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return out;
}

/// Of the field of that name (in lower case), without what follows ";".
std::string field(std::string_view head, std::string_view name) {
    size_t at = head.find("\r\n");
    while (at != head.npos) {
        const size_t end = std::min(head.find("\r\n", at + 2), head.size());
        std::string line = lower(head.substr(at + 2, end - at - 2));
        if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':') {
            line.erase(0, name.size() + 1);
            line.erase(std::min(line.find(';'), line.size()));
            const size_t first = line.find_first_not_of(" \t");
            if (first == line.npos) return {};
            return line.substr(first, line.find_last_not_of(" \t") - first + 1);
        }
        at = end < head.size() ? end : head.npos;
    }
    return {};
}

/// One question and its answer.
class Question {
  public:
    Question(const Target& target, Link& link, int64_t limit_ms)
        : target_(target), link_(link), end_ms_(until(limit_ms)) {}

    Result<Reply> ask(const std::string& request, const Receive& receive) {
        link_.send(request, patience());  // who does not take all of it may answer all the same
        if (auto head = read_head(); !head) return head.error();
        reply_.streamed =
            receive && reply_.status == 200 && reply_.content_type == "application/x-ndjson";
        return reply_.streamed ? stream(receive) : collect();
    }

  private:
    int patience() const { return target_.socket.empty() ? kFarPatienceMs : kPatienceMs; }
    Error silent() const {
        return error("{}: no answer within {} s; is the process stopped or overloaded?",
                     target_.shown, patience() / 1000);
    }
    Error no_http() const {
        if (target_.socket.empty() && !target_.tls)
            return error("{}: no HTTP answer; is that a proxy, or does it want https://?",
                         target_.shown);
        if (target_.socket.empty())
            return error("{}: no HTTP answer; is that a proxy?", target_.shown);
        return error("{}: no HTTP answer", target_.shown);
    }
    Error broke() const {
        const std::string& why = link_.problem();
        return error("{}: the connection broke{}", target_.shown,
                     why.empty() ? "" : fmt::format(" ({})", why));
    }

    Result<> read_head() {
        size_t end;
        while ((end = text_.find("\r\n\r\n")) == text_.npos) {
            const Link::Got got = link_.read(piece_, patience());
            if (got == Link::Got::nothing) return silent();
            if (got != Link::Got::bytes || text_.size() > kLongestHead)
                return text_.empty() && got == Link::Got::broken ? broke() : no_http();
            text_ += piece_;
        }
        reply_.status = status_of(text_);
        if (!reply_.status) return no_http();
        const std::string_view head = std::string_view(text_).substr(0, end);
        reply_.content_type = field(head, "content-type");
        const std::string length = field(head, "content-length");
        std::from_chars(length.data(), length.data() + length.size(), length_);
        // No answer of ours; that a web server has spoken is all that matters then.
        if (!field(head, "transfer-encoding").empty() || reply_.status == 204) length_ = 0;
        text_.erase(0, end + 4);
        return {};
    }

    Result<Reply> collect() {
        reply_.body = std::move(text_);
        while (reply_.body.size() < length_) {
            switch (link_.read(piece_, patience())) {
                case Link::Got::bytes: reply_.body += piece_; break;
                case Link::Got::end:
                    if (length_ != kUnknown) return broke();
                    return reply_;
                case Link::Got::nothing: return silent();
                case Link::Got::broken: return broke();
            }
            if (reply_.body.size() > kLongestBody)
                return error("{}: its answer never ends", target_.shown);
        }
        return reply_;
    }

    // Each piece is kept until it is known whether another one follows at once.
    Result<Reply> stream(const Receive& receive) {
        Link::Got got = Link::Got::bytes;
        while (got == Link::Got::bytes) {
            got = link_.read(piece_, kSoonMs);
            if (!text_.empty()) receive(text_, got != Link::Got::nothing);
            if (got == Link::Got::nothing) got = link_.read(piece_, left_ms(end_ms_));
            text_.swap(piece_);
        }
        if (got == Link::Got::broken) return broke();
        reply_.late = got == Link::Got::nothing;
        return reply_;
    }

    const Target& target_;
    Link& link_;
    const int64_t end_ms_;
    static constexpr size_t kUnknown = SIZE_MAX;
    size_t length_ = kUnknown;  // of the body
    Reply reply_;
    std::string text_, piece_;
};

/// RFC 6750 2.1; anything else could end the field.
bool is_token(std::string_view token) {
    return std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::vector<Instance> running_instances(const std::vector<std::string>& runtime_folders) {
    std::vector<Instance> out;
    for (const std::string& folder : runtime_folders) {
        std::error_code none;
        for (const auto& one : std::filesystem::directory_iterator(folder + "/instances", none)) {
            Instance i{one.path().filename(), one.path() / "control.sock"};
            if (Link::open(Target::unix_socket(i.socket))) out.push_back(std::move(i));
        }
    }
    std::sort(out.begin(), out.end(),
              [](const Instance& a, const Instance& b) { return a.name < b.name; });
    return out;
}

// HTTP/1.0: the body is what comes until the end, and a command's last line says that it is whole.
Result<Reply> ask(const Target& target, std::string_view method, std::string_view path,
                  std::string_view body, const Receive& receive, int64_t limit_ms) {
    if (!is_token(target.token)) return error("{}: the token is no token", target.shown);
    auto link = Link::open(target);
    if (!link) return link.error();
    std::string request = fmt::format("{} {} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n", method,
                                      path, target.authority());
    if (!target.token.empty()) request += fmt::format("Authorization: Bearer {}\r\n", target.token);
    if (!body.empty()) request += "Content-Type: application/json\r\n";
    request += fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
    return Question(target, **link, limit_ms).ask(request, receive);
}

Result<Reply> ask(const std::string& socket, std::string_view method, std::string_view path,
                  std::string_view body, const Receive& receive) {
    return ask(Target::unix_socket(socket), method, path, body, receive);
}

std::string detail_of(const Reply& reply) {
    if (auto d = json::Document::parse(reply.body))
        if (auto detail = d->root().find("detail").as_string()) return std::string(*detail);
    return fmt::format("it answered {}", reply.status);
}

}  // namespace microhost::command
