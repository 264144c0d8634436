// SPDX-License-Identifier: Apache-2.0
#include "net/client_tls.hpp"

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "net/file_stamp.hpp"

namespace microhost::net {
namespace {

constexpr size_t kMostClientContexts = 1000;

using Stamps = std::array<FileStamp, 3>;

struct KnownClient {
    Stamps stamps;
    const TlsClientContext* context = nullptr;
};

struct ClientContexts {
    std::mutex mutex;
    std::map<ClientTls, KnownClient> known;
    std::vector<std::unique_ptr<TlsClientContext>> made;  // also those that were replaced
};

}  // namespace

Result<const TlsClientContext*> client_tls(const ClientTls& wanted) {
    static ClientContexts all;
    if (wanted.certificate.empty() && !wanted.key.empty())
        return error("tls: there is a key \"{}\", but no certificate", wanted.key);
    // Before they are read: a change in between is seen the next time.
    const Stamps now{FileStamp::of(wanted.ca), FileStamp::of(wanted.certificate),
                     FileStamp::of(wanted.key)};
    const std::scoped_lock lock(all.mutex);
    if (auto it = all.known.find(wanted); it != all.known.end() && it->second.stamps == now)
        return it->second.context;
    if (all.made.size() >= kMostClientContexts)
        return error("tls: more than {} combinations and versions of certificate files; restart",
                     kMostClientContexts);
    TlsClientOptions options;
    options.ca = wanted.ca;
    options.verify = wanted.verify;
    options.own = {wanted.certificate, wanted.key};
    auto context = TlsClientContext::load(options);
    if (!context) return context.error();
    all.made.push_back(std::move(*context));
    all.known[wanted] = {now, all.made.back().get()};
    return all.made.back().get();
}

}  // namespace microhost::net
