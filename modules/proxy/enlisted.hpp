// SPDX-License-Identifier: Apache-2.0
/// The nodes that were registered over HTTP, each until its time is over or it is taken back. Control thread only.
#pragma once

#include <microhost/watch.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "service_record.hpp"

namespace microhost::proxy {

class Enlisted {
  public:
    /// Upper bound: whoever may register could fill the memory and the folder.
    static constexpr size_t kMost = 10'000;
    static constexpr size_t kMostBytes = 64u << 20;

    struct Outcome {
        unsigned status = 200;
        std::string text;  ///< why not; empty: done
    };

    Enlisted() = default;
    ~Enlisted();
    Enlisted(const Enlisted&) = delete;
    Enlisted& operator=(const Enlisted&) = delete;

    /// `ttl` 0: for as long as this process runs. A node that is there already is replaced, and its time begins anew.
    Outcome add(const std::vector<ServiceRecord>& records, std::chrono::milliseconds ttl);
    /// What is gone already is no error; what somebody else announces is.
    Outcome remove(const std::vector<ServiceRecord>& records);
    size_t size() const { return nodes_.size(); }

    /// For the next generation, and from the one before.
    std::string save() const;
    void load(std::string_view saved);
    /// The next generation has what was here, or the process stops: takes everything back and takes nothing more.
    void close();

  private:
    struct Node {
        std::string service, json;
        mh_token token = 0;
        std::chrono::milliseconds ttl{0};
        std::chrono::steady_clock::time_point until;
        mh::timer timer;
    };

    using Nodes = std::map<std::string, std::unique_ptr<Node>>;  ///< by node id

    void keep(const std::string& id, std::unique_ptr<Node> node);
    std::unique_ptr<Node> take_back(Nodes::iterator at);
    Outcome add_one(const ServiceRecord& record, std::chrono::milliseconds ttl);
    void start_timer(const std::string& id, Node& node, std::chrono::milliseconds left);
    void expire(const std::string& id);

    Nodes nodes_;
    size_t bytes_ = 0;
    bool closed_ = false;
};

}  // namespace microhost::proxy
