// SPDX-License-Identifier: Apache-2.0
#include "net/server_tls.hpp"

#include <array>
#include <map>
#include <mutex>

#include "net/file_stamp.hpp"

namespace microhost::net {
namespace {

constexpr size_t kMostServerContexts = 1000;

struct KnownServer {
    std::array<FileStamp, 3> stamps;
    std::shared_ptr<const TlsServerContext> context;
};

struct ServerContexts {
    std::mutex mutex;
    std::map<ServerTls, KnownServer> known;
};

}  // namespace

Result<std::shared_ptr<const TlsServerContext>> server_tls(const ServerTls& wanted) {
    static auto& all = *new ServerContexts;  // OpenSSL ends before static objects do
    if (wanted.certificate.empty())
        return error("tls: who accepts TLS needs a certificate; set cert_file and key_file");
    // Before they are read: a change in between is seen the next time.
    const std::array<FileStamp, 3> now{FileStamp::of(wanted.certificate), FileStamp::of(wanted.key),
                                       FileStamp::of(wanted.client_ca)};
    const std::scoped_lock lock(all.mutex);
    if (auto it = all.known.find(wanted); it != all.known.end() && it->second.stamps == now)
        return it->second.context;
    if (all.known.size() >= kMostServerContexts) all.known.erase(all.known.begin());
    TlsServerOptions options;
    options.certificates.push_back({wanted.certificate, wanted.key});
    options.client_ca = wanted.client_ca;
    options.alpn = wanted.alpn;
    auto context = TlsServerContext::load(options);
    if (!context) return context.error();
    std::shared_ptr<const TlsServerContext> made = std::move(*context);
    all.known[wanted] = {now, made};
    return made;
}

}  // namespace microhost::net
