// SPDX-License-Identifier: Apache-2.0
/// Rooms that are told when services come, change and go.
#pragma once

#include <microhost/draft/registry.h>
#include <microhost/watch.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "message.hpp"

namespace microhost::bot {

/// What people see of a service: "1.0.0 on 2 nodes, 2.0.0 on 1 node".
using Services = std::map<std::string, std::string, std::less<>>;

/// Lines for what is different: "+ greeter: 1.0.0 on 1 node", "- greeter", "~ greeter: 1.0.0 on 2 nodes (was on 1 node)".
std::vector<std::string> changes_between(const Services& before, const Services& now,
                                         std::string_view pattern);

struct Watch {
    std::string input;
    Place place;
    std::string pattern;
};

/// One JSON array; the reverse leaves out what it does not understand.
std::string watches_json(const std::vector<Watch>& all);
std::vector<Watch> read_watches(std::string_view json);

/// [main]
class Watches {
  public:
    using Tell = std::function<void(const Watch&, const std::vector<std::string>& lines)>;
    explicit Watches(Tell tell) : tell_(std::move(tell)) {}
    ~Watches() { stop(); }
    Watches(const Watches&) = delete;

    /// Reads what was remembered.
    void start();
    void stop();

    enum class Added : uint8_t { yes, replaced, full };
    /// Instead of what this place watched before.
    Added add(Watch w);
    bool remove(std::string_view input, const Place& place);
    const std::vector<Watch>& all() const { return all_; }

  private:
    static void on_registry(void* user, const mh_registry_view* v);
    std::vector<Watch>::iterator find(std::string_view input, const Place& place);
    void changed();
    void tell_now();
    void follow();
    void remember();

    Tell tell_;
    std::vector<Watch> all_;
    Services told_;
    bool has_told_ = false;
    mh_token watch_ = 0;
    mh::timer timer_;
    bool due_ = false;
};

}  // namespace microhost::bot
