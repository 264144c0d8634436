// SPDX-License-Identifier: Apache-2.0
/// A log record as one line, for a person or for a program.
#pragma once

#include "observe/record.hpp"

#include <string>

namespace microhost::log {

/// `2026-01-02 03:04:05.678 INFO  host/http  message key=value key="v w"`, and the newline.
void append_text_line(std::string& out, const Record& record, bool colour);

///
/// `{"time":"2026-01-02T03:04:05.678Z","level":"info","module":"host/http","msg":"message","key":1}`,
/// and the newline. A field that is called like one of the first four is written as "field_NAME",
/// so that it cannot replace that.
void append_json_line(std::string& out, const Record& record);

/// The value of a field as plain text, not escaped.
std::string field_text(const Field& field);

}  // namespace microhost::log
