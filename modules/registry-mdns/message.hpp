// SPDX-License-Identifier: Apache-2.0
/// DNS messages as multicast DNS uses them (RFC 1035 section 4, RFC 6762 section 18): what comes is taken apart with bounds on
/// everything, what goes is laid out as Micro's library does it.
///
/// A name is its labels with dots between, without the last dot; a dot or backslash inside of a label has a backslash in front.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::registry_mdns {

enum : uint16_t { kA = 1, kPtr = 12, kTxt = 16, kAaaa = 28, kSrv = 33, kAny = 255 };
enum : uint16_t { kIn = 1, kTopBit = 0x8000 };  // of a question: a unicast answer is wanted
enum : uint16_t { kResponse = 0x8000, kAuthoritative = 0x0400, kOpcode = 0x7800, kRcode = 0x000f };

struct Question {
    std::string name;
    uint16_t type = kPtr;
    uint16_t klass = kIn;
};

/// Of which type decides which members mean something; of other types the data is left out.
struct Record {
    std::string name;
    uint16_t type = 0;
    uint16_t klass = kIn;
    uint32_t ttl = 0;
    std::string target;  ///< PTR, SRV
    uint16_t priority = 0, weight = 0, port = 0;
    std::string address;  ///< A, AAAA: 4 or 16 bytes
    std::vector<std::string> texts;
};

struct Message {
    uint16_t id = 0;
    uint16_t flags = 0;
    std::vector<Question> questions;
    std::vector<Record> answers, authorities, additionals;

    bool response() const { return flags & kResponse; }
};

/// Nothing for bytes that are no message, that end too early, or that have more than kMostRecords.
constexpr size_t kMostRecords = 2048;
std::optional<Message> read_message(std::string_view bytes);

/// Empty when a name or a text does not fit. With `compress` names that were written before become pointers.
std::string write_message(const Message& m, bool compress);

/// Labels of 1 to 63 bytes, 255 in all.
bool name_fits(std::string_view name);
/// In any case of letters, as RFC 6762 section 16 wants it.
bool same_name(std::string_view a, std::string_view b);
std::string folded(std::string_view name);
/// Text whose dots separate labels, such as the name of a service, as a name; and back.
std::string name_of(std::string_view text);
std::string text_of(std::string_view name);
/// What stands in front of `.suffix`; nothing when the name does not end so.
std::optional<std::string_view> before(std::string_view name, std::string_view suffix);

}  // namespace microhost::registry_mdns
