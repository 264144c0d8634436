// SPDX-License-Identifier: Apache-2.0
/// The options of the module, read once; README.md says more.
#pragma once

#include <microhost/config_reader.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace microhost::registry_etcd {

struct Settings {
    using ms = std::chrono::milliseconds;

    std::string addresses = "127.0.0.1:2379";
    std::string prefix = "/micro/registry";
    std::string old_prefix;  ///< read too when it is not empty
    std::string username, password, password_file;
    std::string ca_file, cert_file, key_file, server_name;
    bool tls = false;
    ms ttl{0};  ///< 0: as who announces a node asks
    ms timeout{5'000};
    ms probe{5'000};
    std::int64_t priority = 50;

    /// Throws mh::failure for what makes no sense.
    static Settings read(const mh_config* config);
    /// "/micro/registry/": what all keys of a prefix begin with.
    static std::string folder(std::string_view prefix);
};

}  // namespace microhost::registry_etcd
