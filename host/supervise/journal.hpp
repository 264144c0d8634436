// SPDX-License-Identifier: Apache-2.0
/// The supervisor's lines in the log: written at once, without a thread, in the format that the worker's lines have.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "observe/record.hpp"

namespace microhost::supervise {

class Journal {
  public:
    explicit Journal(config::Log settings) : settings_(std::move(settings)) {}

    using Fields = std::initializer_list<log::Field>;
    void info(std::string_view m, Fields f = {}) const { write(log::Level::info, m, f); }
    void warn(std::string_view m, Fields f = {}) const { write(log::Level::warn, m, f); }
    void error(std::string_view m, Fields f = {}) const { write(log::Level::error, m, f); }

  private:
    void write(log::Level level, std::string_view message, Fields fields) const;
    config::Log settings_;
};

}  // namespace microhost::supervise
