// SPDX-License-Identifier: Apache-2.0
/// Where the DNS says that a domain's XMPP is (RFC 6120 3.2.1, XEP-0368).
#pragma once

#include <microhost/host.hpp>

#include <deque>
#include <functional>
#include <string>

namespace microhost::bot::xmpp {

/// One question at a time. [main]
class Lookup {
  public:
    /// "host:port", best first; empty: the domain says nothing about it. `none`: it says that there is none.
    using Answer = std::function<void(std::deque<std::string> targets, bool none)>;

    Lookup() = default;
    ~Lookup() { cancel(); }
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;

    void ask(const std::string& domain, bool direct_tls, Answer f);
    void cancel();

  private:
    static void on_answer(void* user, mh_status s, const mh_resolved* v, uint32_t n);

    Answer answer_;
    mh_token token_ = 0;
};

}  // namespace microhost::bot::xmpp
