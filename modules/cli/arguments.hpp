// SPDX-License-Identifier: Apache-2.0
/// What the commands take: names, types and texts in one place.
#pragma once

#include <microhost/command.hpp>

namespace microhost::cli {

constexpr mh_command_arg kOutput =
    mh::flag("output", "how it is shown; without it as Micro does", MH_TYPE_TEXT, "table|json|raw");
constexpr mh_command_arg kService =
    mh::place("service", "its name, or the end of it", MH_ARG_REQUIRED, "@service");
constexpr mh_command_arg kAddress =
    mh::flag("address", "host:port of a node, instead of those of the registry");
constexpr mh_command_arg kTimeout =
    mh::flag("timeout", "longest wait for an answer; without it 5s", MH_TYPE_DURATION);

constexpr std::array kListArguments{kOutput};
constexpr std::array kNamedArguments{kService, kOutput};
constexpr std::array kGetArguments{
    mh::place("name", "the service's name, or the end of it", MH_ARG_REQUIRED, "@service"),
    kOutput};
constexpr std::array kHealthArguments{
    mh::place("service", "its name, or the end of it; all of them without", 0, "@service"),
    kAddress, kTimeout, kOutput};
constexpr std::array kStatsArguments{kService, kTimeout, kOutput};
constexpr std::array kCallArguments{
    kService,
    mh::place("endpoint", "such as Say.Hello", MH_ARG_REQUIRED, "@endpoint"),
    mh::place("request", "JSON, name=text, name:=JSON, @FILE or -; {} without", MH_ARG_REPEATED),
    kAddress,
    mh::flag("metadata", "key=value for the service; may be repeated", MH_TYPE_TEXT, nullptr,
             nullptr, MH_ARG_REPEATED),
    kTimeout,
    kOutput};
constexpr mh_command_arg kDefinition =
    mh::place("definition", "JSON with name and nodes, @FILE or -", MH_ARG_REPEATED);
constexpr std::array kRegisterArguments{
    kDefinition,
    mh::flag("ttl", "gone after this time; without it after 366 days", MH_TYPE_DURATION)};
constexpr std::array kDeregisterArguments{kDefinition};

}  // namespace microhost::cli
