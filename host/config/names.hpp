// SPDX-License-Identifier: Apache-2.0
/// Names: which flag and which variable belongs to which key of which module.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/assemble.hpp"
#include "config/flags.hpp"

namespace microhost::config {

/// How strong the claim is: the long form, a name from the manifest, the bare key.
enum class Claim : std::uint8_t { full, alias, brief };

struct Owner {
    std::size_t module;  ///< index
    std::string id;      ///< of the module
    std::string key;
    Claim claim;
    std::string full;  ///< the name that is never ambiguous
};

/// --MODULE_KEY and MICRO_MODULE_KEY always work. An alias or a bare key works while exactly one module has it. The
/// host's flags win over both.
class Names {
  public:
    explicit Names(std::span<const ModuleSchema> modules);

    Follows follows(std::string_view flag) const;
    /// Errors: unknown (with a suggestion), or two owners.
    Result<Owner> flag(std::string_view name, std::string_view spelled) const;
    /// All variables that may set a module's key, strongest first for each.
    const std::map<std::string, std::vector<Owner>, std::less<>>& variables() const {
        return variables_;
    }
    /// Names that two modules claim in a way that leaves one of them without any.
    const std::vector<std::string>& conflicts() const { return conflicts_; }
    std::vector<std::string_view> all_flags() const;
    std::vector<std::string_view> all_variables() const;

  private:
    using Table = std::map<std::string, std::vector<Owner>, std::less<>>;
    void add_module(std::size_t index, const ModuleSchema& module);
    static void claim(Table& table, std::string name, Owner owner);
    void find_conflicts(const Table& table, std::string_view prefix);

    std::span<const ModuleSchema> modules_;
    Table flags_, variables_;
    std::vector<std::string> conflicts_;
};

/// The owner among those who claim a name; an error when that is not one.
Result<Owner> single_owner(const std::vector<Owner>& owners, std::string_view spelled,
                           std::string_view dashes);

bool is_host_flag(std::string_view name);

}  // namespace microhost::config
