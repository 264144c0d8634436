// SPDX-License-Identifier: Apache-2.0
/// The tables that modules/registry-etcd uses, driven by the test: requests wait for its answer, timers for its clock.
#pragma once

#include <microhost/draft/registry_provider.h>
#include <microhost/module.hpp>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::test {

/// A request of the module. `over`: it has ended, or the module has cancelled it.
struct EtcdRequest {
    std::string address, target, body, token;
    uint32_t timeout_ms = 0;
    const mh_http_sink* sink = nullptr;
    void* user = nullptr;
    bool over = false;

    bool watch() const { return target.ends_with("/watch"); }
    /// What it says, its base64 decoded: "/v3/kv/range key=/micro/registry/ limit=500".
    std::string said() const;
};

class FakeEtcd {
  public:
    FakeEtcd();
    ~FakeEtcd();
    FakeEtcd(const FakeEtcd&) = delete;

    /// The oldest request under way to a path that ends so; the test fails when there is none.
    EtcdRequest& next(std::string_view path_end);
    bool asked(std::string_view path_end) const;
    void answer(EtcdRequest& r, std::string_view json, unsigned code = 200);
    void fail(EtcdRequest& r, mh_status s);
    /// Of a stream.
    void head(EtcdRequest& r, unsigned code = 200);
    void message(EtcdRequest& r, std::string_view json);

    /// Answers the probe, so that the link is up.
    void beat(int64_t revision, int64_t count = 0, std::string_view cluster = "7");
    /// Lets time pass, in steps of the timers' granularity.
    void pass(int64_t ms);

    std::deque<EtcdRequest> requests;
    std::vector<std::string>
        told;  ///< what the sink heard: "upsert {...}", "remove NAME VERSION", "synced", "trouble N TEXT"
    std::vector<std::string> warnings;
    mh_status open_status = MH_OK;
    std::string refuse;  ///< an upsert that has this is MH_E_INVALID

    struct Waiting {
        int64_t at;
        void (*fn)(void*);
        void* arg;
    };
    std::map<mh_token, Waiting> timers;
    int64_t now_ms = 0;
    mh_token tokens = 0;
};

/// "header":{...} as etcd writes it.
std::string etcd_header(int64_t revision, std::string_view cluster = "7");
/// A key with its value, as a member of kvs and of an event.
std::string etcd_kv(std::string_view key, std::string_view value, int64_t mod_revision);
/// Micro's Service with one node.
std::string etcd_service(std::string_view name, std::string_view version, std::string_view id,
                         std::string_view address = "127.0.0.1:1");

}  // namespace microhost::test
