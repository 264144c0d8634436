// SPDX-License-Identifier: Apache-2.0
/// Chat networks that somebody else brings: what is said there comes as events on the topic NAMESPACE.input, answers go out as calls of
/// Input.Send to the service that the config names for that network.
#pragma once

#include <microhost/config.h>
#include <microhost/draft/event.h>
#include <microhost/watch.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "../../call.hpp"
#include "../../input.hpp"

namespace microhost::bot {

class Service final : public Input {
  public:
    /// Throws mh::failure.
    Service(const mh_config* config, Ears& ears);
    ~Service() override;

    std::string_view name() const override { return "service"; }
    Format format() const override;
    Status status() const override;
    void start() override;
    void stop() override;
    bool send(const Place& to, std::string_view text) override;
    std::string hand_over() override;
    bool take_over(std::string_view state) override;

  private:
    struct Network {
        std::string name, service, problem;
        std::deque<std::string> waiting;  ///< bodies of Input.Send
        Call call;
        bool calling = false;
        bool settling = false;  ///< the generation before was sending something
        mh::timer settled;
    };
    static void on_event(void* user, const mh_event* e);
    void hear(std::string_view body);
    bool vouched(std::string_view secret) const;
    void next(Network& n);
    void sent(Network& n, const CallEnd& end);
    void complain(std::string_view text, std::string_view what);
    void subscribe();
    void changed();

    Ears& ears_;
    std::string topic_, secret_;
    std::optional<mh::watched_file> secret_file_;
    std::map<std::string, std::unique_ptr<Network>, std::less<>> networks_;
    mh_token events_ = 0;
    Status status_;
    uint64_t complained_ms_ = 0;
};

}  // namespace microhost::bot
