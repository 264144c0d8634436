// SPDX-License-Identifier: Apache-2.0
// From a connection to a stream that stands: TLS, then the password, then a name for us.
#include <algorithm>
#include <iterator>

#include "../../../shared/base64.hpp"
#include "../../../shared/secret.hpp"
#include "namespaces.hpp"
#include "session.hpp"

namespace microhost::bot::xmpp {
namespace {

struct Mechanism {
    const char* name;
    int strength;
};
constexpr Mechanism kMechanisms[] = {{"SCRAM-SHA-256", 3}, {"SCRAM-SHA-1", 2}, {"PLAIN", 1}};

int strength(std::string_view name) {
    for (const Mechanism& m : kMechanisms)
        if (name == m.name) return m.strength;
    return 0;
}

std::string best_offered(const Element& mechanisms, std::string& offered) {
    std::string best;
    for (const Element& m : mechanisms.children) {
        if (m.name != "mechanism") continue;
        if (offered.size() < 200) offered += (offered.empty() ? "" : ", ") + m.text.substr(0, 40);
        if (strength(m.text) > strength(best)) best = m.text;
    }
    return best;
}

/// A wrong password stays one, whoever asks how often.
constexpr std::string_view kForGood[] = {
    "not-authorized",    "account-disabled",   "credentials-expired", "invalid-authzid",
    "invalid-mechanism", "mechanism-too-weak", "malformed-request",   "bad-auth"};

}  // namespace

void Session::open(bool secure) {
    secure_ = secure;
    authenticated_ = wants_tls_ = false;
    opened_ms_ = heard_ms_ = blank_ms_ = owner_.now_ms();
    asked_ms_ = 0;
    parser_ = std::unique_ptr<Parser>(new Parser(*this));
    greet();
}

void Session::secured() {
    if (step_ != Step::handshake) return;
    secure_ = true;
    greet();
}

void Session::greet() {
    step_ = Step::header;
    std::string header =
        "<?xml version=\"1.0\"?><stream:stream to=\"" + escaped(account_.jid.domain) + '"';
    // Who we are is said to nobody before the server has shown its certificate.
    if (secure_ && !account_.jid.local.empty())
        header += " from=\"" + escaped(account_.jid.bare()) + '"';
    owner_.write(header + " version=\"1.0\" xml:lang=\"en\" xmlns=\"" + ns::kClient +
                 "\" xmlns:stream=\"" + ns::kStreams + "\">");
}

void Session::on_header(const Element& stream) {
    if (step_ == Step::off) return;
    if (!stream.is("stream", ns::kStreams))
        return fail(End::How::lost, "what answers is no XMPP server");
    if (!stream.attribute("version").starts_with("1."))
        return fail(End::How::lost,
                    "the server speaks no XMPP 1.0; nothing is said without encryption");
}

void Session::on_features(const Element& features) {
    if (step_ != Step::header) return;
    if (!secure_) {
        if (!features.child("starttls", ns::kTls))
            return fail(End::How::lost,
                        "the server offers no STARTTLS, and nothing is said without encryption; "
                        "xmpp_tls=direct is for a "
                        "port that begins with TLS");
        step_ = Step::tls;
        return write(Element("starttls", ns::kTls));
    }
    can_manage_ = features.child("sm", ns::kManagement) != nullptr;
    const Element* session = features.child("session", ns::kSession);
    wants_session_ = session && !session->child("optional", ns::kSession);
    if (!authenticated_) return log_in(features);
    if (!features.child("bind", ns::kBind))
        return fail(End::How::lost, "the server gives us no address (no <bind/>)");
    resume_or_bind();
}

void Session::log_in(const Element& features) {
    step_ = Step::sasl;
    proved_ = false;
    if (account_.hipchat && features.child("auth", ns::kHipchat)) {
        mechanism_ = "HipChat";
        std::string secret =
            '\0' + account_.user + '\0' + account_.password + '\0' + account_.resource;
        write(Element("auth", ns::kHipchat).saying(shared::base64_encode(secret)));
        return shared::wipe(secret);
    }
    const Element* mechanisms = features.child("mechanisms", ns::kSasl);
    std::string offered;
    mechanism_ = mechanisms ? best_offered(*mechanisms, offered) : std::string();
    if (mechanism_.empty())
        return fail(
            End::How::refused,
            "the server offers none of SCRAM-SHA-256, SCRAM-SHA-1 and PLAIN to log in with, but " +
                (offered.empty() ? "nothing" : offered));
    weaker_ = strength(mechanism_) < strength(best_mechanism_);
    if (!weaker_) best_mechanism_ = mechanism_;
    std::string first;
    if (mechanism_ == "PLAIN") {
        first = '\0' + account_.user + '\0' + account_.password;
    } else {
        const auto hash = mechanism_ == "SCRAM-SHA-256" ? Scram::Hash::sha256 : Scram::Hash::sha1;
        scram_ = std::make_unique<Scram>(hash, account_.user, account_.password);
        first = scram_->first();
    }
    write(Element("auth", ns::kSasl)
              .with("mechanism", mechanism_)
              .saying(shared::base64_encode(first)));
    shared::wipe(first);
}

/// TLS and the password.
void Session::on_sasl(const Element& e) {
    if (step_ == Step::tls && e.ns == ns::kTls) {
        if (e.name != "proceed") return fail(End::How::lost, "the server refuses to begin TLS");
        step_ = Step::handshake;
        wants_tls_ = true;
        return parser_->restart();
    }
    if (step_ != Step::sasl || e.ns != ns::kSasl) return;
    if (e.name == "challenge") return on_challenge(e);
    if (e.name == "success") return on_success(e);
    if (e.name != "failure") return;
    std::string condition = "no reason";
    for (const Element& c : e.children)
        if (c.name != "text") condition = c.name.substr(0, 60);
    const bool for_good =
        std::find(std::begin(kForGood), std::end(kForGood), condition) != std::end(kForGood);
    owner_.write("</stream:stream>");
    fail(for_good ? End::How::refused : End::How::lost,
         "the server does not let " + account_.user + " in: " + condition +
             (condition == "not-authorized" ? " (a wrong name or password)" : ""));
}

void Session::on_challenge(const Element& e) {
    std::string said, answer;
    if (!scram_ || !shared::base64_decode(e.text, said))
        return fail(End::How::lost, "the server's challenge makes no sense");
    if (said.starts_with("v=") ||
        said.starts_with("e=")) {  // its last word may come here, or with <success/>
        if (!scram_->verify(said)) return fail(End::How::lost, scram_->why());
        proved_ = true;
    } else if (proved_ || (answer = scram_->answer(said)).empty()) {
        return fail(End::How::lost,
                    proved_ ? "the server's challenge makes no sense" : scram_->why());
    }
    write(Element("response", ns::kSasl).saying(shared::base64_encode(answer)));
}

void Session::on_success(const Element& e) {
    authenticated_ = true;
    if (mechanism_ == "HipChat") {  // no new stream, and the address comes at once
        self_ = Jid::of(e.attribute("jid"));
        host_of_rooms_ = e.attribute("muc_host").substr(0, 255);
        if (self_.empty()) return fail(End::How::lost, "the server does not say who we are");
        can_manage_ = false;
        return go_online();
    }
    std::string said;
    if (scram_ && !proved_ && !(shared::base64_decode(e.text, said) && scram_->verify(said)))
        return fail(
            End::How::lost,
            "the server did not prove that it knows the password; somebody may sit between");
    scram_.reset();
    parser_->restart(true);
    greet();
}

void Session::resume_or_bind() {
    if (resume_id_.empty() || !can_manage_) {
        forget_resume();
        return bind();
    }
    step_ = Step::resume;
    write(Element("resume", ns::kManagement)
              .with("h", std::to_string(acknowledged_.handled()))
              .with("previd", resume_id_));
}

void Session::bind() {
    step_ = Step::bind;
    Element wish("bind", ns::kBind);
    if (!account_.resource.empty()) wish.with(Element("resource").saying(account_.resource));
    write(Element("iq").with("type", "set").with("id", "bind").with(std::move(wish)));
}

void Session::on_bound(const Element& iq) {
    if (iq.name != "iq" || iq.attribute("id") != (step_ == Step::bind ? "bind" : "session")) return;
    if (iq.attribute("type") != "result") {
        const Element* error = iq.child("error", ns::kClient);
        const std::string why =
            error && !error->children.empty() ? error->children[0].name.substr(0, 60) : "no reason";
        return fail(End::How::lost, "the server gives us no address: " + why);
    }
    if (step_ == Step::bind) {
        const Element* b = iq.child("bind", ns::kBind);
        self_ = Jid::of(b ? b->child_text("jid", ns::kBind) : std::string_view{});
        if (self_.empty() || self_.resource.empty())
            return fail(End::How::lost, "the server does not say who we are");
        if (wants_session_) {
            step_ = Step::session;
            return write(Element("iq")
                             .with("type", "set")
                             .with("id", "session")
                             .with(Element("session", ns::kSession)));
        }
    }
    go_online();
}

void Session::go_online() {
    step_ = Step::online;
    if (can_manage_) {
        write(Element("enable", ns::kManagement).with("resume", "true"));
        acknowledged_.start();
        managed_ = Managed::asked;
    }
    owner_.on_online(false);
}

}  // namespace microhost::bot::xmpp
