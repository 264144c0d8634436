// SPDX-License-Identifier: Apache-2.0
#include "serve/offered.hpp"

#include <microhost/draft/http_handler.h>
#include <microhost/draft/http_server.h>
#include <microhost/http_filter.h>

#include "command/abi_command.hpp"
#include "command/provider.hpp"
#include "control/abi_read.hpp"
#include "event/abi_event_broker.hpp"
#include "http/abi_client.hpp"
#include "http/abi_request.hpp"
#include "http/abi_server.hpp"
#include "http/abi_stream.hpp"
#include "http/abi_websocket.hpp"
#include "module/abi/tables.hpp"
#include "net/abi_resolve.hpp"
#include "net/abi_stream.hpp"
#include "net/abi_udp.hpp"
#include "rpc/abi_forward.hpp"
#include "rpc/abi_registry.hpp"
#include "rpc/abi_registry_provider.hpp"
#include "rpc/abi_rpc.hpp"
#include "rpc/local_call.hpp"

namespace microhost::serve {

void offer_interfaces(module::InterfaceTable& table) {
    module::offer_basics(table);
    table.offer(MH_HTTP_REQUEST, &http::kRequestTable);
    table.offer(MH_HTTP_FORWARD, &rpc::kForwardTable);
    table.offer(MH_HTTP_STREAM, &http::kStreamTable);
    table.offer(MH_HTTP_WEBSOCKET, &http::kWebsocketTable);
    table.offer(MH_HTTP_CLIENT, &http::kClientTable);
    table.offer(MH_HTTP_SERVER, &http::kServerTable);
    table.offer(MH_NET_RESOLVE, &net::kResolveTable);
    table.offer(MH_NET_STREAM, &net::kStreamTable);
    table.offer(MH_NET_UDP, &net::kUdpTable);
    table.offer(MH_RPC, &rpc::kRpcTable);
    table.offer(MH_RPC_SERVER, &rpc::kServerTable);
    table.offer(MH_RPC_INCOMING, &rpc::kIncomingTable);
    table.offer(MH_REGISTRY, &rpc::kRegistryTable);
    table.offer(MH_REGISTRY_SINK, &rpc::kRegistrySinkTable);
    table.offer(MH_COMMAND, &command::kCommandTable);
    table.offer(MH_COMMAND_OUTPUT, &command::kOutputTable);
    table.offer(MH_EVENT_SINK, &event::kSinkTable);
    table.offer(MH_MODULES, &command::kModulesTable);
    table.offer(MH_LOG_READ, &control::kLogReadTable);
    table.offer(MH_CONFIG_READ, &control::kConfigReadTable);
    table.offer(MH_METRICS_READ, &control::kMetricsReadTable);
    // A point at which modules contribute can be required like an interface; there is nothing to call.
    static const uint32_t point = sizeof point;
    for (const char* id :
         {MH_HTTP_FILTER, MH_HTTP_HANDLER, MH_HTTP_LISTENER, MH_RPC_SERVICE, MH_RPC_ROUTER,
          MH_RPC_LISTENER, MH_COMMAND_PROVIDER, MH_REGISTRY_PROVIDER, MH_EVENT_BROKER})
        table.offer(id, &point);
}

void add_points(module::Points& points) {
    points.add(command::kProviderPoint);
    points.add(rpc::kRegistryProviderPoint);
    points.add(event::kBrokerPoint);
}

const module::InterfaceTable& offered_interfaces() {
    static const module::InterfaceTable table = [] {
        module::InterfaceTable t;
        offer_interfaces(t);
        return t;
    }();
    return table;
}

}  // namespace microhost::serve
