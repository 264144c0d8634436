// SPDX-License-Identifier: Apache-2.0
/// Websocket frames to messages and back (RFC 6455 sections 5 and 8.1): no sockets, no timers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

struct wslay_frame_context;

namespace microhost::http {

/// What a frame is for (RFC 6455 section 5.2).
enum class WsOpcode : uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10
};

/// Why a connection is closed (RFC 6455 section 7.4.1).
enum WsCode : uint16_t {
    kWsNormal = 1000,
    kWsProtocolError = 1002,
    kWsNoCode = 1005,  // never sent
    kWsBroken = 1006,  // never sent
    kWsNotUtf8 = 1007,
    kWsTooBig = 1009,
};

/// May a close frame carry it? 1000..1014 but 1004, 1005, 1006; 3000..4999.
bool ws_code_valid(uint32_t code);
bool valid_utf8(std::string_view text);

/// Gets what a WsReader understood. All arguments are lent.
class WsEvents {
  public:
    virtual void on_ws_message(WsOpcode opcode, std::string_view message) = 0;
    virtual void on_ws_ping(std::string_view payload) = 0;
    virtual void on_ws_pong() = 0;
    /// The peer closes; 1005 when it gave no code.
    virtual void on_ws_close(uint16_t code, std::string_view reason) = 0;
    /// The peer broke the rules, and the connection must be closed with this code.
    virtual void on_ws_violation(uint16_t code, const char* why) = 0;

  protected:
    ~WsEvents() = default;
};

/// Which end of the connection somebody is: what a client sends is masked, what a server sends is not.
enum class WsEnd : uint8_t { client, server };

/// Bytes from `peer`, in pieces of any size.
class WsReader {
  public:
    WsReader(WsEvents& events, WsEnd peer, uint64_t max_message);
    ~WsReader();
    WsReader(const WsReader&) = delete;
    WsReader& operator=(const WsReader&) = delete;

    void feed(std::string_view bytes);
    /// Whatever comes from now on is ignored. Within a callback too.
    void stop() { stopped_ = true; }

  private:
    static long receive(unsigned char* out, size_t room, int flags, void* self);
    struct Frame;
    bool step();
    bool begin_frame(const Frame& f);
    void end_frame();
    void end_control();
    void end_message();
    void violation(uint16_t code, const char* why);

    WsEvents& events_;
    WsEnd peer_;
    uint64_t max_message_;
    wslay_frame_context* context_ = nullptr;
    std::string_view bytes_;  // still to be read
    std::string message_, control_;
    uint64_t left_ = 0;  // of the frame's payload
    WsOpcode frame_ = WsOpcode::continuation, message_opcode_ = WsOpcode::continuation;
    bool in_frame_ = false;
    bool in_message_ = false;  // a first fragment came, and not yet the last
    bool fin_ = false;
    bool stopped_ = false;
};

constexpr size_t kWsHead = 10;
/// The head of an unmasked, unfragmented frame, at `out` (kWsHead bytes); returns its size.
size_t write_ws_head(char* out, WsOpcode opcode, uint64_t payload);

using WsMask = std::array<unsigned char, 4>;
/// One that nobody can foretell (RFC 6455 section 10.3). Thread: any.
WsMask random_ws_mask();
/// A whole unfragmented frame as a client sends it.
std::string masked_ws_frame(WsOpcode opcode, std::string_view payload, WsMask mask);

}  // namespace microhost::http
