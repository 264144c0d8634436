// SPDX-License-Identifier: Apache-2.0
/// RUNTIME/registry/v1: opened safely. Who can write this folder can take traffic.
#pragma once

#include "registry/fd.hpp"
#include "result.hpp"

#include <sys/stat.h>

#include <string>
#include <string_view>

namespace microhost::registry {

/// An opened folder. Rationale for the handle: names are looked up below it with openat(), so that
/// nobody can exchange a parent between the check and the use.
struct Folder {
    Fd fd;
    std::string path;
    uid_t owner = 0;
    bool private_to_owner = false;  // nobody else can even reach files in it
};

/// Opens `runtime_dir`/registry/v1; with `create` makes what is missing, parents too, with mode 0700.
/// RUNTIME, registry and v1 must each belong to us or root and must not be writable for group or
/// others. A sticky bit does not help: it keeps others from renaming our files, not from adding
/// theirs, and a folder like that was made by mistake.
/// Errors: the mode (with the chmod to type), a link in place of registry or v1, errno.
Result<Folder> open_folder(const std::string& runtime_dir, bool create);

/// Why a file with this state must not be believed, or "". It must be a regular file of at most
/// 1 MiB that belongs to the folder's owner, us or root; where others can reach it, only its owner
/// may be able to write it.
std::string distrust(const struct stat& file, const Folder& folder);

}  // namespace microhost::registry
