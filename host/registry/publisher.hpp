// SPDX-License-Identifier: Apache-2.0
/// Nodes that this process announces in the registry folder, and keeps alive. Control thread only.
#pragma once

#include "registry/node_file.hpp"
#include "result.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace microhost::registry {

class Publisher {
  public:
    using Warn = std::function<void(std::string_view)>;

    Publisher(boost::asio::io_context& io, std::string runtime_dir, Warn warn);
    /// Withdraws everything.
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    /// Writes the file of a node (service with exactly one) at once and whole: readers see the old
    /// content or the new one, never half. Touches it every ttl/3 from then on; a file that somebody
    /// deleted is written again. `owner_pid` 0: the TTL alone decides; the usual value is getpid().
    /// Publishing the same node id again replaces it.
    /// Errors: no single node, no address, an id too long for a file name, what the folder refuses.
    Result<void> publish(const Service& service, std::chrono::seconds ttl, pid_t owner_pid);
    /// Removes the file, unless another process has put its own in its place. Unknown: ignored.
    void withdraw(std::string_view node_id);

    /// For modules: all nodes of a service, with this process as the owner; all or none.
    Result<void> enlist(const Service& service, std::chrono::seconds ttl);
    void deregister(const Service& service);

  private:
    class Leases;
    std::shared_ptr<Leases> leases_;
};

/// Nodes that nobody keeps alive, and no process owns: a file for each, until `ttl` has passed; all or none. Readers see the old
/// content or the new one. Errors: no node, what readers would refuse, what the folder refuses.
Result<void> put_nodes(const std::string& runtime_dir, const Service& service,
                       std::chrono::seconds ttl);
/// Removes the files of the nodes that `service` names by id, whoever wrote them, where they are of that service. How many were
/// there; a folder that does not exist has none.
Result<size_t> remove_nodes(const std::string& runtime_dir, const Service& service);

}  // namespace microhost::registry
