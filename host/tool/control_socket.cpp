// SPDX-License-Identifier: Apache-2.0
#include "tool/control_socket.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>

#include "json/nearest.hpp"

namespace microhost::tool {
namespace {

namespace fs = std::filesystem;

bool is_locked(const std::string& folder) {
    const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
}

}  // namespace

Result<command::Reply> Instance::ask(std::string_view method, std::string_view target,
                                     std::string_view body) const {
    return command::ask(socket(), method, target, body);
}

Result<json::Document> Instance::get(std::string_view target) const {
    auto reply = ask("GET", target);
    if (!reply) return reply.error();
    if (reply->status != 200) return error("{}: {}", name, command::detail_of(*reply));
    auto document = json::Document::parse(reply->body);
    if (!document) return document.error().context(fmt::format("{}{}", name, target));
    return document;
}

std::vector<Instance> instances(const std::string& runtime_dir) {
    std::vector<Instance> out;
    std::error_code ec;
    for (fs::directory_iterator it(runtime_dir + "/instances", ec), end; !ec && it != end;
         it.increment(ec)) {
        const std::string folder = it->path().string();
        out.push_back({it->path().filename().string(), folder, is_locked(folder)});
    }
    std::ranges::sort(out, {}, &Instance::name);
    return out;
}

Result<Instance> find_instance(const std::string& runtime_dir, std::string_view name) {
    std::vector<Instance> alive = instances(runtime_dir);
    std::erase_if(alive, [](const Instance& i) { return !i.alive; });
    if (alive.empty())
        return error(
            "no microhost is running: there is none in {}/instances; start one, or say where it "
            "is with microhost --runtime_dir DIR before the verb",
            runtime_dir);
    std::vector<std::string_view> names;
    for (const Instance& i : alive) {
        if (i.name == name) return i;
        names.push_back(i.name);
    }
    if (!name.empty())
        return error("no instance {} in {}/instances{}", json::quote_short(name), runtime_dir,
                     json::did_you_mean(name, names));
    if (alive.size() > 1)
        return error("several are running ({}); choose one with --instance NAME",
                     fmt::join(names, ", "));
    return alive[0];
}

std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const unsigned char c : text)
        if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '/')
            out += static_cast<char>(c);
        else
            out += fmt::format("%{:02X}", c);
    return out;
}

}  // namespace microhost::tool
