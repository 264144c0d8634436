// SPDX-License-Identifier: Apache-2.0
// The greeter as an ordinary process: no SDK, no library. It answers Micro's calls over HTTP/1.1 and is found because it
// writes one JSON file. Usage: greeter-process [NAME]
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace {

std::string registered;  // the file, for the signal handler

void leave(int) {
    unlink(registered.c_str());
    _exit(0);
}

/// Value of a header field, or "". `head` is the request up to the empty line.
std::string field(const std::string& head, const std::string& name) {
    for (std::size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
        if (strncasecmp(head.c_str() + at + 2, (name + ":").c_str(), name.size() + 1) != 0) continue;
        const std::size_t from = head.find_first_not_of(' ', at + 3 + name.size());
        return head.substr(from, head.find("\r\n", from) - from);
    }
    return {};
}

/// Reads until `buffer` holds `size` bytes. False when the peer left.
bool fill(int fd, std::string& buffer, std::size_t size) {
    char piece[16384];
    ssize_t n = 1;
    while (buffer.size() < size && (n = read(fd, piece, sizeof piece)) > 0)
        buffer.append(piece, static_cast<std::size_t>(n));
    return buffer.size() >= size;
}

/// Where `mark` stands in what came, reading until it is there.
std::size_t until(int fd, std::string& buffer, const char* mark) {
    std::size_t at;
    while ((at = buffer.find(mark)) == std::string::npos) {
        if (buffer.size() > 65536 || !fill(fd, buffer, buffer.size() + 1)) break;
    }
    return at;
}

/// Takes one chunked body off the buffer: Micro sends empty messages so.
bool chunks(int fd, std::string& buffer, std::string& body) {
    for (;;) {
        const std::size_t end = until(fd, buffer, "\r\n");
        const std::size_t size = std::strtoul(buffer.c_str(), nullptr, 16);
        if (end == std::string::npos || size > (4u << 20) || !fill(fd, buffer, end + 2 + size + 2)) return false;
        body.append(buffer, end + 2, size);
        buffer.erase(0, end + 2 + size + 2);
        if (size == 0) return true;
    }
}

/// The string member "name" of {"name":"John"} with its escapes as they are, or "". A real service would use a JSON library.
std::string name_in(const std::string& json) {
    std::size_t at = json.find("\"name\"");
    if (at == std::string::npos || (at = json.find_first_not_of(" \t\r\n:", at + 6)) == std::string::npos) return {};
    std::size_t end = at + 1;
    while (json[at] == '"' && end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
    return json[at] == '"' && end < json.size() ? json.substr(at + 1, end - at - 1) : std::string();
}

std::string answer(const std::string& service, const std::string& head, const std::string& body) {
    const std::string endpoint = field(head, "Micro-Endpoint"), name = name_in(body);
    std::string extra, reply;
    if (endpoint != "Say.Hello") {
        extra = "Micro-Error: rpc: can't find method " + endpoint + "\r\n";
    } else if (name.empty()) {
        extra = "Micro-Error: {\"id\":\"" + service +
                "\",\"code\":400,\"detail\":\"Name cannot be blank\",\"status\":\"Bad Request\"}\r\n";
    } else {
        reply = "{\"msg\":\"Hello " + name + "\"}";
    }
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMicro-Id: " + field(head, "Micro-Id") + "\r\n" +
           extra + "Content-Length: " + std::to_string(reply.size()) + "\r\n\r\n" + reply;
}

void serve(int fd, const std::string& service) {
    std::string buffer;
    for (;;) {
        const std::size_t end = until(fd, buffer, "\r\n\r\n");
        if (end == std::string::npos) break;
        const std::string head = buffer.substr(0, end + 2);
        buffer.erase(0, end + 4);
        const std::size_t size = std::strtoul(field(head, "Content-Length").c_str(), nullptr, 10);
        if (size > (4u << 20) || !fill(fd, buffer, size)) break;
        std::string body = buffer.substr(0, size);
        buffer.erase(0, size);
        if (!field(head, "Transfer-Encoding").empty() && !chunks(fd, buffer, body)) break;
        const std::string out = answer(service, head, body);
        if (send(fd, out.data(), out.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out.size())) break;
    }
    close(fd);
}

std::filesystem::path registry() {
    const char *runtime = std::getenv("MICROHOST_RUNTIME_DIR"), *xdg = std::getenv("XDG_RUNTIME_DIR");
    return std::filesystem::path(runtime ? runtime : std::string(xdg ? xdg : "/run") + "/microhost") / "registry/v1";
}

}  // namespace

int main(int argc, char** argv) {
    const std::string name = argc > 1 ? argv[1] : "go.micro.api.greeter";
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t length = sizeof address;
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), length) || listen(listener, 128) ||
        getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length)) {
        return perror("greeter-process: cannot listen"), 1;
    }
    const std::string pid = std::to_string(getpid()), id = name + "-" + pid;
    const std::filesystem::path file = registry() / (id + ".json"), fresh = registry() / (id + ".json.tmp");
    std::error_code ignored;
    std::filesystem::create_directories(registry(), ignored);
    std::ofstream(fresh)
        << R"({"format":1,"version":"1.0.0","metadata":null,"ttl_s":10,"owner_pid":)" << pid
        << R"(,"endpoints":[{"name":"Say.Hello","request":null,"response":null,"metadata":null}],"name":")" << name
        << R"(","nodes":[{"id":")" << id << R"(","metadata":{"protocol":"mucp"},"address":"127.0.0.1:)"
        << ntohs(address.sin_port) << "\"}]}\n";
    if (rename(fresh.c_str(), file.c_str())) return perror(("greeter-process: " + file.string()).c_str()), 1;
    registered = file;
    for (int s : {SIGTERM, SIGINT}) std::signal(s, leave);
    std::printf("%s at 127.0.0.1:%d\n", name.c_str(), ntohs(address.sin_port));
    std::fflush(stdout);

    pollfd waiting{listener, POLLIN, 0};
    for (;;) {
        const bool ready = poll(&waiting, 1, 2000) > 0;
        utimensat(AT_FDCWD, file.c_str(), nullptr, 0);  // the heartbeat
        const int fd = ready ? accept4(listener, nullptr, nullptr, SOCK_CLOEXEC) : -1;
        if (fd >= 0) std::thread(serve, fd, name).detach();
    }
}
