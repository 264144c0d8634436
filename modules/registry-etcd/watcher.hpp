// SPDX-License-Identifier: Apache-2.0
/// Follows the keys of one folder: a list, then a watch from the revision behind it, resumed after a break, and a list again
/// when etcd has forgotten what was missed.
#pragma once

#include <microhost/watch.hpp>

#include <functional>
#include <string>

#include "catalogue.hpp"
#include "client.hpp"
#include "stream.hpp"

namespace microhost::registry_etcd {

/// [main]
class Watcher {
  public:
    struct Hooks {
        /// The catalogue holds all of the folder as it was at that revision.
        std::function<void(const Header& header)> listed;
        /// Changes are seen as they come.
        std::function<void()> watching;
        /// A key was deleted at that revision, and the catalogue knows.
        std::function<void(const std::string& key, int64_t revision)> deleted;
        /// Changes are not seen until `watching`; `connection`: etcd may not be there at all.
        std::function<void(const std::string& why, bool connection)> broken;
    };
    Watcher(Client& client, Endpoints& endpoints, const Settings& settings, Catalogue& catalogue,
            std::string folder, Hooks hooks);

    /// etcd is there, for the first time or again.
    void on_up();
    void on_down();
    /// etcd has answered. `keys`: how many there are in the folder, or -1.
    void on_beat(const Header& header, int64_t keys);
    void stop();

  private:
    enum class State : uint8_t { off, listing, opening, watching, waiting };

    void resume();
    void list();
    void ask_page();
    void on_page(const Answer& a);
    void on_list_failure(const Answer& a);
    void list_later();
    void open();
    void open_stream();
    void on_message(std::string_view message);
    void on_watched(const Watched& w);
    void on_canceled(const Watched& w);
    void on_events(const Watched& w);
    void on_end(mh_status s, const std::string& why);
    void fail(const std::string& why, bool connection);
    bool lost_data(const Header& header) const;

    Client& client_;
    Endpoints& endpoints_;
    const Settings& settings_;
    Catalogue& catalogue_;
    const std::string folder_;
    Hooks hooks_;
    State state_ = State::off;
    Stream stream_;
    mh::timer timer_;
    Backoff backoff_;
    Client::Ticket ticket_ = 0;
    size_t endpoint_ = 0;  // of the stream
    std::string from_;     // the next page
    Header listed_;        // what the pages are of
    Header seen_;          // the catalogue is as etcd was then
    int64_t page_ = 500;
    bool need_list_ = true;
    bool up_ = false;
    uint64_t messages_ = 0, messages_at_beat_ = 0;
    unsigned opening_beats_ = 0;
    unsigned odd_beats_ = 0;  // in a row with another number of keys than ours
};

}  // namespace microhost::registry_etcd
