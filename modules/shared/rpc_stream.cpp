// SPDX-License-Identifier: Apache-2.0
#include "rpc_stream.hpp"

#include <algorithm>
#include <string>

#include "failure.hpp"
#include "ongoing.hpp"
#include "stream_socket.hpp"
#include "text.hpp"

namespace microhost::shared {
namespace {

constexpr std::string_view kType = "application/x-ndjson";

struct RpcStream : Ongoing {
    mh_req* request = nullptr;
    mh_rpc_call* call = nullptr;  ///< ends with the request by itself
    std::string service, waiting;
    bool begun = false;
    bool held = false;  ///< the service waits until the client has read
    bool ended = false, failed = false;

    bool begin();
    void flush();
    void fail(mh_status s, std::string_view error);
};

bool RpcStream::begin() {
    static constexpr mh_http_stream_events kEvents{
        sizeof(mh_http_stream_events), 0, [](void* user, mh_req*) {
            mh::guarded("on_writable",
                        [&] { return static_cast<RpcStream*>(user)->flush(), MH_OK; });
        }};
    if (begun) return true;
    const mh_kv headers[] = {{mh::lend("Content-Type"), mh::lend(kType)},
                             {mh::lend("Cache-Control"), mh::lend("no-store")}};
    begun = mh::use<mh_http_stream>().begin(request, 200, headers, 2, &kEvents, this) == MH_OK;
    return begun;
}

// After end() and abort() this may be gone.
void RpcStream::flush() {
    const mh_http_stream& stream = mh::use<mh_http_stream>();
    if (!waiting.empty()) {
        const mh_seg piece = mh::bytes(waiting);
        if (stream.write(request, &piece, 1) == MH_E_BUSY) {
            if (!held && call) mh::use<mh_rpc>().pause(call);
            held = true;
            return;
        }
        waiting.clear();
    }
    if (failed) return stream.abort(request);
    if (ended) {
        stream.end(request);
        return;
    }
    if (held && call) mh::use<mh_rpc>().resume(call);
    held = false;
}

void RpcStream::fail(mh_status s, std::string_view error) {
    const Failure f = failure_of(s, error, service, "go.micro.rpc");
    if (!begun) {
        mh::request(request).respond(f.status, "application/json", f.json);
        return;
    }
    waiting += R"({"error":)" + f.json + "}\n";
    failed = true;
    flush();
}

void on_message(void* user, mh_rpc_call*, const mh_rpc_message* m) {
    auto& self = *static_cast<RpcStream*>(user);
    mh::guarded("on_message", [&] {
        if (!self.begin()) return MH_OK;
        // Line ends stand between the parts of a value at most: within its texts they are escaped.
        std::string_view body = trim(view(m->body));
        const size_t from = self.waiting.size();
        self.waiting.append(body);
        std::replace(self.waiting.begin() + static_cast<std::ptrdiff_t>(from), self.waiting.end(),
                     '\n', ' ');
        self.waiting += '\n';
        self.flush();
        return MH_OK;
    });
}

void on_end(void* user, mh_rpc_call*, mh_status s, mh_str error) {
    auto& self = *static_cast<RpcStream*>(user);
    self.call = nullptr;
    mh::guarded("on_end", [&] {
        if (s != MH_OK) {
            self.fail(s, view(error));
        } else if (self.begin()) {
            self.ended = true;
            self.flush();
        }
        return MH_OK;
    });
}

constexpr mh_rpc_sink kSink{sizeof(mh_rpc_sink), 0, on_message, on_end, nullptr};

mh_rpc_target target_of(const RpcRequest& wanted, std::span<const mh_kv> metadata) {
    mh_rpc_target t{};
    t.size = sizeof t;
    t.flags = MH_RPC_STREAM;
    t.service = mh::lend(wanted.service);
    t.endpoint = mh::lend(wanted.endpoint);
    t.address = mh::lend(wanted.address);
    t.content_type = mh::lend("application/json");
    t.metadata = metadata.data();
    t.n_metadata = static_cast<uint32_t>(metadata.size());
    return t;
}

}  // namespace

bool wants_stream(const mh::request& r) {
    bool found = false;
    for_each_item(r.header(MH_H_ACCEPT), ',', [&](std::string_view item) {
        found = found || iequals(trim(item.substr(0, item.find(';'))), kType);
    });
    return found;
}

void stream_rpc(mh::request r, const RpcRequest& wanted, std::span<const mh_kv> metadata) {
    auto* self = keep(r, new RpcStream);
    self->request = r.raw();
    self->service = wanted.service;
    const mh_rpc_target t = target_of(wanted, metadata);
    const mh_rpc& rpc = mh::use<mh_rpc>();
    const mh_status s = rpc.open(mh::the_host, r.raw(), &t, &kSink, self, &self->call);
    if (s != MH_OK) return self->fail(s == MH_E_INVALID ? MH_E_UNSUPPORTED : s, {});
    // Our side stays open: go-micro's services take its end for a caller who has left.
    rpc.send(self->call, mh::bytes(wanted.request), 0);
}

void join_rpc(mh::request r, const RpcRequest& wanted, std::span<const mh_kv> metadata) {
    const mh_status s = join_stream(
        {mh::the_host, &mh::use<mh_rpc>(), &mh::use<mh_http_websocket>(), &mh::use<mh_json>()},
        r.raw(), target_of(wanted, metadata), wanted.request);
    if (s == MH_OK || s == MH_E_GONE) return;
    if (s == MH_E_INVALID)
        return void(r.respond_error(400, "go.micro.rpc", "this is no correct websocket handshake"));
    const Failure f = failure_of(s, {}, wanted.service, "go.micro.rpc");
    r.respond(f.status, "application/json", f.json);
}

}  // namespace microhost::shared
