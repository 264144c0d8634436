// SPDX-License-Identifier: Apache-2.0
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

#include "loop/scratch.hpp"
#include "net/tls_openssl.hpp"

namespace microhost::net::tls {
namespace {

constexpr size_t kRecord = 16 * 1024;  // RFC 8446 5.1: the longest plaintext of one record

// What OpenSSL reads from and writes to. Its own socket BIO would raise SIGPIPE.
struct Wire {
    int fd = -1;
    int failed = 0;  // errno of the last operation that cannot be repeated
    bool ended = false;
};

bool again(int e) {
    return e == EAGAIN || e == EWOULDBLOCK || e == EINTR || e == ENOTCONN || e == EINPROGRESS;
}

int wire_write(BIO* b, const char* p, size_t n, size_t* sent) {
    auto* wire = static_cast<Wire*>(BIO_get_data(b));
    BIO_clear_retry_flags(b);
    ssize_t got = ::send(wire->fd, p, n, MSG_NOSIGNAL);
    if (got >= 0) {
        *sent = static_cast<size_t>(got);
        return 1;
    }
    if (again(errno))
        BIO_set_retry_write(b);
    else
        wire->failed = errno;
    return 0;
}

int wire_read(BIO* b, char* p, size_t n, size_t* read) {
    auto* wire = static_cast<Wire*>(BIO_get_data(b));
    BIO_clear_retry_flags(b);
    ssize_t got = ::recv(wire->fd, p, n, 0);
    if (got > 0) {
        *read = static_cast<size_t>(got);
        return 1;
    }
    if (got == 0)
        wire->ended = true;
    else if (again(errno))
        BIO_set_retry_read(b);
    else
        wire->failed = errno;
    return 0;
}

long wire_control(BIO* b, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return static_cast<Wire*>(BIO_get_data(b))->ended;
    return 0;
}

BIO_METHOD* wire_method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
        BIO_meth_set_write_ex(m, wire_write);
        BIO_meth_set_read_ex(m, wire_read);
        BIO_meth_set_ctrl(m, wire_control);
        return m;
    }();
    return method;
}

std::string subject_of(SSL* ssl) {
    Certificate c(SSL_get1_peer_certificate(ssl));
    if (!c || SSL_get_verify_result(ssl) != X509_V_OK) return {};
    Bio out(BIO_new(BIO_s_mem()));
    char* text = nullptr;
    // RFC 2253 escapes every byte that could end the line or the name.
    X509_NAME_print_ex(out.get(), X509_get_subject_name(c.get()), 0, XN_FLAG_RFC2253);
    long n = BIO_get_mem_data(out.get(), &text);
    return n > 0 ? std::string(text, static_cast<size_t>(n)) : std::string();
}

// A position in the caller's pieces.
class Pieces {
  public:
    Pieces(const iovec* v, int n) : v_(v), end_(v + n) { skip_empty(); }

    bool done() const { return v_ == end_; }
    size_t left() const {
        size_t n = 0;
        for (const iovec* v = v_; v != end_; v++) n += v->iov_len;
        return n - at_;
    }
    /// At most one record, in one piece: the caller's memory when that is long enough.
    std::string_view peek() const {
        std::string_view first(static_cast<const char*>(v_->iov_base) + at_, v_->iov_len - at_);
        if (first.size() >= kRecord || v_ + 1 == end_) return first.substr(0, kRecord);
        char* const gathered = scratch<Pieces, kRecord>();  // nothing stays in it between two calls
        size_t n = first.copy(gathered, kRecord);
        for (const iovec* v = v_ + 1; v != end_ && n < kRecord; v++) {
            size_t take = std::min(v->iov_len, kRecord - n);
            if (take) std::memcpy(gathered + n, v->iov_base, take);
            n += take;
        }
        return {gathered, n};
    }
    void advance(size_t n) {
        while (n) {
            size_t take = std::min(n, v_->iov_len - at_);
            at_ += take;
            n -= take;
            skip_empty();
        }
    }

  private:
    void skip_empty() {
        while (v_ != end_ && at_ == v_->iov_len) {
            v_++;
            at_ = 0;
        }
    }
    const iovec* v_;
    const iovec* end_;
    size_t at_ = 0;
};

// For the one who has to mend it.
std::string distrust_of(X509* c, int why) {
    switch (why) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "has expired" + (c ? " on " + day(X509_get0_notAfter(c)) : std::string());
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "is not valid yet; is the clock of this machine right?";
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH: {
            std::string names;
            if (c)
                for (const std::string& n : names_of(c)) names += (names.empty() ? "" : ", ") + n;
            return "is for another name" + (names.empty() ? names : ": " + names);
        }
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return fmt::format("is from an authority that is not known here ({})",
                               X509_verify_cert_error_string(why));
        default: return fmt::format("is refused: {}", X509_verify_cert_error_string(why));
    }
}

class Session final : public TlsSession {
  public:
    Session(Ssl ssl, int fd, bool server, std::shared_ptr<const void> keep)
        : keep_(std::move(keep)), ssl_(std::move(ssl)), server_(server) {
        wire_.fd = fd;
        BIO* b = ssl_ ? BIO_new(wire_method()) : nullptr;
        if (!b) {
            ssl_.reset();
            broken_ = -ENOMEM;
            failure_ = "out of memory";
            ERR_clear_error();
            return;
        }
        BIO_set_data(b, &wire_);
        BIO_set_init(b, 1);
        SSL_set_bio(ssl_.get(), b, b);
        SSL_set_app_data(ssl_.get(), &distrust_);
        if (server_)
            SSL_set_accept_state(ssl_.get());
        else
            SSL_set_connect_state(ssl_.get());
    }

    ssize_t read(void* p, size_t n) override;
    ssize_t write(const iovec* v, int n) override;
    void shutdown() override;
    const TlsPeer* peer() const override { return ready_ ? &peer_ : nullptr; }
    std::string_view failure() const override { return failure_; }
    std::string_view distrust() const override { return distrust_; }

  private:
    ssize_t shake_hands();
    ssize_t send_blocked();
    ssize_t outcome();
    ssize_t broke(int e, std::string why) {
        failure_ = std::move(why);
        return broken_ = -e;
    }

    std::shared_ptr<const void> keep_;
    Wire wire_;
    Ssl ssl_;
    bool server_;
    bool ready_ = false;
    bool told_end_ = false;  // we sent close_notify
    ssize_t broken_ = 0;
    TlsPeer peer_;
    std::string failure_, distrust_;
    // OpenSSL wants a record that did not fit offered again as it was. The caller may cut its pieces differently the
    // next time, so what was refused is kept here, and what of it has gone is taken off the caller's next bytes.
    std::string blocked_;
    size_t ahead_ = 0;
};

// After an operation that did not succeed. SSL_get_error needs the queue as the operation left it.
ssize_t Session::outcome() {
    int kind = SSL_get_error(ssl_.get(), 0);
    unsigned long code = ERR_peek_error();
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
        ERR_clear_error();
        return -EAGAIN;
    }
    if (kind == SSL_ERROR_ZERO_RETURN) {
        ERR_clear_error();
        return 0;
    }
    if (wire_.failed) {
        ERR_clear_error();
        return broke(wire_.failed, std::strerror(wire_.failed));
    }
    if (kind == SSL_ERROR_SYSCALL || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        ERR_clear_error();
        return broke(ECONNRESET, ready_ ? "the connection ended without close_notify"
                                        : "the connection ended during the handshake");
    }
    std::string why = last_error();
    long verified = SSL_get_verify_result(ssl_.get());
    if (!ready_ && verified != X509_V_OK)
        why += std::string(": ") + X509_verify_cert_error_string(verified);
    return broke(EPROTO, std::move(why));
}

ssize_t Session::shake_hands() {
    ERR_clear_error();
    if (SSL_do_handshake(ssl_.get()) != 1) {
        ssize_t r = outcome();
        return r == 0 ? broke(ECONNRESET, "the connection ended during the handshake") : r;
    }
    ready_ = true;
    if (const char* sni = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name))
        peer_.sni = sni;
    if (server_) peer_.subject = subject_of(ssl_.get());
    ERR_clear_error();
    return 1;
}

ssize_t Session::read(void* p, size_t n) {
    if (broken_) return broken_;
    if (!ready_)
        if (ssize_t r = shake_hands(); r < 0) return r;
    if (!n) return 0;
    size_t got = 0;
    ERR_clear_error();
    if (SSL_read_ex(ssl_.get(), p, n, &got)) return static_cast<ssize_t>(got);
    return outcome();
}

ssize_t Session::send_blocked() {
    while (!blocked_.empty()) {
        size_t sent = 0;
        ERR_clear_error();
        if (!SSL_write_ex(ssl_.get(), blocked_.data(), blocked_.size(), &sent)) {
            ssize_t r = outcome();
            return r == 0 ? -EPIPE : r;
        }
        ahead_ += sent;
        blocked_.erase(0, sent);
    }
    std::string().swap(blocked_);
    return 1;
}

ssize_t Session::write(const iovec* v, int n) {
    if (broken_) return broken_;
    if (told_end_) return -EPIPE;
    if (!ready_)
        if (ssize_t r = shake_hands(); r < 0) return r;
    if (!blocked_.empty())
        if (ssize_t r = send_blocked(); r < 0) return r;
    Pieces pieces(v, n);
    size_t taken = 0;
    if (ahead_) {
        taken = std::min(ahead_, pieces.left());
        pieces.advance(taken);
        ahead_ -= taken;
    }
    while (!pieces.done()) {
        std::string_view piece = pieces.peek();
        size_t sent = 0;
        ERR_clear_error();
        if (SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &sent)) {
            pieces.advance(sent);
            taken += sent;
            continue;
        }
        ssize_t r = outcome();
        if (r == -EAGAIN) blocked_.assign(piece);
        if (r == 0) r = -EPIPE;
        return taken ? static_cast<ssize_t>(taken) : r;
    }
    return static_cast<ssize_t>(taken);
}

void Session::shutdown() {
    if (broken_ || !ready_ || told_end_) return;
    if (!blocked_.empty() && send_blocked() < 0) return;  // cut off: then it must not look whole
    told_end_ = true;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

}  // namespace

int note_distrust(int good, X509_STORE_CTX* at) {
    auto* ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(at, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* out = ssl ? static_cast<std::string*>(SSL_get_app_data(ssl)) : nullptr;
    if (!good && out)
        *out = distrust_of(X509_STORE_CTX_get_current_cert(at), X509_STORE_CTX_get_error(at));
    return good;
}

std::unique_ptr<TlsSession> make_session(Ssl ssl, int fd, bool server,
                                         std::shared_ptr<const void> keep) {
    return std::make_unique<Session>(std::move(ssl), fd, server, std::move(keep));
}

}  // namespace microhost::net::tls
