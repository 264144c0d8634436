// SPDX-License-Identifier: Apache-2.0
#include "console.hpp"

#include <microhost/config_reader.hpp>
#include <microhost/json.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <utility>

#include "../../../shared/json_writer.hpp"
#include "../../clock.hpp"

namespace microhost::bot {
namespace {

constexpr size_t kLongestLine = 80 * 1024;  // longer than what the bot reads: it says so
constexpr size_t kMostClients = 64, kMostWaiting = 256;
constexpr std::chrono::milliseconds kIdle{1000};
constexpr std::string_view kStdio = "stdio";

/// Nobody but us can reach what lies in that folder.
bool is_private(const std::string& path) {
    const size_t slash = path.rfind('/');
    const std::string folder =
        slash == path.npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
    struct stat s {};
    return ::stat(folder.c_str(), &s) == 0 && s.st_uid == ::geteuid() && (s.st_mode & 077) == 0;
}

}  // namespace

Console::Console(const mh_config* config, Ears& ears) : ears_(ears) {
    mh::config_reader(config).read("console_socket", socket_);
    if (socket_.starts_with("unix:")) socket_.erase(0, 5);
    // Who has this process's terminal could as well end it. A socket does not say who comes.
    if (socket_.empty() || is_private(socket_)) identity_ = "console:local";
}

Format Console::format() const {
    Format f;
    f.message_bytes = 32 * 1024;
    f.messages = 100;
    return f;
}

Status Console::status() const {
    Status s = status_;
    for (const auto& [id, c] : clients_) s.queued += c->waiting.size();
    return s;
}

void Console::changed(Link link, std::string detail) {
    if (link != status_.link) status_.since_ms = wall_ms();
    status_.link = link;
    status_.detail = std::move(detail);
    ears_.on_status(*this);
}

// ---- life

void Console::start() {
    stopped_ = false;
    if (socket_.empty())
        open_stdio();
    else
        listen();
}

bool Console::listen() {
    mh::connection::options o;
    o.address = "unix:" + socket_;
    const mh_status s = acceptor_.listen(o, [this](mh::connection c) -> mh::connection::handler {
        if (clients_.size() >= kMostClients) {
            if (!std::exchange(full_, true))
                mh::log::warn("the console has no room for another client",
                              {{"most", std::to_string(kMostClients)}});
            return {};
        }
        full_ = false;
        Client& client = add(std::to_string(++last_));
        client.connection = std::move(c);
        return handler_of(client);
    });
    if (s != MH_OK) {
        changed(Link::refused, socket_ + ": it cannot be listened on; the log says why");
        return false;
    }
    if (identity_.empty())
        mh::log::warn(
            "whoever comes by the console's socket is a stranger: its folder is not ours alone",
            {{"socket", socket_}, {"fix", "put it into a folder of ours with mode 0700"}});
    changed(Link::online, "listens at " + socket_);
    return true;
}

void Console::open_stdio() {
    mh::connection::options o;
    o.address = "stdio:";
    Client& c = add(std::string(kStdio));
    const mh_status s = c.connection.open(o, handler_of(c));
    if (s == MH_OK) return changed(Link::online, "standard input and output");
    clients_.clear();
    changed(Link::refused, "standard input cannot be read; the log says why");
}

void Console::stop() {
    acceptor_.close();
    idle_.cancel();
    // What waits is still sent: they go when they are closed, or with us.
    for (auto& [id, c] : clients_) c->connection.close();
    stopped_ = true;
    status_.link = Link::off;
}

Console::Client& Console::add(std::string id) {
    auto c = std::make_unique<Client>();
    c->id = id;
    return *(clients_[std::move(id)] = std::move(c));
}

mh::connection::handler Console::handler_of(Client& c) {
    mh::connection::handler h;
    h.on_bytes = [this, &c](std::string_view bytes) { return take(c, bytes); };
    h.on_finish = [this, &c] { ended(c); };
    h.on_writable = [this, &c] { flush(c); };
    h.on_close = [this, id = c.id](mh_status, std::string_view why) { gone(id, why); };
    return h;
}

void Console::gone(const std::string& id, std::string_view why) {
    clients_.erase(id);
    if (id == kStdio && !stopped_)
        changed(Link::off, "standard input is closed: " + std::string(why));
}

// Who has said all may still wait for answers: `echo ping | nc -U socket`.
void Console::ended(Client& c) {
    c.ended = true;
    if (c.id == kStdio) return changed(Link::off, "standard input has ended");
    idle_.start(kIdle, [this] { close_idle(); });
}

void Console::close_idle() {
    bool more = false;
    for (auto at = clients_.begin(); at != clients_.end();) {
        Client& c = *(at++)->second;
        if (!c.ended || c.id == kStdio) continue;
        const bool busy = c.working != 0 || !c.waiting.empty() || std::exchange(c.said, false);
        if (busy)
            more = true;
        else
            c.connection.close();  // on_close takes it away
    }
    if (more) idle_.start(kIdle, [this] { close_idle(); });
}

// ---- in

size_t Console::take(Client& c, std::string_view bytes) {
    size_t used = 0;
    const std::string id = c.id;
    while (true) {
        const std::string_view rest = bytes.substr(used);
        const size_t end = rest.find('\n');
        if (end == rest.npos) {
            if (rest.size() <= kLongestLine) return c.skips ? bytes.size() : used;
            // The bot says that it is too long; what is still to come of it is nothing.
            if (!std::exchange(c.skips, true)) hear(c, rest);
            return bytes.size();
        }
        used += end + 1;
        const std::string_view line = rest.substr(0, end);
        if (!std::exchange(c.skips, false)) hear(c, line);
        if (!clients_.contains(id)) return bytes.size();  // what it said has ended it
    }
}

void Console::hear(Client& c, std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return;
    ++status_.received;
    Message m;
    m.from = {"local", identity_, false};
    m.place.peer = c.id;
    m.text = line;
    ears_.on_message(*this, std::move(m));
}

// ---- out

bool Console::send(const Place& to, std::string_view text) {
    const auto at = clients_.find(to.peer);
    if (at != clients_.end() && put(*at->second, std::string(text) + "\n")) {
        ++status_.sent;
        return true;
    }
    ++status_.dropped;
    return false;
}

bool Console::put(Client& c, std::string text) {
    c.said = true;
    if (c.waiting.size() >= kMostWaiting) return false;
    c.waiting.push_back(std::move(text));
    flush(c);
    return true;
}

void Console::flush(Client& c) {
    while (!c.waiting.empty()) {
        const mh_status s = c.connection.write(c.waiting.front());
        if (s == MH_E_BUSY) return;
        c.waiting.pop_front();
    }
}

void Console::working(const Place& place, bool begins) {
    const auto at = clients_.find(place.peer);
    if (at == clients_.end()) return;
    Client& c = *at->second;
    c.working = begins ? c.working + 1 : c.working - (c.working ? 1 : 0);
}

// ---- over a reload

std::string Console::hand_over() {
    std::string out;
    shared::JsonWriter w(out);
    w.begin_object().key("last").integer(static_cast<int64_t>(last_)).key("clients").begin_array();
    for (auto& [id, c] : clients_) {
        const auto key = c->connection.park();
        if (!key) continue;
        w.begin_object().key("id").string(id).key("key").string(std::to_string(*key));
        w.key("ended").boolean(c->ended).key("skips").boolean(c->skips);
        w.key("waiting").begin_array();
        for (const std::string& line : c->waiting) w.string(line);
        w.end_array().end_object();
    }
    w.end_array().end_object();
    clients_.clear();
    idle_.cancel();
    // The socket stays: the next generation adopts it by its address.
    return out;
}

bool Console::take_over(std::string_view state) {
    const mh::json_document document(state);
    const mh::json_value list = document.root()["clients"];
    last_ = static_cast<uint64_t>(document.root()["last"].integer().value_or(0));
    bool has_stdio = false, has_ended = false;
    for (uint32_t i = 0; i < list.count(); ++i) {
        const mh::json_value one = list.at(i);
        const std::string id(one["id"].string().value_or(""));
        if ((id == kStdio) != socket_.empty()) continue;  // the config has changed
        const std::string_view digits = one["key"].string().value_or("");
        uint64_t key = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), key);
        Client& c = add(id);
        c.skips = one["skips"].boolean().value_or(false);
        c.ended = one["ended"].boolean().value_or(false);
        for (uint32_t k = 0; k < one["waiting"].count(); ++k)
            c.waiting.emplace_back(one["waiting"].at(k).string().value_or(""));
        if (c.connection.adopt(key, handler_of(c)) != MH_OK) {
            clients_.erase(id);
            continue;
        }
        has_stdio = has_stdio || id == kStdio;
        has_ended = has_ended || c.ended;
        flush(c);
    }
    if (has_ended && !socket_.empty()) idle_.start(kIdle, [this] { close_idle(); });
    if (!socket_.empty()) return listen(), true;
    if (!has_stdio) return false;
    changed(Link::online, "standard input and output");
    return true;
}

}  // namespace microhost::bot
