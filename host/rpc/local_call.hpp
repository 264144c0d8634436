// SPDX-License-Identifier: Apache-2.0
/// The service's side of a call within the process. The ABI's mh_rpc_in.
#pragma once

#include <microhost/draft/rpc_service.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct mh_rpc_in {};

namespace microhost::rpc {

class Call;

/// Embedded in its Call. Valid from on_call until reply or fail; `call` is null once nobody waits any more.
struct LocalCall : mh_rpc_in {
    Call* call = nullptr;
    std::string service, endpoint;
    std::vector<std::pair<std::string, std::string>> metadata;

    static LocalCall& of(mh_rpc_in* in) { return *static_cast<LocalCall*>(in); }
};

extern const mh_rpc_server kServerTable;

}  // namespace microhost::rpc
