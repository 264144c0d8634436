// SPDX-License-Identifier: Apache-2.0
#include "stream_socket.hpp"

#include <deque>
#include <memory>
#include <string>

#include "call_failure.hpp"
#include "error_json.hpp"
#include "text.hpp"

namespace microhost::shared {
namespace {

constexpr size_t kMostWaiting = 1 << 20;  // of a client that is faster than the service
constexpr size_t kMostReason = 123;       // RFC 6455 section 5.5: a control frame holds 125 bytes
constexpr uint32_t kNormal = 1000, kTooFast = 1008, kFailed = 1011;

/// A piece of text of at most that size that ends with a whole character.
std::string_view cut(std::string_view text, size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
    return text.substr(0, most);
}

/// Lives from accept() to on_close.
struct StreamSocket {
    StreamSocketHost host;
    int32_t opcode = MH_WS_TEXT;
    mh_ws* socket = nullptr;
    mh_rpc_call* call = nullptr;  ///< null: it has ended
    std::deque<std::string> to_service;
    size_t bytes = 0;
    std::string to_client;  ///< one message that the client has had no room for
    bool held = false;      ///< because of it
    bool over = false;      ///< the stream has ended, and close() is due
    uint32_t code = kNormal;
    std::string reason;

    void give(std::string_view message);
    void take(std::string_view message);
    void flush();
    void leave();
};

// What comes while an earlier message waits has to wait too: order counts.
void StreamSocket::give(std::string_view message) {
    if (!call) return;
    if (to_service.empty() && host.rpc->send(call, seg(message), 0) != MH_E_BUSY) return;
    bytes += message.size();
    if (bytes > kMostWaiting) {
        code = kTooFast;
        reason = "messages come faster than the service takes them";
        return leave();
    }
    to_service.emplace_back(message);
}

void StreamSocket::take(std::string_view message) {
    if (message.ends_with('\n') && opcode == MH_WS_TEXT) message.remove_suffix(1);
    if (host.websocket->send(socket, opcode, seg(message)) != MH_E_BUSY) return;
    to_client = message;
    held = true;
    host.rpc->pause(call);
}

void StreamSocket::flush() {
    if (held) {
        if (host.websocket->send(socket, opcode, seg(to_client)) == MH_E_BUSY) return;
        to_client.clear();
        held = false;
        if (call) host.rpc->resume(call);
    }
    if (over && !held) leave();
}

void StreamSocket::leave() { host.websocket->close(socket, code, str(reason)); }

template <class F>
void guarded(StreamSocket& s, F&& f) noexcept {
    try {
        f();
    } catch (...) {
        s.host.websocket->close(s.socket, kFailed, str("out of memory"));
    }
}

void on_message(void* user, mh_rpc_call*, const mh_rpc_message* m) {
    auto& self = *static_cast<StreamSocket*>(user);
    guarded(self, [&] { self.take(view(m->body)); });
}

void on_end(void* user, mh_rpc_call*, mh_status s, mh_str error) {
    auto& self = *static_cast<StreamSocket*>(user);
    self.call = nullptr;
    guarded(self, [&] {
        self.over = true;
        if (s != MH_OK) {
            const ServiceError said = parse_error(self.host.json, view(error));
            const bool by_service = s == MH_E_INVALID && !said.detail.empty();
            self.code = kFailed;
            self.reason = cut(by_service ? said.detail : call_failure(s).detail, kMostReason);
        }
        self.flush();
    });
}

void on_rpc_writable(void* user, mh_rpc_call*) {
    auto& self = *static_cast<StreamSocket*>(user);
    while (self.call && !self.to_service.empty()) {
        if (self.host.rpc->send(self.call, seg(self.to_service.front()), 0) == MH_E_BUSY) return;
        self.bytes -= self.to_service.front().size();
        self.to_service.pop_front();
    }
}

void on_frame(void* user, mh_ws*, int32_t, mh_seg message) {
    auto& self = *static_cast<StreamSocket*>(user);
    guarded(self, [&] { self.give(view(message)); });
}

void on_writable(void* user, mh_ws*) {
    auto& self = *static_cast<StreamSocket*>(user);
    guarded(self, [&] { self.flush(); });
}

void on_close(void* user, mh_ws*, uint32_t, mh_str) {
    const std::unique_ptr<StreamSocket> self(static_cast<StreamSocket*>(user));
    // The host ends what was opened last first, so that the call is still there.
    if (self->call) self->host.rpc->cancel(self->call);
}

constexpr mh_rpc_sink kSink{sizeof(mh_rpc_sink), 0, on_message, on_end, on_rpc_writable};
constexpr mh_ws_events kEvents{sizeof(mh_ws_events), 0, on_frame, on_writable, on_close};

}  // namespace

mh_status join_stream(const StreamSocketHost& host, mh_req* r, mh_rpc_target target,
                      std::string_view first) {
    auto self = std::make_unique<StreamSocket>();
    self->host = host;
    if (view(target.content_type).find("proto") != std::string_view::npos)
        self->opcode = MH_WS_BINARY;
    target.flags |= MH_RPC_STREAM;
    const mh_status opened = host.rpc->open(host.host, r, &target, &kSink, self.get(), &self->call);
    if (opened != MH_OK) return opened;
    mh_ws_options options{};
    options.size = sizeof options;
    const mh_status s = host.websocket->accept(r, &options, &kEvents, self.get(), &self->socket);
    if (s != MH_OK) {
        host.rpc->cancel(self->call);
        return s == MH_E_UNSUPPORTED ? MH_E_GONE : s;
    }
    StreamSocket* const joined = self.release();
    if (!first.empty()) guarded(*joined, [&] { joined->give(first); });
    return MH_OK;
}

}  // namespace microhost::shared
