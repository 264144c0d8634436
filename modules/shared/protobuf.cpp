// SPDX-License-Identifier: Apache-2.0
#include "protobuf.hpp"

namespace microhost::shared {

void append_varint(std::string& out, uint64_t value) {
    while (value >= 0x80) {
        out += static_cast<char>(value | 0x80);
        value >>= 7;
    }
    out += static_cast<char>(value);
}

void append_field(std::string& out, uint32_t number, std::string_view bytes) {
    append_varint(out, uint64_t{number} << 3 | 2);
    append_varint(out, bytes.size());
    out += bytes;
}

void append_nonempty(std::string& out, uint32_t number, std::string_view bytes) {
    if (!bytes.empty()) append_field(out, number, bytes);
}

void append_varint_field(std::string& out, uint32_t number, uint64_t value) {
    append_varint(out, uint64_t{number} << 3);
    append_varint(out, value);
}

bool ProtoReader::fail() {
    ok_ = false;
    rest_ = {};
    return false;
}

bool ProtoReader::take_varint(uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (rest_.empty()) return fail();
        const auto byte = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        value |= uint64_t{byte & 0x7fu} << shift;
        if (byte < 0x80) return true;
    }
    return fail();
}

bool ProtoReader::take_bytes(uint64_t n) {
    if (n > rest_.size()) return fail();
    bytes_ = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return true;
}

bool ProtoReader::next() {
    if (rest_.empty()) return false;
    uint64_t tag = 0;
    if (!take_varint(tag)) return false;
    if (tag >> 3 == 0 || tag >> 32 != 0) return fail();
    number_ = static_cast<uint32_t>(tag >> 3);
    type_ = tag & 7;
    switch (type_) {
        case 0: return take_varint(varint_);
        case 1: return take_bytes(8);
        case 2: {
            uint64_t n = 0;
            return take_varint(n) && take_bytes(n);
        }
        case 5: return take_bytes(4);
        default: return fail();  // groups (3, 4) have no place in proto3
    }
}

}  // namespace microhost::shared
