// SPDX-License-Identifier: Apache-2.0
/// RUNTIME/instances/NAME: what tools on this machine need to find a running microhost.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "result.hpp"

namespace microhost::serve {

class InstanceFolder {
  public:
    InstanceFolder() = default;
    InstanceFolder(const InstanceFolder&) = delete;
    /// Removes what it wrote.
    ~InstanceFolder();

    /// Makes the folder, 0700, and holds it. Errors: the system's; a name that is in use.
    Result<> create(const std::string& runtime_dir, const std::string& name);
    /// Of a worker: its supervisor holds the folder.
    void join(const std::string& folder) { path_ = folder; }
    /// The supervisor is gone: the folder is ours to remove, unless another one has taken it.
    void inherit() { orphan_ = true; }
    /// listeners.json, written whole: {"listeners":{NAME:{"address":...}},"control":PATH,"pid":N}; the pid is that
    /// of the instance, the supervisor's where there is one, and "worker" is that of who serves.
    Result<> announce(const std::vector<std::pair<std::string, std::string>>& listeners);
    const std::string& path() const { return path_; }
    std::string control_socket() const { return path_ + "/control.sock"; }
    /// Where the services of this process answer the tools of its user.
    std::string tools_socket() const { return path_ + "/rpc.sock"; }
    /// For copies of the modules that a process runs; a worker and its successor have one each.
    std::string module_cache(pid_t process) const {
        return path_ + "/modules/" + std::to_string(process);
    }
    /// Of a process that has ended.
    void drop_module_cache(pid_t process) const;
    std::string supervisor_socket() const { return path_ + "/supervisor.sock"; }

  private:
    void take_orphan();

    std::string path_;
    bool orphan_ = false;
    int held_ = -1;  // the folder, locked as long as we live
};

}  // namespace microhost::serve
