// SPDX-License-Identifier: Apache-2.0
/// What supervisor and worker say to each other, over a pair of SOCK_SEQPACKET sockets: lines of text, the first one is the
/// verb, and perhaps a descriptor. Text, because the two may be of different versions: what is not understood is ignored.
///
/// worker -> supervisor
///   socket ADDRESS NAME  + fd   a listening socket; all of them, then
///   sockets                     ... that was all: the supervisor keeps exactly these
///   ready                       serves
///   alive MS                    a few times a second: the longest that a loop has been in one turn
///   failed TEXT                 why it will end before it was ready
///   replace TEXT                asks to be replaced
///   crash ID VERSION BUILD HOOK SIGNAL    from the signal handler, just before the end
/// supervisor -> worker
///   stop     as SIGTERM         reload   as SIGHUP        retire   another one serves: stop, and leave the instance to it
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::supervise {

struct Message {
    std::string verb;
    std::vector<std::string> fields;
    int fd = -1;  // the receiver's

    /// Empty where there is none.
    const std::string& field(size_t i) const;
};

enum class Patience : uint8_t { none, wait };

/// Line breaks in fields become spaces. False: it could not be sent. Thread: any.
bool send_message(int socket, std::string_view verb,
                  std::initializer_list<std::string_view> fields = {}, int fd = -1,
                  Patience patience = Patience::none);

enum class Got : uint8_t { message, nothing, end };
/// Never waits.
Got receive_message(int socket, Message& out);

}  // namespace microhost::supervise
