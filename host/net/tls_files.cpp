// SPDX-License-Identifier: Apache-2.0
// The settings of both sides, and certificates and keys from PEM files.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "net/tls_openssl.hpp"

namespace microhost::net::tls {
namespace {

constexpr size_t kMaxFile = 8 << 20;  // a bundle of every public CA is a quarter of a MiB

// Ephemeral keys and AEAD only; TLS 1.3 has nothing else.
constexpr const char* kCiphers12 = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";

// A key with a pass phrase must not make OpenSSL ask for it on the terminal.
int no_pass_phrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

struct Wiped {
    std::string text;
    ~Wiped() { OPENSSL_cleanse(text.data(), text.size()); }
};

Result<std::string> read_file(const char* kind, const std::string& path) {
    auto fail = [&](int e) {
        return error("tls: cannot read the {} \"{}\": {}", kind, path, std::strerror(e));
    };
    std::unique_ptr<FILE, Freed<&std::fclose>> f(std::fopen(path.c_str(), "re"));
    if (!f) return fail(errno);
    struct stat s {};
    if (fstat(fileno(f.get()), &s) != 0) return fail(errno);
    if (S_ISDIR(s.st_mode)) return fail(EISDIR);
    std::string text;
    char piece[4096];
    while (size_t n = std::fread(piece, 1, sizeof piece, f.get())) {
        text.append(piece, n);
        if (text.size() > kMaxFile) return fail(EFBIG);
    }
    int e = std::ferror(f.get()) ? errno : 0;
    OPENSSL_cleanse(piece, sizeof piece);
    if (e) return fail(e);
    return {boost::system::in_place_value, std::move(text)};
}

Result<std::vector<Certificate>> read_certificates(const char* kind, const std::string& path) {
    auto text = read_file(kind, path);
    if (!text) return text.error();
    std::vector<Certificate> found;
    bool asked = false;
    Bio in(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    ERR_clear_error();
    while (X509* c = PEM_read_bio_X509(in.get(), nullptr, no_pass_phrase, &asked))
        found.emplace_back(c);
    bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    std::string why = last_error();
    if (!at_end) return error("tls: the {} \"{}\" is damaged: {}", kind, path, why);
    if (found.empty())
        return error("tls: there is no certificate in the {} \"{}\"; it must be PEM", kind, path);
    return found;
}

Result<Key> read_key(const std::string& path) {
    auto text = read_file("private key", path);
    if (!text) return text.error();
    Wiped wiped{std::move(*text)};
    bool asked = false;
    Bio in(BIO_new_mem_buf(wiped.text.data(), static_cast<int>(wiped.text.size())));
    ERR_clear_error();
    Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_pass_phrase, &asked));
    bool none = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    std::string why = last_error();
    if (key) return key;
    if (asked)
        return error("tls: the private key \"{}\" has a pass phrase; give one without", path);
    if (none || wiped.text.find("PRIVATE KEY-----") == std::string::npos)
        return error("tls: there is no private key in \"{}\"; it must be PEM", path);
    return error("tls: the private key \"{}\" is damaged: {}", path, why);
}

void note_validity(X509* c, const std::string& path, std::vector<std::string>& warnings) {
    const ASN1_TIME* from = X509_get0_notBefore(c);
    const ASN1_TIME* until = X509_get0_notAfter(c);
    if (X509_cmp_current_time(until) < 0)
        warnings.push_back(
            fmt::format("tls: the certificate \"{}\" expired on {}", path, day(until)));
    if (X509_cmp_current_time(from) > 0)
        warnings.push_back(
            fmt::format("tls: the certificate \"{}\" is not valid before {}", path, day(from)));
}

std::string lower(const unsigned char* p, int n) {
    std::string out(reinterpret_cast<const char*>(p), n > 0 ? static_cast<size_t>(n) : 0);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return out;
}

std::string common_name(X509* certificate) {
    X509_NAME* subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0) return {};
    ASN1_STRING* s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    return lower(ASN1_STRING_get0_data(s), ASN1_STRING_length(s));
}

}  // namespace

std::string day(const ASN1_TIME* t) {
    tm when{};
    if (ASN1_TIME_to_tm(t, &when) != 1) return "an unknown day";
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", when.tm_year + 1900, when.tm_mon + 1,
                       when.tm_mday, when.tm_hour, when.tm_min);
}

std::string last_error() {
    unsigned long code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    std::string text = reason ? reason
                       : code ? fmt::format("OpenSSL error {:x}", code)
                              : "no reason";
    ERR_clear_error();
    return text;
}

Result<Ctx> make_context(bool server) {
    Ctx ctx(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
    if (!ctx) return error("tls: OpenSSL does not start: {}", last_error());
    SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(ctx.get(), 0);  // whatever openssl.cnf says
    if (SSL_CTX_set_cipher_list(ctx.get(), kCiphers12) != 1)
        return error("tls: this OpenSSL has no AEAD cipher suite: {}", last_error());
    SSL_CTX_set_options(ctx.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_clear_mode(ctx.get(), SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_read_ahead(ctx.get(), 1);  // one recv for header and body of a record
    // Resumption is by tickets alone: a cache would be a lock that all loops share.
    SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
    return ctx;
}

Result<Certificate> use_certificate(SSL_CTX* ctx, const TlsFiles& files,
                                    std::vector<std::string>& warnings) {
    const std::string& key_file = files.key.empty() ? files.certificate : files.key;
    auto chain = read_certificates("certificate", files.certificate);
    if (!chain) return chain.error();
    auto key = read_key(key_file);
    if (!key) return key.error();
    Certificate leaf = std::move(chain->front());
    if (X509_check_private_key(leaf.get(), key->get()) != 1) {
        ERR_clear_error();
        return error("tls: the private key \"{}\" does not belong to the certificate \"{}\"",
                     key_file, files.certificate);
    }
    bool ok = SSL_CTX_use_certificate(ctx, leaf.get()) == 1;
    for (size_t i = 1; ok && i < chain->size(); i++) {
        ok = SSL_CTX_add0_chain_cert(ctx, (*chain)[i].get()) == 1;
        if (ok) (*chain)[i].release();  // the context owns it now
    }
    if (!ok)
        return error("tls: the certificate \"{}\" cannot be used: {}", files.certificate,
                     last_error());
    if (SSL_CTX_use_PrivateKey(ctx, key->get()) != 1)
        return error("tls: the private key \"{}\" cannot be used: {}", key_file, last_error());
    note_validity(leaf.get(), files.certificate, warnings);
    return leaf;
}

Result<std::vector<Certificate>> trust_file(SSL_CTX* ctx, const std::string& path) {
    auto found = read_certificates("CA file", path);
    if (!found) return found.error();
    X509_STORE* store = SSL_CTX_get_cert_store(ctx);
    for (Certificate& c : *found)
        if (X509_STORE_add_cert(store, c.get()) != 1)
            return error("tls: the CA file \"{}\" cannot be used: {}", path, last_error());
    return std::move(*found);
}

Result<std::string> alpn_wire(std::string_view protocols) {
    std::string out;
    while (!protocols.empty()) {
        const size_t comma = std::min(protocols.find(','), protocols.size());
        if (comma == 0 || comma > 255 || comma + 1 == protocols.size())
            return error("tls: ALPN protocols have 1 to 255 bytes and are separated by commas");
        out += static_cast<char>(comma);
        out += protocols.substr(0, comma);
        protocols.remove_prefix(std::min(comma + 1, protocols.size()));
    }
    return {boost::system::in_place_value, std::move(out)};
}

std::vector<std::string> names_of(X509* certificate) {
    std::vector<std::string> names;
    auto* alternative = static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(alternative); i++) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternative, i);
        if (name->type != GEN_DNS) continue;
        names.push_back(
            lower(ASN1_STRING_get0_data(name->d.dNSName), ASN1_STRING_length(name->d.dNSName)));
    }
    if (!alternative)
        if (std::string name = common_name(certificate); !name.empty())
            names.push_back(std::move(name));
    GENERAL_NAMES_free(alternative);
    ERR_clear_error();
    return names;
}

}  // namespace microhost::net::tls
