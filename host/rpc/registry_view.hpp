// SPDX-License-Identifier: Apache-2.0
/// What mh.registry/1 shows of a service, made once on the control thread, so that loops only read.
#pragma once

#include <microhost/draft/registry.h>

#include <memory>
#include <string>
#include <vector>

#include "json/document.hpp"
#include "registry/snapshot.hpp"

/// One name and version in the ABI's forms. Points into the ServiceNodes that owns it.
struct mh_service_view {
    const microhost::registry::Service* service = nullptr;
    std::string json;
    microhost::json::Document document;  // of `json`; owns the schemas' values
    std::vector<mh_kv> pairs;            // all metadata; never reallocated once views point into it
    std::vector<mh_endpoint_view> endpoints;
    std::vector<mh_node_view> nodes;
};

namespace microhost::rpc {

/// ServiceNodes::prepared of decorated tables.
struct ServiceViews {
    std::vector<mh_service_view> versions;  // as ServiceNodes::versions

    static const ServiceViews* of(const registry::ServiceNodes& s) {
        return static_cast<const ServiceViews*>(s.prepared.get());
    }
};

std::shared_ptr<const ServiceViews> make_views(const registry::ServiceNodes& of);

}  // namespace microhost::rpc
