// SPDX-License-Identifier: Apache-2.0
/// The parts together, as the host sees them: a source of services, and a place to announce ours in.
#pragma once

#include <microhost/draft/registry_provider.h>
#include <microhost/watch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "announcer.hpp"
#include "link.hpp"
#include "watcher.hpp"

namespace microhost::registry_etcd {

/// [main]
class Provider {
  public:
    /// Throws mh::failure for settings that make no sense.
    explicit Provider(Settings settings);
    ~Provider();
    Provider(const Provider&) = delete;

    const mh_registry_provider* table() const { return &table_; }
    /// Nothing is watched or announced any more; requests that take back what was withdrawn may still be on their way.
    void stop();

  private:
    struct Folder {
        std::unique_ptr<Watcher> watcher;
        bool listed = false, watching = false;
        unsigned failures = 0;
        std::string problem;
    };
    void fill_table();
    void add_folder(std::string folder);
    void read_password();
    mh_status start();

    void on_up();
    void on_down(const std::string& why);
    void on_listed(Folder& f, const Header& header);
    void on_watching(Folder& f);
    void on_broken(Folder& f, const std::string& why, bool connection);
    void tell_problems();

    const Settings settings_;
    Endpoints endpoints_;
    Client client_;
    Catalogue catalogue_;
    Announcer announcer_;
    Link link_;
    std::vector<std::unique_ptr<Folder>> folders_;
    std::optional<mh::watched_file> password_file_;
    std::string link_problem_, own_problem_, password_problem_, said_;
    mh_registry_provider table_{};
    bool synced_ = false, started_ = false;
};

}  // namespace microhost::registry_etcd
