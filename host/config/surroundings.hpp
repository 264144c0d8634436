// SPDX-License-Identifier: Apache-2.0
/// Surroundings: what the process was started in, and what that means for files and folders.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/origin.hpp"
#include "json/document.hpp"
#include "result.hpp"

namespace microhost::config {

using Environment = std::map<std::string, std::string, std::less<>>;

struct Surroundings {
    Environment environment;
    unsigned uid = 0;
    std::string program_dir;  ///< folder of the executable
    std::string temp_dir = "/tmp";

    /// Of this process.
    static Surroundings here();
    bool root() const { return uid == 0; }
    /// Empty when unset.
    std::string_view variable(std::string_view name) const;
};

struct Folder {
    std::string path;
    Origin origin;
};

/// The default of runtime_dir, state_dir, module_path or plugin_dir where neither flag, variable nor file names it.
Folder default_folder(std::string_view key, const Surroundings& in);

/// Where this user's configuration is; empty when there is neither XDG_CONFIG_HOME nor HOME.
std::string user_config_folder(const Surroundings& in);

struct File {
    std::string path;  ///< empty: there is none, and the document is `{}`
    json::Document document;
};

/// `flag` is --config, empty when it was not given; then MICROHOST_CONFIG, the user's file, /etc. A file that was named
/// must be there. Errors begin with PATH or PATH:LINE:COLUMN.
Result<File> read_file(std::string_view flag, const Surroundings& in);
/// The same for a text that is at hand.
Result<File> parse_file(std::string path, std::string_view text);

}  // namespace microhost::config
