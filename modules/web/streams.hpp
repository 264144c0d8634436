// SPDX-License-Identifier: Apache-2.0
/// The open streams of events of one loop (WHATWG HTML, server-sent events).
#pragma once

#include <microhost/draft/http_stream.h>
#include <microhost/request.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../shared/access.hpp"
#include "../shared/ongoing.hpp"

namespace microhost::web {

class Web;
class Guard;
using EventText = std::shared_ptr<const std::string>;

class Streams {
  public:
    Streams(Web& web, Guard& guard, uint32_t loop) : web_(web), guard_(guard), loop_(loop) {}
    ~Streams();
    Streams(const Streams&) = delete;

    /// Answers with a stream of those topics; it ends with the client, with his session, or when the module is drained.
    mh_status open(mh::request r, const shared::Asker& who, uint32_t topics, uint64_t log_after);
    /// What is new, for those who have been brought up to date.
    void tell(uint32_t topic, const std::string& event);
    /// What brings one up to date: from here on it is told what is new.
    void catch_up(uint64_t id, const std::string& events);
    void close_all();

  private:
    struct Stream final : shared::Ongoing {
        Streams* owner;
        mh_req* request;
        shared::Asker who;
        uint64_t id;
        uint32_t topics;
        bool live = false;    ///< has been brought up to date
        bool behind = false;  ///< was too slow: events were left out

        Stream(Streams* o, mh_req* r, const shared::Asker& w, uint64_t i, uint32_t t)
            : owner(o), request(r), who(w), id(i), topics(t) {}
        ~Stream() override { owner->gone(*this); }
    };

    void gone(Stream& s);
    std::vector<uint64_t> ids(uint32_t topic) const;  ///< of those that are told
    void write(uint64_t id, std::string_view text);
    static void on_writable(void* user, mh_req* r);
    void ping();
    static void on_ping(void* arg);

    Web& web_;
    Guard& guard_;
    const uint32_t loop_;
    std::map<uint64_t, Stream*> all_;  ///< the requests own them
    mh_token ping_ = 0;
};

/// Hands an event to the streams of all loops. [main]
void tell_streams(uint32_t topic, EventText event);

}  // namespace microhost::web
