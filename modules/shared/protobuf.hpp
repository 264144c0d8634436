// SPDX-License-Identifier: Apache-2.0
/// The protobuf wire format as far as go.api messages need it: varints and length-delimited fields (encoding.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace microhost::shared {

void append_varint(std::string& out, uint64_t value);
/// A length-delimited field: string, bytes or message.
void append_field(std::string& out, uint32_t number, std::string_view bytes);
/// The same, but nothing for an empty one (proto3 default).
void append_nonempty(std::string& out, uint32_t number, std::string_view bytes);
void append_varint_field(std::string& out, uint32_t number, uint64_t value);

/// Reads the fields of one message in order; unknown ones are handed out like all others.
class ProtoReader {
  public:
    explicit ProtoReader(std::string_view message) : rest_(message) {}

    /// False at the end and at broken input: ask ok() then.
    bool next();
    bool ok() const { return ok_; }

    uint32_t number() const { return number_; }
    bool is_bytes() const { return type_ == 2; }
    bool is_varint() const { return type_ == 0; }
    std::string_view bytes() const { return bytes_; }
    uint64_t varint() const { return varint_; }

  private:
    bool take_varint(uint64_t& value);
    bool take_bytes(uint64_t n);
    bool fail();

    std::string_view rest_;
    std::string_view bytes_;
    uint64_t varint_ = 0;
    uint32_t number_ = 0;
    uint32_t type_ = 0;
    bool ok_ = true;
};

}  // namespace microhost::shared
