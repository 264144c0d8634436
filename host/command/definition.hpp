// SPDX-License-Identifier: Apache-2.0
/// What a command is: its name, its typed arguments, who may run it and where it is offered.
#pragma once

#include <microhost/draft/command_provider.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "json/writer.hpp"
#include "result.hpp"

namespace microhost::command {

struct Argument {
    std::string name, summary;
    std::string value;  ///< the default, as text
    bool has_value = false;
    std::string choices;  ///< "table|json", "@module", or empty
    int32_t type = MH_TYPE_TEXT;
    uint32_t flags = 0;  ///< MH_ARG_*

    bool required() const { return flags & MH_ARG_REQUIRED; }
    bool positional() const { return flags & MH_ARG_POSITIONAL; }
    bool repeated() const { return flags & MH_ARG_REPEATED; }
    /// The words of `choices`; none when the host or the module has to be asked.
    std::vector<std::string_view> fixed_choices() const;
};

struct Definition {
    std::string name;
    std::string summary, help, examples;
    std::string role;    ///< empty: everybody
    std::string module;  ///< empty: the host's own
    uint32_t surfaces = MH_SURFACE_ALL;
    uint32_t flags = 0;  ///< MH_COMMAND_*
    std::vector<Argument> args;

    /// "-" and "_" are the same. Null when it has none of that name.
    const Argument* find(std::string_view name) const;
    /// "modules reload ID [--force]".
    std::string usage() const;
};

/// "file-name" and "file_name" are one name.
bool same_name(std::string_view a, std::string_view b);
/// viewer 1, operator 2, admin 3; everybody 0; what is no role of ours -1.
int rank(std::string_view role);
/// Whether `p` (null: nobody) has this role or one above it.
bool allows(const mh_principal* p, std::string_view role);
/// "text", "integer", ...
std::string_view type_name(int32_t type);
int32_t type_of(std::string_view name);

/// What a module contributes, copied. The error is a sentence about the descriptor.
Result<Definition> read(const mh_command_info& info);

/// An element of GET /v1/commands. `allowed`: whoever asks may run it.
void write_json(json::Writer& w, const Definition& d, bool allowed);
/// The reverse; what is missing keeps its default.
Definition read_json(json::Value v);

}  // namespace microhost::command
