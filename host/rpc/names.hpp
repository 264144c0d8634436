// SPDX-License-Identifier: Apache-2.0
/// Addresses of nodes that are host names, as one loop knows them. A request never waits for a name that was resolved before:
/// an old answer is used while it is asked for anew.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "loop/loop.hpp"
#include "net/address.hpp"
#include "net/resolver.hpp"

namespace microhost::rpc {

/// Somebody who cannot go on before a name is resolved. Told once for each Names::wait().
class NameWait {
  public:
    NameWait(const NameWait&) = delete;
    /// The name is of no interest any more. Idempotent.
    void stop_waiting();

  protected:
    NameWait();
    ~NameWait() { stop_waiting(); }
    /// `why` null: ask find() now. Else why it is not known; lent. Whoever waits may be destroyed here, or wait again.
    virtual void on_name(const char* why) = 0;

  private:
    friend class Names;
    NameWait* next_ = nullptr;
    NameWait** link_ = nullptr;
    struct Late : Timer {
        NameWait* owner;
    } late_;
};

class Names {
  public:
    explicit Names(Loop& loop) : loop_(loop) {}
    ~Names();
    Names(const Names&) = delete;

    /// Null: names cannot be resolved. It outlives this, or is taken back.
    net::Resolver* resolver = nullptr;

    /// The address to try first of "name:port"; null while none is known. Lent until the next turn of the loop.
    const net::Address* find(std::string_view place);
    /// Resolves it; `w` is told later, at the latest after `ms`. False: that cannot be, and w is not told.
    bool wait(NameWait& w, std::string_view place, uint32_t ms);
    /// Resolves it for whoever asks next.
    void prepare(std::string_view place);
    /// No connection to `failed` came about: another address comes first from now on. How many the name has.
    size_t pass_over(std::string_view place, const net::Address& failed);

  private:
    struct Entry {
        std::string host;
        uint16_t port = 0;
        std::vector<net::Address> addresses;
        uint64_t fresh_until_ms = 0, known_until_ms = 0;
        std::shared_ptr<net::Lookup> lookup;  // under way
        NameWait* waiting = nullptr;
    };
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
    };

    Entry* entry_of(std::string_view place);
    Entry* known(std::string_view place);
    void make_room();
    void ask(Entry& e);
    void take(Entry& e, const net::Resolved& r);

    Loop& loop_;
    std::unordered_map<std::string, std::unique_ptr<Entry>, Hash, std::equal_to<>> entries_;
};

}  // namespace microhost::rpc
