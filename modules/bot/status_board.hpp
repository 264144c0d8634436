// SPDX-License-Identifier: Apache-2.0
/// How the inputs are, for people, metrics and /readyz.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "audit.hpp"
#include "input.hpp"
#include "table.hpp"

namespace microhost::bot {

const char* name_of(Link link);

/// "3 s", "5 min", "2 h", "4 d".
std::string age_text(uint64_t ms);

/// One row for each input: name, link, since, reconnects, messages, detail.
std::vector<Row> status_rows(const std::vector<const Input*>& inputs, uint64_t now_ms);

/// [main]
class StatusBoard {
  public:
    StatusBoard();

    /// Its status has changed: says so in the log and to /readyz.
    void changed(const Input& in);
    void message(std::string_view input);
    void command(std::string_view input, Verdict v, uint64_t took_ms);
    /// The gauges; to be called now and then.
    void refresh(const std::vector<const Input*>& inputs);

  private:
    struct Known {
        Link link = Link::off;
        std::string detail, warned;
        uint64_t reconnects = 0;
        uint64_t messages = 0, up = 0, latency = 0;  // series
        uint64_t reconnected = 0, dropped = 0;       // series
        int64_t shown_up = 0;
        uint64_t shown_dropped = 0;
        uint64_t verdicts[kVerdicts] = {};
    };
    Known& known(std::string_view input);
    uint32_t messages_, commands_, latency_, up_, reconnects_, dropped_;
    std::map<std::string, Known, std::less<>> inputs_;
};

}  // namespace microhost::bot
