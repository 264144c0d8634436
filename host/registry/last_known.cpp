// SPDX-License-Identifier: Apache-2.0
#include "registry/last_known.hpp"

#include "json/document.hpp"
#include "json/writer.hpp"
#include "registry/fd.hpp"
#include "registry/model_json.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>

namespace microhost::registry {
namespace {

constexpr int64_t kSnapshotFormat = 1;

std::string now_text() {
    const time_t now = ::time(nullptr);
    tm utc{};
    ::gmtime_r(&now, &utc);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

Result<std::string> read_all(int fd, size_t size) {
    std::string text(size, '\0');
    size_t at = 0;
    while (at < size) {
        const ssize_t n = ::read(fd, text.data() + at, size - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return error("{}", n < 0 ? std::strerror(errno) : "it became shorter");
        at += static_cast<size_t>(n);
    }
    return {boost::system::in_place_value, std::move(text)};
}

Result<LastKnown::Content> understand(std::string_view text) {
    json::Options options;
    options.max_bytes = LastKnown::kLargest;
    auto document = json::Document::parse(text, options);
    if (!document) return document.error();
    const json::Value root = document->root();
    if (root.find("format").as_int64().value_or(0) != kSnapshotFormat)
        return error("\"format\" is not {}", kSnapshotFormat);
    if (!root.find("services").is_array()) return error("\"services\" is not an array");
    LastKnown::Content out;
    out.written = root.find("written").as_string().value_or("");
    if (out.written.empty()) return error("\"written\" is missing");
    for (const json::Value v : root.find("services").items()) {
        auto service = service_from_json(v);
        if (!service) return service.error();
        out.services.push_back(std::move(*service));
    }
    return out;
}

}  // namespace

LastKnown::LastKnown(std::string_view state_dir, std::string_view provider)
    : folder_(state_dir.empty() ? "" : fmt::format("{}/registry", state_dir)),
      path_(folder_.empty() ? "" : fmt::format("{}/{}.json", folder_, provider)),
      provider_(provider) {}

Result<LastKnown::Content> LastKnown::read() const {
    if (path_.empty()) return Content{};
    const Fd fd(::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd && (errno == ENOENT || errno == ENOTDIR)) return Content{};
    struct stat st {};
    if (!fd || ::fstat(fd.get(), &st) != 0) return error("{}: {}", path_, std::strerror(errno));
    if (!S_ISREG(st.st_mode)) return error("{}: is no regular file", path_);
    if ((st.st_uid != ::geteuid() && st.st_uid != 0) || (st.st_mode & 022) != 0)
        return error("{}: others can write it", path_);
    if (static_cast<size_t>(st.st_size) > kLargest) return error("{}: is too large", path_);
    auto text = read_all(fd.get(), static_cast<size_t>(st.st_size));
    if (!text) return std::move(text.error()).context(path_);
    auto content = understand(*text);
    if (!content) return std::move(content.error()).context(path_);
    return content;
}

Result<void> LastKnown::write(const std::vector<Service>& services) const {
    if (path_.empty()) return {};
    std::string text;
    json::Writer w(text);
    w.object().key("format").int64(kSnapshotFormat).key("provider").string(provider_);
    w.key("written").string(now_text()).key("services").array();
    for (const Service& s : services) {
        text += '\n';
        write_json(w, s);
    }
    w.end().end();
    text += '\n';

    std::error_code ignored;  // the mkdir tells
    std::filesystem::create_directories(std::filesystem::path(folder_).parent_path(), ignored);
    const std::string partial = fmt::format("{}.{}", path_, ::getpid());
    bool ok = ::mkdir(folder_.c_str(), 0700) == 0 || errno == EEXIST;
    ::unlink(partial.c_str());  // of a process that was killed
    const Fd fd(ok ? ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1);
    // No fsync: after the power went, the file of before, or none, is as good.
    ok = fd && write_all(fd.get(), text) && ::rename(partial.c_str(), path_.c_str()) == 0;
    if (ok) return {};
    const int failed = errno;
    ::unlink(partial.c_str());
    return error("{} cannot be written: {}", path_, std::strerror(failed));
}

}  // namespace microhost::registry
