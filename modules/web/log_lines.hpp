// SPDX-License-Identifier: Apache-2.0
/// Lines of the log as the pages ask for them.
#pragma once

#include <microhost/draft/log_read.h>
#include <microhost/log.h>

#include <string>
#include <string_view>

namespace microhost::web {

struct LogQuery {
    int32_t level = MH_LOG_DEBUG;
    std::string module, text, request;  ///< empty: all
    uint64_t after = 0;                 ///< number of the last line that is known
    uint32_t most = 500;
};

/// "debug" to "error", or empty: all. False: none of them.
bool read_level(std::string_view name, int32_t& out);

/// {"last":SEQ,"lines":[...]}. [main]
std::string logs_json(const LogQuery& query);
/// Its number; 0 when nothing has been logged. [main]
uint64_t newest_log_line();

}  // namespace microhost::web
