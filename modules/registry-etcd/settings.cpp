// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>

namespace microhost::registry_etcd {
namespace {

constexpr size_t kLongestPrefix = 512;

void check_prefix(const std::string& prefix, const char* pointer) {
    const bool clean = std::none_of(prefix.begin(), prefix.end(),
                                    [](char c) { return c >= 0 && (c <= ' ' || c == 0x7f); });
    const bool names = prefix.find_first_not_of('/') != prefix.npos;
    if (clean && names && prefix.size() <= kLongestPrefix) return;
    throw mh::failure(std::string(pointer + 1) + ": \"" + prefix.substr(0, 60) +
                          "\" cannot be the beginning of keys; write one such as /micro/registry",
                      pointer);
}

void check_time(Settings::ms t, int64_t low_ms, int64_t high_ms, const char* pointer) {
    if (t.count() >= low_ms && t.count() <= high_ms) return;
    throw mh::failure(std::string(pointer + 1) + ": must be from " + std::to_string(low_ms) +
                          "ms to " + std::to_string(high_ms / 1000) + "s",
                      pointer);
}

}  // namespace

Settings Settings::read(const mh_config* config) {
    const mh::config_reader from(config);
    Settings s;
    from.read("addresses", s.addresses), from.read("prefix", s.prefix);
    from.read("old_prefix", s.old_prefix), from.read("username", s.username);
    from.read("password", s.password), from.read("password_file", s.password_file);
    from.read("ca_file", s.ca_file), from.read("cert_file", s.cert_file);
    from.read("key_file", s.key_file), from.read("server_name", s.server_name);
    from.read("tls", s.tls), from.read("ttl", s.ttl), from.read("timeout", s.timeout);
    from.read("probe", s.probe), from.read("priority", s.priority);
    check_prefix(s.prefix, "/prefix");
    if (!s.old_prefix.empty()) check_prefix(s.old_prefix, "/old_prefix");
    const std::string now = folder(s.prefix), old = folder(s.old_prefix);
    if (!s.old_prefix.empty() && (now.starts_with(old) || old.starts_with(now)))
        throw mh::failure("old_prefix: one of it and prefix is within the other; leave it out",
                          "/old_prefix");
    if (s.ttl.count()) check_time(s.ttl, 2'000, 86'400'000, "/ttl");
    check_time(s.timeout, 100, 60'000, "/timeout");
    check_time(s.probe, 100, 60'000, "/probe");
    if (!s.password.empty() && !s.password_file.empty())
        throw mh::failure("give one of password and password_file", "/password_file");
    if (s.username.empty() && !(s.password.empty() && s.password_file.empty()))
        throw mh::failure("a password without a username says nothing; give both", "/username");
    return s;
}

std::string Settings::folder(std::string_view prefix) {
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    return std::string(prefix) + '/';
}

}  // namespace microhost::registry_etcd
