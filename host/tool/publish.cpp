// SPDX-License-Identifier: Apache-2.0
#include "tool/publish.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "http/websocket_frames.hpp"
#include "tool/instance.hpp"

namespace microhost::tool {
namespace {

constexpr size_t kLongest = 1024 * 1024;  // as much as an event may hold

Result<std::string> read_all(std::FILE* from, const std::string& name) {
    std::string out;
    char piece[16 * 1024];
    size_t n;
    while ((n = std::fread(piece, 1, sizeof piece, from)) > 0) {
        out.append(piece, n);
        if (out.size() > kLongest) return error("{}: a message is at most 1 MiB", name);
    }
    if (std::ferror(from)) return error("{}: {}", name, std::strerror(errno));
    if (!http::valid_utf8(out)) return error("{}: it is no text (UTF-8)", name);
    return {boost::system::in_place_value, std::move(out)};
}

Result<std::string> content_of(const std::string& word) {
    if (word == "-") return read_all(stdin, "standard input");
    const std::string path = word.substr(1);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                               std::fclose);
    if (!file) return error("{}: {}", path, std::strerror(errno));
    return read_all(file.get(), path);
}

bool takes_next(const std::string& word) {
    return word.starts_with("--") && word.find('=') == word.npos;
}

}  // namespace

Result<Words> with_files(Words words) {
    const auto end = std::find(words.begin(), words.end(), "--");
    for (auto w = words.begin(); w != words.end(); ++w) {
        if (w < end && w != words.begin() && takes_next(*(w - 1))) continue;
        if (*w != "-" && !(w->starts_with('@') && w->size() > 1)) continue;
        auto content = content_of(*w);
        if (!content) return content.error();
        // Behind "--" it may begin as a flag does.
        if (w < end) {
            words.erase(w);
            if (std::find(words.begin(), words.end(), "--") == words.end())
                words.emplace_back("--");
            words.push_back(std::move(*content));
        } else {
            *w = std::move(*content);
        }
        return words;
    }
    return words;
}

int publish(const Arguments& a) {
    auto words = with_files(a.scan.args);
    if (!words) return refuse(words.error().what);
    config::Scan scan = a.scan;
    scan.args = std::move(*words);
    return ask_instance({a.verb, scan, a.surroundings});
}

}  // namespace microhost::tool
