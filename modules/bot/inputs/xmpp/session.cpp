// SPDX-License-Identifier: Apache-2.0
// A stream that stands: stanzas, acknowledgements, pings, its end. How it comes to stand is in session_login.cpp.
#include "session.hpp"

#include <algorithm>

#include "../../../shared/base64.hpp"
#include "namespaces.hpp"

namespace microhost::bot::xmpp {
namespace {

constexpr uint64_t kLogin = 30'000;   // from the connection to the first presence
constexpr uint64_t kQuiet = 60'000;   // so long nothing came: is anybody there?
constexpr uint64_t kAnswer = 30'000;  // nothing came since we asked: nobody is
constexpr uint64_t kBlank = 60'000;
constexpr size_t kLongestText = 200;  // of a server's own words

/// What a server says about an error, in one line that is safe to show.
std::string words(std::string_view text) {
    std::string out(text.substr(0, kLongestText));
    while (!out.empty() && text.size() > kLongestText && (out.back() & 0xC0) == 0x80)
        out.pop_back();
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return out;
}

}  // namespace

// ---- the connection

void Session::receive(std::string_view bytes) {
    if (step_ == Step::off || !parser_) return;
    heard_ms_ = owner_.now_ms();
    asked_ms_ = 0;
    if (!parser_->feed(bytes)) {
        if (step_ != Step::off) {
            owner_.write("</stream:stream>");
            fail(End::How::lost, "the server's stream is broken: " + parser_->why());
        }
        return;
    }
    // Not from within the parser: what came behind <proceed/> had to be seen, and refused, first.
    if (std::exchange(wants_tls_, false) && step_ == Step::handshake) owner_.start_tls();
}

void Session::lost() {
    step_ = Step::off;
    secure_ = authenticated_ = wants_tls_ = false;
    asked_ms_ = 0;
    scram_.reset();
    if (resume_id_.empty()) managed_ = Managed::no;
}

void Session::close() {
    if (step_ == Step::online) owner_.write("<presence type=\"unavailable\"/>");
    if (step_ != Step::off && step_ != Step::handshake) owner_.write("</stream:stream>");
    if (parser_) parser_->stop();
    forget_resume();
    lost();
}

void Session::fail(End::How how, std::string text, std::string host) {
    if (step_ == Step::off) return;
    if (parser_) parser_->stop();
    lost();
    owner_.on_over({how, std::move(text), std::move(host)});
}

void Session::tick() {
    const uint64_t now = owner_.now_ms();
    if (step_ == Step::off) return;
    if (step_ != Step::online) {
        if (now - opened_ms_ >= kLogin)
            fail(End::How::lost, "the server did not let us in within 30 s");
        return;
    }
    if (asked_ms_ && now - asked_ms_ >= kAnswer)
        return fail(End::How::lost,
                    "the server did not answer within 30 s; the connection is taken for dead");
    if (!asked_ms_ && now - heard_ms_ >= kQuiet) ask();
    if (account_.keep_alive && now - blank_ms_ >= kBlank) {
        blank_ms_ = now;
        owner_.write(" ");
    }
}

/// Whatever comes next is an answer.
void Session::ask() {
    asked_ms_ = std::max<uint64_t>(owner_.now_ms(), 1);
    if (managed_ == Managed::yes) return write(Element("r", ns::kManagement));
    Element iq("iq");
    iq.with("type", "get")
        .with("id", "ping")
        .with("to", account_.jid.domain)
        .with(Element("ping", ns::kPing));
    send(iq);
}

// ---- stanzas

bool Session::send(const Element& stanza) {
    if (step_ != Step::online) return false;
    std::string xml = stanza.xml();
    if (managed_ == Managed::no) {
        owner_.write(xml);
        return true;
    }
    if (!acknowledged_.room()) return false;
    owner_.write(xml);
    acknowledged_.sent(std::move(xml));
    if (managed_ == Managed::yes && !asked_ms_) ask();
    return true;
}

void Session::write(const Element& e) { owner_.write(e.xml()); }

void Session::on_stanza(Element e) {
    if (e.is("error", ns::kStreams)) return on_stream_error(e);
    if (e.is("features", ns::kStreams)) return on_features(e);
    if (e.ns == ns::kTls || e.ns == ns::kSasl) return on_sasl(e);
    if (e.ns == ns::kManagement) return on_management(e);
    if (e.ns != ns::kClient || (e.name != "message" && e.name != "presence" && e.name != "iq"))
        return;
    if (step_ == Step::bind || step_ == Step::session) return on_bound(e);
    if (step_ != Step::online) return;
    if (managed_ == Managed::yes) acknowledged_.received();
    owner_.on_stanza(e);
}

void Session::on_end() { fail(End::How::lost, "the server closed the stream"); }

void Session::on_stream_error(const Element& e) {
    std::string condition = "undefined-condition", host;
    for (const Element& c : e.children) {
        if (c.ns != ns::kStreamErrors || c.name == "text") continue;
        condition = words(c.name);
        if (condition == "see-other-host") host = words(c.text);
    }
    const std::string text = words(e.child_text("text", ns::kStreamErrors));
    owner_.write("</stream:stream>");
    if (!host.empty()) return fail(End::How::elsewhere, "the server sends us to " + host, host);
    std::string line =
        "the server ended the stream: " + condition + (text.empty() ? "" : " (" + text + ")");
    if (condition == "conflict") line += "; somebody else logged in as " + self_.full();
    if (condition == "host-unknown") line += "; it does not know the domain " + account_.jid.domain;
    // Never to be resumed: the server has just thrown this session away, or gave it to another.
    if (condition == "conflict") forget_resume();
    fail(End::How::lost, std::move(line));
}

// ---- XEP-0198

void Session::on_management(const Element& e) {
    if (e.name == "r" && managed_ == Managed::yes) {
        write(Element("a", ns::kManagement).with("h", std::to_string(acknowledged_.handled())));
    } else if (e.name == "a" && managed_ == Managed::yes) {
        const auto h = Acknowledged::number(e.attribute("h"));
        if (h && acknowledged_.acknowledge(*h)) return;
        forget_resume();
        fail(End::How::lost, "the server acknowledges stanzas that were never sent");
    } else if (e.name == "enabled" && managed_ == Managed::asked) {
        managed_ = Managed::yes;
        const std::string_view resume = e.attribute("resume");
        if ((resume == "true" || resume == "1") && e.attribute("id").size() <= 1024)
            resume_id_ = e.attribute("id");
        location_ = words(e.attribute("location"));
    } else if (e.name == "resumed" && step_ == Step::resume) {
        on_resumed(e);
    } else if (e.name == "failed") {
        if (step_ == Step::resume) return on_not_resumed(e);
        managed_ = Managed::no;
        acknowledged_.start();
    }
}

void Session::on_resumed(const Element& e) {
    const auto h = Acknowledged::number(e.attribute("h"));
    if (!h || e.attribute("previd") != resume_id_ || !acknowledged_.acknowledge(*h)) {
        forget_resume();
        return fail(End::How::lost, "the server resumed a session that is not ours");
    }
    managed_ = Managed::yes;
    step_ = Step::online;
    for (const std::string& stanza : acknowledged_.waiting()) owner_.write(stanza);
    ask();
    owner_.on_online(true);
}

/// Only when the server says what it had it is known what it had not: nothing is said twice.
void Session::on_not_resumed(const Element& e) {
    const auto h = Acknowledged::number(e.attribute("h"));
    if (h && acknowledged_.acknowledge(*h)) {
        for (const std::string& stanza : acknowledged_.waiting()) {
            if (stanza.starts_with("<message ")) undelivered_.push_back(stanza);
        }
    }
    forget_resume();
    bind();
}

void Session::forget_resume() {
    resume_id_.clear();
    location_.clear();
    managed_ = Managed::no;
    acknowledged_.start();
}

// ---- another generation

Element Session::state(bool with_connection) const {
    Element out("session");
    out.with("account", account_.jid.bare()).with("user", account_.user).with("self", self_.full());
    out.with("mechanism", mechanism_).with("best", best_mechanism_).with("location", location_);
    out.with("rooms", host_of_rooms_);
    if (managed_ == Managed::yes) {
        out.with("id", resume_id_).with("managed", "yes");
        out.with("received", std::to_string(acknowledged_.handled()));
        out.with("acknowledged", std::to_string(acknowledged_.acknowledged()));
        for (const std::string& s : acknowledged_.waiting()) out.with(Element("sent").saying(s));
    }
    if (with_connection && parser_)
        out.with(Element("read").saying(shared::base64_encode(parser_->bytes())));
    return out;
}

bool Session::restore(const Element& state, bool with_connection) {
    if (state.attribute("account") != account_.jid.bare() ||
        state.attribute("user") != account_.user)
        return false;
    const auto received = Acknowledged::number(state.attribute("received"));
    const auto acknowledged = Acknowledged::number(state.attribute("acknowledged"));
    self_ = Jid::of(state.attribute("self"));
    mechanism_ = state.attribute("mechanism"), best_mechanism_ = state.attribute("best");
    location_ = state.attribute("location"), host_of_rooms_ = state.attribute("rooms");
    if (received && acknowledged) {
        managed_ = Managed::yes;
        resume_id_ = state.attribute("id");
        acknowledged_.restore(*received, *acknowledged);
        for (const Element& c : state.children)
            if (c.name == "sent") acknowledged_.sent(c.text);
    }
    if (!with_connection) return true;
    parser_ = std::unique_ptr<Parser>(
        new Parser(*this));  // its header is told while we are off, and so to nobody
    std::string read;
    if (!shared::base64_decode(state.child_text("read", state.ns), read) || !parser_->feed(read))
        return false;
    secure_ = authenticated_ = true;
    step_ = Step::online;
    heard_ms_ = blank_ms_ = owner_.now_ms();
    return true;
}

}  // namespace microhost::bot::xmpp
