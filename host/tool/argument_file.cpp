// SPDX-License-Identifier: Apache-2.0
#include "tool/argument_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "http/websocket_frames.hpp"

namespace microhost::tool {
namespace {

Result<std::string> read_all(int fd, const std::string& name) {
    std::string out;
    char piece[64 * 1024];
    while (true) {
        const ssize_t n = ::read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error("{}: {}", name, std::strerror(errno));
        if (n == 0) return {boost::system::in_place_value, std::move(out)};
        out.append(piece, static_cast<size_t>(n));
        if (out.size() > kLargestArgument) return error("{}: is longer than 4 MiB", name);
    }
}

Result<std::string> read_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return error("{}: {}", path, std::strerror(errno));
    auto out = read_all(fd, path);
    ::close(fd);
    return out;
}

}  // namespace

bool names_file(const command::Definition& d, std::string_view name, std::string_view value) {
    const command::Argument* a = d.find(name);
    return a && (a->flags & MH_ARG_FILE) && (value == "-" || (value.size() > 1 && value[0] == '@'));
}

Result<> read_argument_files(const command::Definition& d, command::Given& given) {
    bool piped = false;
    for (auto& [name, text] : given) {
        if (!names_file(d, name, text)) continue;
        const bool input = text == "-";
        if (input && std::exchange(piped, true))
            return error("{}: standard input can be given once", name);
        const std::string from = input ? "standard input" : text.substr(1);
        auto content = input ? read_all(STDIN_FILENO, from) : read_file(from);
        if (!content) return content.error();
        if (!http::valid_utf8(*content)) return error("{}: it is no text (UTF-8)", from);
        text = std::move(*content);
    }
    return {};
}

}  // namespace microhost::tool
