/* SPDX-License-Identifier: Apache-2.0 */
/* Everything of the border that may still change: drafts keep their ids when they are frozen, but until then a module that
 * uses one must be compiled again when the SDK changes it. */
#ifndef MICROHOST_DRAFT_H
#define MICROHOST_DRAFT_H

#include <microhost/draft/access.h>
#include <microhost/draft/app.h>
#include <microhost/draft/command.h>
#include <microhost/draft/command_provider.h>
#include <microhost/draft/config_read.h>
#include <microhost/draft/event.h>
#include <microhost/draft/event_broker.h>
#include <microhost/draft/file.h>
#include <microhost/draft/health.h>
#include <microhost/draft/http_client.h>
#include <microhost/draft/http_forward.h>
#include <microhost/draft/http_handler.h>
#include <microhost/draft/http_server.h>
#include <microhost/draft/http_stream.h>
#include <microhost/draft/http_websocket.h>
#include <microhost/draft/json.h>
#include <microhost/draft/kv.h>
#include <microhost/draft/limit.h>
#include <microhost/draft/log_read.h>
#include <microhost/draft/loop.h>
#include <microhost/draft/metrics.h>
#include <microhost/draft/metrics_read.h>
#include <microhost/draft/modules.h>
#include <microhost/draft/net_resolve.h>
#include <microhost/draft/net_stream.h>
#include <microhost/draft/net_udp.h>
#include <microhost/draft/registry.h>
#include <microhost/draft/registry_provider.h>
#include <microhost/draft/rpc.h>
#include <microhost/draft/rpc_listener.h>
#include <microhost/draft/rpc_router.h>
#include <microhost/draft/rpc_service.h>
#include <microhost/draft/state.h>
#include <microhost/draft/terminal.h>
#include <microhost/draft/thread_check.h>
#include <microhost/draft/timer.h>
#include <microhost/draft/work.h>
#include <microhost/microhost.h>

#endif
