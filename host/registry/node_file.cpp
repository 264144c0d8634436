// SPDX-License-Identifier: Apache-2.0
#include "registry/node_file.hpp"

#include "json/document.hpp"
#include "json/nearest.hpp"
#include "json/writer.hpp"
#include "registry/file_name.hpp"
#include "registry/model_json.hpp"

#include <limits>

namespace microhost::registry {
namespace {

constexpr int64_t kNodeFormat = 1;
constexpr int64_t kLongestTtl = 366LL * 24 * 3600;

/// "LINE: " of a top-level key, or "" where the key is missing.
std::string line_of(const json::Document& doc, std::string_view key) {
    const auto line = doc.line_of(fmt::format("/{}", key));
    return line ? fmt::format("{}: ", *line) : std::string{};
}

Result<void> check_format(const json::Document& doc) {
    const json::Value format = doc.root().find("format");
    const auto number = format.as_int64();
    if (!number) return error("{}\"format\" must be 1", line_of(doc, "format"));
    if (*number != kNodeFormat) {
        return error("{}\"format\" is {}, this microhost reads format 1", line_of(doc, "format"),
                     *number);
    }
    return {};
}

Result<std::chrono::seconds> ttl_of(const json::Document& doc) {
    const auto ttl = doc.root().find("ttl_s").as_int64();
    if (!ttl || *ttl < 1 || *ttl > kLongestTtl) {
        return error("{}\"ttl_s\" must be a number of seconds from 1 to {}: write \"ttl_s\": 60",
                     line_of(doc, "ttl_s"), kLongestTtl);
    }
    return std::chrono::seconds(*ttl);
}

Result<pid_t> owner_of(const json::Document& doc) {
    const json::Value owner = doc.root().find("owner_pid");
    if (owner.is_null()) return pid_t{0};
    const auto pid = owner.as_int64();
    if (!pid || *pid < 1 || *pid > std::numeric_limits<pid_t>::max()) {
        return error("{}\"owner_pid\" must be the number of a process, or absent",
                     line_of(doc, "owner_pid"));
    }
    return static_cast<pid_t>(*pid);
}

}  // namespace

Result<NodeFile> parse_node_file(std::string_view text, std::string_view node_id) {
    auto doc = json::Document::parse(text, {.lines = true, .nul = false});
    if (!doc) return doc.error();
    if (!doc->root().is_object()) return error("1:1: must be an object with \"format\": 1");
    if (auto format = check_format(*doc); !format) return format.error();
    NodeFile out;
    auto service = local_service_from_json(doc->root());
    if (!service) return service.error();
    out.service = std::move(*service);
    if (out.service.nodes.size() != 1) {
        return error("{}\"nodes\" has {} nodes: write one file per node", line_of(*doc, "nodes"),
                     out.service.nodes.size());
    }
    if (out.service.nodes.front().address.empty()) {
        return error("{}nodes[0].address: is missing, write host:port", line_of(*doc, "nodes"));
    }
    const std::string& id = out.service.nodes.front().id;
    if (id != node_id) {
        return error("{}the node's id is {}: name the file {}", line_of(*doc, "nodes"),
                     json::quote_short(id), file_name_of(id));
    }
    auto ttl = ttl_of(*doc);
    if (!ttl) return ttl.error();
    out.ttl = *ttl;
    auto owner = owner_of(*doc);
    if (!owner) return owner.error();
    out.owner_pid = *owner;
    return out;
}

std::string format_node_file(const NodeFile& file) {
    std::string text;
    json::Writer out(text, {.pretty = true});
    out.object().key("format").int64(kNodeFormat);
    write_members(out, file.service);
    out.key("ttl_s").int64(file.ttl.count());
    if (file.owner_pid != 0) out.key("owner_pid").int64(file.owner_pid);
    out.end();
    return text + "\n";
}

}  // namespace microhost::registry
