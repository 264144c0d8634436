// SPDX-License-Identifier: Apache-2.0
#include "http/client_tls.hpp"

#include <sys/stat.h>

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace microhost::http {
namespace {

constexpr size_t kMostContexts = 1000;

/// What tells one state of a file from another without reading it.
struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    int64_t seconds = 0, nanoseconds = 0;
    bool operator==(const Stamp&) const = default;
};
using Stamps = std::array<Stamp, 3>;

Stamp stamp_of(const std::string& path) {
    struct stat s {};
    if (path.empty() || ::stat(path.c_str(), &s) != 0) return {};
    return {s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
}

struct Known {
    Stamps stamps;
    const net::TlsClientContext* context = nullptr;
};

struct Contexts {
    std::mutex mutex;
    std::map<ClientTls, Known> known;
    std::vector<std::unique_ptr<net::TlsClientContext>> made;  // also those that were replaced
};

}  // namespace

Result<const net::TlsClientContext*> client_tls(const ClientTls& wanted) {
    static Contexts all;
    if (wanted.certificate.empty() && !wanted.key.empty())
        return error("tls: there is a key \"{}\", but no certificate", wanted.key);
    // Before they are read: a change in between is seen the next time.
    const Stamps now{stamp_of(wanted.ca), stamp_of(wanted.certificate), stamp_of(wanted.key)};
    const std::scoped_lock lock(all.mutex);
    if (auto it = all.known.find(wanted); it != all.known.end() && it->second.stamps == now)
        return it->second.context;
    if (all.made.size() >= kMostContexts)
        return error("tls: more than {} combinations and versions of certificate files; restart",
                     kMostContexts);
    net::TlsClientOptions options;
    options.ca = wanted.ca;
    options.verify = wanted.verify;
    options.own = {wanted.certificate, wanted.key};
    auto context = net::TlsClientContext::load(options);
    if (!context) return context.error();
    all.made.push_back(std::move(*context));
    all.known[wanted] = {now, all.made.back().get()};
    return all.made.back().get();
}

}  // namespace microhost::http
