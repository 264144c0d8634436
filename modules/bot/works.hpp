// SPDX-License-Identifier: Apache-2.0
/// The ways in which a command is done.
#pragma once

#include <microhost/draft/command.h>

#include <functional>
#include <string>

#include "call.hpp"
#include "command_services.hpp"
#include "rules.hpp"
#include "running.hpp"
#include "words.hpp"

namespace microhost::bot {

/// What is known already.
class Say final : public Work {
  public:
    explicit Say(std::string text, Verdict v = Verdict::ok) : text_(std::move(text)), verdict_(v) {}
    void begin(Done done) override {
        output.text(text_);
        done({verdict_, {}});
    }

  private:
    std::string text_;
    Verdict verdict_;
};

/// What is found out when its turn comes. [main]
class Ask final : public Work {
  public:
    explicit Ask(std::function<void(Output&)> answer) : answer_(std::move(answer)) {}
    void begin(Done done) override {
        answer_(output);
        done({});
    }

  private:
    std::function<void(Output&)> answer_;
};

/// A command of the host, with the role that the rules decided. [main]
class HostWork final : public Work {
  public:
    HostWork(const Person& who, shared::Role role, std::string line, Output::Style style);
    ~HostWork() override;
    void begin(Done done) override;

  private:
    static const mh_command_sink kSink;
    std::string subject_, line_;
    shared::Role role_;
    mh_token token_ = 0;
    Done done_;
};

/// A command of a service. [main]
class ServiceWork final : public Work {
  public:
    ServiceWork(const ServiceCommand& c, Words args, CallTo to)
        : protobuf_(c.protobuf), args_(std::move(args)), to_(std::move(to)) {}
    void begin(Done done) override;

  private:
    bool protobuf_;
    Words args_;
    CallTo to_;
    Done done_;
    Call call_;
};

}  // namespace microhost::bot
