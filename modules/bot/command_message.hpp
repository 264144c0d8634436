// SPDX-License-Identifier: Apache-2.0
/// The messages of a command service (micro/go-bot proto/bot.proto), as JSON and as protobuf.
#pragma once

#include <string>
#include <string_view>

#include "words.hpp"

namespace microhost::bot {

inline constexpr std::string_view kJsonType = "application/json",
                                  kProtobufType = "application/protobuf";

/// ExecRequest{repeated string args = 1}.
std::string exec_request(const Words& args, bool protobuf);

struct ExecResponse {
    std::string result, error;
};
/// ExecResponse{bytes result = 1, string error = 2}; in JSON the bytes are base64. False, with one sentence in `why`.
bool read_exec(std::string_view body, bool protobuf, ExecResponse& out, std::string& why);

struct HelpResponse {
    std::string usage, description;
};
/// HelpResponse{string usage = 1, string description = 2}.
bool read_help(std::string_view body, bool protobuf, HelpResponse& out);

}  // namespace microhost::bot
