// SPDX-License-Identifier: Apache-2.0
// The only file that knows wslay: its frame layer, because the event layer above it asserts and buffers each fragment apart.
#include "http/websocket_frames.hpp"

#include <sys/random.h>
#include <wslay/wslay.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <random>

#include "observe/escape.hpp"

namespace microhost::http {
namespace {

constexpr size_t kMostControl = 125;
constexpr size_t kKeptBuffer = 64 * 1024;  // what a connection may hold on to between messages

bool is_control_frame(WsOpcode o) { return static_cast<uint8_t>(o) & 8; }

bool known(uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

/// No more than it needs between messages.
void forget(std::string& s) {
    if (s.capacity() > kKeptBuffer) std::string().swap(s);
    s.clear();
}

}  // namespace

struct WsReader::Frame : wslay_frame_iocb {};

bool ws_code_valid(uint32_t code) {
    if (code >= 3000) return code <= 4999;
    return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
}

bool valid_utf8(std::string_view text) {
    while (!text.empty()) {
        if (static_cast<unsigned char>(text[0]) < 0x80) {
            text.remove_prefix(1);
            continue;
        }
        char32_t code;
        const size_t n = observe::utf8_sequence(text, code);
        if (!n) return false;
        text.remove_prefix(n);
    }
    return true;
}

WsReader::WsReader(WsEvents& events, WsEnd peer, uint64_t max_message)
    : events_(events), peer_(peer), max_message_(max_message) {
    wslay_frame_callbacks calls{};
    calls.recv_callback = &WsReader::receive;
    if (wslay_frame_context_init(&context_, &calls, this) != 0) throw std::bad_alloc();
}

WsReader::~WsReader() { wslay_frame_context_free(context_); }

long WsReader::receive(unsigned char* out, size_t room, int, void* self) {
    std::string_view& bytes = static_cast<WsReader*>(self)->bytes_;
    if (bytes.empty()) return -1;  // no more for now
    const size_t n = std::min(room, bytes.size());
    std::memcpy(out, bytes.data(), n);
    bytes.remove_prefix(n);
    return static_cast<long>(n);
}

void WsReader::feed(std::string_view bytes) {
    bytes_ = bytes;
    while (!stopped_ && step()) {
    }
    bytes_ = {};
}

// One piece of a frame. False: nothing more can be done with these bytes.
bool WsReader::step() {
    Frame f{};
    const long n = wslay_frame_recv(context_, &f);
    if (n == WSLAY_ERR_WANT_READ) return false;
    if (n < 0) {
        violation(kWsProtocolError, "malformed frame");
        return false;
    }
    if (!in_frame_ && !begin_frame(f)) return false;
    std::string& into = is_control_frame(frame_) ? control_ : message_;
    if (f.data_length) into.append(reinterpret_cast<const char*>(f.data), f.data_length);
    left_ -= std::min<uint64_t>(left_, f.data_length);
    if (left_ == 0) end_frame();
    return true;
}

bool WsReader::begin_frame(const Frame& f) {
    auto broken = [&](uint16_t code, const char* why) {
        violation(code, why);
        return false;
    };
    if (!f.mask && peer_ == WsEnd::client)
        return broken(kWsProtocolError, "frames of a client are masked");
    if (f.mask && peer_ == WsEnd::server)
        return broken(kWsProtocolError, "frames of a server are not masked");
    if (f.rsv) return broken(kWsProtocolError, "reserved bits without an extension");
    if (!known(f.opcode)) return broken(kWsProtocolError, "unknown opcode");
    const auto opcode = static_cast<WsOpcode>(f.opcode);
    if (is_control_frame(opcode)) {
        if (!f.fin || f.payload_length > kMostControl)
            return broken(kWsProtocolError, "control frame in fragments or too long");
        control_.clear();
    } else {
        if ((opcode == WsOpcode::continuation) != in_message_)
            return broken(kWsProtocolError, "fragments out of order");
        if (f.payload_length > max_message_ - message_.size())
            return broken(kWsTooBig, "message too big");
        if (!in_message_) message_opcode_ = opcode;
        in_message_ = true;
    }
    in_frame_ = true;
    frame_ = opcode;
    fin_ = f.fin;
    left_ = f.payload_length;
    return true;
}

void WsReader::end_frame() {
    in_frame_ = false;
    if (is_control_frame(frame_))
        end_control();
    else if (fin_)
        end_message();
}

void WsReader::end_message() {
    in_message_ = false;
    if (message_opcode_ == WsOpcode::text && !valid_utf8(message_))
        return violation(kWsNotUtf8, "text is not UTF-8");
    events_.on_ws_message(message_opcode_, message_);
    forget(message_);
}

void WsReader::end_control() {
    if (frame_ == WsOpcode::ping) return events_.on_ws_ping(control_);
    if (frame_ == WsOpcode::pong) return events_.on_ws_pong();
    if (control_.empty()) {
        stop();
        return events_.on_ws_close(kWsNoCode, {});
    }
    if (control_.size() == 1) return violation(kWsProtocolError, "half a close code");
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(control_[i]); };
    const auto code = static_cast<uint16_t>(byte(0) << 8 | byte(1));
    const std::string_view reason = std::string_view(control_).substr(2);
    if (!ws_code_valid(code)) return violation(kWsProtocolError, "invalid close code");
    if (!valid_utf8(reason)) return violation(kWsNotUtf8, "the reason is not UTF-8");
    stop();
    events_.on_ws_close(code, reason);
}

void WsReader::violation(uint16_t code, const char* why) {
    stop();
    events_.on_ws_violation(code, why);
}

// Written here, because wslay writes into sockets only, a frame at a time.
size_t write_ws_head(char* out, WsOpcode opcode, uint64_t payload) {
    size_t n = 0;
    auto big_endian = [&](uint64_t v, int bytes) {
        while (bytes-- > 0) out[n++] = static_cast<char>(v >> 8 * bytes & 0xff);
    };
    big_endian(0x80u | static_cast<uint8_t>(opcode), 1);
    if (payload <= 125) {
        big_endian(payload, 1);
    } else if (payload <= 0xffff) {
        big_endian(126, 1);
        big_endian(payload, 2);
    } else {
        big_endian(127, 1);
        big_endian(payload, 8);
    }
    return n;
}

WsMask random_ws_mask() {
    // The kernel is asked for many at once.
    static thread_local std::array<unsigned char, 256> pool;
    static thread_local size_t left = 0;
    if (left == 0) {
        if (::getrandom(pool.data(), pool.size(), 0) != static_cast<ssize_t>(pool.size()))
            for (std::random_device random; unsigned char& c : pool)
                c = static_cast<unsigned char>(random());
        left = pool.size();
    }
    WsMask mask;
    left -= mask.size();
    std::memcpy(mask.data(), pool.data() + left, mask.size());
    return mask;
}

std::string masked_ws_frame(WsOpcode opcode, std::string_view payload, WsMask mask) {
    char head[kWsHead];
    const size_t n = write_ws_head(head, opcode, payload.size());
    std::string out;
    out.reserve(n + mask.size() + payload.size());
    out.assign(head, n);
    out[1] = static_cast<char>(out[1] | 0x80);
    out.append(reinterpret_cast<const char*>(mask.data()), mask.size());
    const size_t at = out.size();
    out.append(payload);
    for (size_t i = 0; i < payload.size(); i++)
        out[at + i] = static_cast<char>(out[at + i] ^ mask[i % mask.size()]);
    return out;
}

}  // namespace microhost::http
