// SPDX-License-Identifier: Apache-2.0
/// TLS 1.2 and 1.3 with AEAD suites, on OpenSSL; its headers are seen only by tls_*.cpp of this folder.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "net/stream.hpp"

struct ssl_ctx_st;

namespace microhost::net {

/// The TLS side of one stream. Thread: the loop of its stream.
class TlsSession {
  public:
    virtual ~TlsSession() = default;
    /// As Stream::read and Stream::write. A protocol error, such as a certificate that does not verify, is -EPROTO.
    virtual ssize_t read(void* p, size_t n) = 0;
    virtual ssize_t write(const iovec* v, int n) = 0;
    /// Sends close_notify if that is possible now. Reading goes on.
    virtual void shutdown() = 0;
    /// Null before the handshake is done.
    virtual const TlsPeer* peer() const = 0;
    /// Why it broke, for the log: "certificate verify failed: hostname mismatch". Empty while all is well.
    virtual std::string_view failure() const = 0;
    /// What is wrong with the other end's certificate, as the rest of a sentence that begins with it: "has expired". Else empty.
    virtual std::string_view distrust() const = 0;
};

/// One certificate of a server, or of a client that is asked for one. PEM.
struct TlsFiles {
    std::string certificate;  // the leaf first, then its chain
    std::string key;          // may be the same file
};

struct TlsServerOptions {
    /// Chosen by the names in them (exact, then *.parent); the first serves those who ask for something else or nothing.
    std::vector<TlsFiles> certificates;
    std::string client_ca;  // when given, a client without a certificate from it is refused
    bool only_version_1_3 = false;
    std::string alpn =
        "http/1.1";  // separated by commas; empty: whatever the client wants to speak
};

/// What a TLS listener needs, read from files once. Immutable; shared by all loops. Sessions may outlive it.
class TlsServerContext {
  public:
    /// An error names the file, and what is wrong with it. Blocks on the disk. Thread: any.
    static Result<std::unique_ptr<TlsServerContext>> load(const TlsServerOptions& options);
    ~TlsServerContext();

    /// The session of an accepted connection; the descriptor stays the Stream's. Never null. Thread: any.
    std::unique_ptr<TlsSession> accept(int fd) const;
    /// What does not forbid to start, such as a certificate that has expired. A sentence each.
    const std::vector<std::string>& warnings() const { return warnings_; }

    struct Certificates;  // of tls_server.cpp

  private:
    TlsServerContext() = default;
    std::shared_ptr<const Certificates> certificates_;
    std::vector<std::string> warnings_;
};

struct TlsClientOptions {
    std::string ca;      // PEM; empty: the system's
    bool verify = true;  // off: whoever answers is believed
    TlsFiles own;        // for servers that ask; empty: none
};

/// How connections to TLS servers are made. Immutable; shared by all loops. Sessions may outlive it.
class TlsClientContext {
  public:
    /// Blocks on the disk. Thread: any.
    static Result<std::unique_ptr<TlsClientContext>> load(const TlsClientOptions& options);
    /// Trusts what the system trusts. Nothing is read before prepare(), or the first open().
    static std::unique_ptr<TlsClientContext> of_system();
    ~TlsClientContext();

    /// Reads what is still to be read. Blocks on the disk. What goes wrong is told by open() as well. Thread: any.
    Result<> prepare() const;

    /// `name`: a host name (sent as SNI, and looked for in the certificate) or an IP address (looked for only).
    /// Fails when there is nothing to verify by. The descriptor stays the Stream's. Thread: any.
    /// `alpn`: what is offered, separated by commas; may be empty.
    Result<std::unique_ptr<TlsSession>> open(int fd, std::string_view name,
                                             std::string_view alpn = "http/1.1") const;

  private:
    TlsClientContext() = default;
    Result<> read(const TlsClientOptions& options);

    ssl_ctx_st* ctx_ = nullptr;
    bool verify_ = true;
    bool whole_bundle_ = false;  // the system's certificates can be had all at once only
    mutable std::once_flag bundle_read_;
    bool late_ = false;  // of_system()
    Result<> late_outcome_;
    mutable std::once_flag late_read_;
};

}  // namespace microhost::net
