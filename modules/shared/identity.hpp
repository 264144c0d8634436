// SPDX-License-Identifier: Apache-2.0
/// What the filters of phase authn have in common: who asks, how it is passed on, and how somebody unknown is turned away.
#pragma once

#include <microhost/request.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace microhost::shared {

/// Who asks, with memory of its own: what caches keep.
struct Identity {
    std::string subject, issuer;
    std::vector<std::string> roles;
    std::vector<std::pair<std::string, std::string>> claims;
    std::vector<std::pair<std::string, std::string>>
        fields;  ///< of the request, for whoever handles it

    /// Becomes the request's principal (nobody without a subject), with the fields set. False when the host refuses one of them.
    bool apply(mh::request& r) const;
};

/// Removes every request field that a handler could take for `name`: in any case, and with "_" for "-", as CGI does.
void remove_field(mh::request& r, std::string_view name);
/// The same, and puts one with this value there.
bool replace_field(mh::request& r, std::string_view name, std::string_view value);

/// A name that the host lets filters set in requests: a token that is neither framing nor Host nor about the connection.
bool settable_field(std::string_view name);
/// Text that can be the value of a field.
bool field_value(std::string_view text);

enum class Found { none, one, several };

/// The credentials after `scheme` ("basic", in lower case) in Authorization. None also when the scheme is another one. Several
/// fields are never taken for one: who reads the message next may take the other.
Found authorization(const mh::request& r, std::string_view scheme, std::string_view& credentials);

/// A quoted string of HTTP (RFC 9110 section 5.6.4). `text` has no control bytes.
std::string quoted_string(std::string_view text);

/// 401 and others as the gateway's error JSON, with a challenge when there is one.
mh::verdict refuse(mh::request& r, unsigned status, std::string_view id, std::string_view detail,
                   std::string_view challenge = {});

/// Says that something is wrong at most every ten seconds, however many requests it concerns. One for each loop.
class Complaint {
  public:
    void warn(const mh::request& r, std::string_view text);

  private:
    uint64_t next_ns_ = 0;
};

}  // namespace microhost::shared
