// SPDX-License-Identifier: Apache-2.0
/// Everything that can be said against a module's file without running any of its code.
#pragma once

#include <memory>
#include <string>

#include "module/elf.hpp"
#include "module/file.hpp"
#include "module/manifest.hpp"
#include "result.hpp"

namespace microhost::module {

/// A file that may be loaded. Shared: it stands in plans, in generations and in lists.
struct Candidate {
    File file;
    Elf elf;
    Manifest manifest;

    const std::string& path() const { return file.path(); }
    const std::string& id() const { return manifest.id; }
};
using CandidatePtr = std::shared_ptr<const Candidate>;

/// Opens, reads and checks. Errors are one sentence: "FILE: what; what to do". Thread: any, it blocks on the disk.
Result<CandidatePtr> check_file(const std::string& path, Links links = Links::follow);

}  // namespace microhost::module
