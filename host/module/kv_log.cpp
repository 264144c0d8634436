// SPDX-License-Identifier: Apache-2.0
#include "module/kv_log.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <unordered_map>
#include <utility>
#include <vector>

namespace microhost::module {
namespace {

constexpr unsigned kLongWait = 60;  // rounds of the writer, a second each

struct Closing {
    int fd;
    ~Closing() {
        if (fd >= 0) ::close(fd);
    }
};

std::string_view records_of(std::string_view file) {
    return file.starts_with(kKvFirstLine) ? file.substr(kKvFirstLine.size()) : file;
}

Result<> write_all(int fd, std::string_view bytes, const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error("{} cannot be written: {}", path, std::strerror(errno));
        bytes.remove_prefix(static_cast<size_t>(n));
    }
    return {};
}

}  // namespace

KvLog::KvLog(KvNamespace& keys, std::string folder, std::string id, const KvClock& clock,
             log::Domain log, std::function<void()> wake)
    : keys_(keys),
      folder_(std::move(folder)),
      id_(std::move(id)),
      path_(folder_ + "/" + id_),
      clock_(clock),
      log_(log),
      wake_(std::move(wake)) {}

KvLog::~KvLog() {
    for (const int fd : {fd_, lock_fd_})
        if (fd >= 0) ::close(fd);
}

// ---- the start

Result<> KvLog::open() {
    std::error_code ignored;  // the mkdir tells
    std::filesystem::create_directories(std::filesystem::path(folder_).parent_path(), ignored);
    if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST)
        return error("{} cannot be made: {}; set --state_dir to a folder that can be written",
                     folder_, std::strerror(errno));
    // A name that no module has, beside the file: that one is replaced.
    const std::string lock = folder_ + "/." + id_ + ".lock";
    lock_fd_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock_fd_ < 0) return error("{} cannot be opened: {}", lock, std::strerror(errno));
    locked_ = take_lock();
    auto file = read_file();
    if (!file) return file.error();
    const std::string_view text = *file;
    const KvScan scan = restore(records_of(text), nullptr);
    if (!scan.records && !text.empty() && !text.starts_with(kKvFirstLine))
        return error("{}: is no file of keys; move it away", path_);
    if (scan.damaged)
        log_.warn(scan.torn && scan.records
                      ? "the end of a module's keys is damaged: it is left out"
                      : "a module's keys are damaged: what can be read is kept",
                  {{"module", id_},
                   {"file", path_},
                   {"bytes", std::to_string(scan.damaged)},
                   {"kept", std::to_string(scan.records)}});
    size_ = text.size();
    whole_due_ = text.empty() || scan.damaged || keys_.size();
    return {};
}

/// Empty when there is none.
Result<std::string> KvLog::read_file() const {
    const Closing fd{::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (fd.fd < 0 && errno == ENOENT) return {boost::system::in_place_value, std::string()};
    struct stat st {};
    if (fd.fd < 0 || ::fstat(fd.fd, &st) != 0) return error("{}: {}", path_, std::strerror(errno));
    if (!S_ISREG(st.st_mode)) return error("{}: is no regular file; move it away", path_);
    if ((st.st_uid != ::geteuid() && st.st_uid != 0) || (st.st_mode & 022) != 0)
        return error("{}: others can write it; chmod 600", path_);
    if (static_cast<uint64_t>(st.st_size) > kLargestFile)
        return error("{}: is too large ({} bytes); move it away", path_, st.st_size);
    std::string text(static_cast<size_t>(st.st_size), '\0');
    size_t at = 0;
    while (at < text.size()) {
        const ssize_t n = ::read(fd.fd, text.data() + at, text.size() - at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error("{} cannot be read: {}", path_, std::strerror(errno));
        if (n == 0) break;
        at += static_cast<size_t>(n);
    }
    text.resize(at);
    // A process that ended with the first bytes of a new file leaves no more than a part of its first line.
    if (!text.empty() && kKvFirstLine.starts_with(text)) text.clear();
    return {boost::system::in_place_value, std::move(text)};
}

/// Puts into the namespace what the records come to; but for keys of `ours`, which were changed here since.
KvScan KvLog::restore(std::string_view records, const std::set<std::string, std::less<>>* ours) {
    std::unordered_map<std::string_view, KvRecord> last;
    const KvScan scan = read_kv_records(records, [&](const KvRecord& r) { last[r.key] = r; });
    const uint64_t wall = clock_.wall_ms(), now = clock_.steady_ms();
    for (const auto& [key, r] : last) {
        if (ours && ours->contains(key)) continue;
        if (r.removed || (r.expires_ms && r.expires_ms <= wall)) {
            keys_.forget(key);
            continue;
        }
        // What is in memory already was set by a generation that kept nothing: it is newer.
        if (!ours && keys_.get(key, now)) continue;
        keys_.restore(key, r.value, r.expires_ms ? now + (r.expires_ms - wall) : 0, now);
    }
    return scan;
}

// ---- changes, from any thread

uint64_t KvLog::to_wall(uint64_t expires_ms) const {
    if (expires_ms == 0) return 0;
    const uint64_t now = clock_.steady_ms(), left = expires_ms > now ? expires_ms - now : 0;
    const uint64_t wall = clock_.wall_ms();
    return left > UINT64_MAX - wall ? 0 : wall + left;
}

void KvLog::on_set(std::string_view key, std::string_view value, uint64_t expires_ms) {
    add({key, value, to_wall(expires_ms), false});
}

void KvLog::on_remove(std::string_view key) { add({key, {}, 0, true}); }

void KvLog::add(const KvRecord& r) {
    {
        const std::scoped_lock lock(mutex_);
        if (overflowed_) return;
        append_kv_record(pending_, r);
        // The disk is too slow, or does not take it: all of it is in memory, and is written whole one day.
        if (pending_.size() > kMostPending) {
            overflowed_ = true;
            std::string().swap(pending_);
        }
    }
    wake_();
}

std::string KvLog::take_pending() {
    const std::scoped_lock lock(mutex_);
    if (overflowed_) whole_due_ = true;
    overflowed_ = false;
    return std::exchange(pending_, {});
}

// ---- the writer's

bool KvLog::take_lock() { return ::flock(lock_fd_, LOCK_EX | LOCK_NB) == 0; }

bool KvLog::write() {
    if (!locked_) {
        // Another process has it still, such as the one that this one replaces.
        if (!take_lock()) {
            if (++waited_ == kLongWait)
                log_.warn(
                    "another process keeps a module's keys: what this one sets is kept once that "
                    "one has ended",
                    {{"module", id_}, {"file", path_}});
            return false;
        }
        locked_ = true;
        catch_up();
    }
    const std::string changes = take_pending();
    if (!whole_due_ && changes.empty()) return true;
    const uint64_t live = keys_.bytes();
    if (size_ + changes.size() > std::max(kSmall, 2 * live)) whole_due_ = true;
    const Result<> done = whole_due_ ? write_anew() : append(changes);
    if (!done) return failed(done.error());
    if (std::exchange(said_, false))
        log_.info("a module's keys are kept again", {{"module", id_}, {"file", path_}});
    return true;
}

// The process that had the file before has changed it since it was read here.
void KvLog::catch_up() {
    whole_due_ = true;
    std::set<std::string, std::less<>> ours;
    {
        const std::scoped_lock lock(mutex_);
        if (overflowed_) return;
        read_kv_records(pending_, [&](const KvRecord& r) { ours.emplace(r.key); });
    }
    const auto file = read_file();
    if (!file || file->empty()) return;
    std::set<std::string, std::less<>> there;
    read_kv_records(records_of(*file), [&](const KvRecord& r) { there.emplace(r.key); });
    std::vector<std::string> removed;
    keys_.each_part(clock_.steady_ms(), [&](const KvNamespace::Part& part) {
        for (const auto& [key, entry] : part)
            if (!there.contains(key) && !ours.contains(key)) removed.push_back(key);
    });
    for (const std::string& key : removed) keys_.forget(key);
    restore(records_of(*file), &ours);
}

Result<> KvLog::append(std::string_view bytes) {
    if (auto ok = write_all(fd_, bytes, path_); !ok) return ok;
    size_ += bytes.size();
    if (::fdatasync(fd_) != 0)
        return error("{} cannot be written: {}", path_, std::strerror(errno));
    return {};
}

Result<> KvLog::write_anew() {
    const std::string partial = folder_ + "/." + id_ + ".new";
    ::unlink(partial.c_str());  // of a process that was killed
    Closing fd{::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600)};
    if (fd.fd < 0) return error("{} cannot be written: {}", partial, std::strerror(errno));
    Result<> ok = write_all(fd.fd, kKvFirstLine, partial);
    uint64_t size = kKvFirstLine.size();
    // What changes from here on is pending, and follows.
    keys_.each_part(clock_.steady_ms(), [&](const KvNamespace::Part& part) {
        std::string bytes;
        for (const auto& [key, entry] : part)
            append_kv_record(bytes, {key, entry.value, to_wall(entry.expires_ms), false});
        if (ok) ok = write_all(fd.fd, bytes, partial);
        size += bytes.size();
    });
    if (ok && ::fdatasync(fd.fd) != 0)
        ok = error("{} cannot be written: {}", partial, std::strerror(errno));
    if (ok && ::rename(partial.c_str(), path_.c_str()) != 0)
        ok = error("{} cannot be replaced: {}", path_, std::strerror(errno));
    if (!ok) {
        ::unlink(partial.c_str());
        return ok;
    }
    const Closing folder{::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder.fd >= 0) ::fsync(folder.fd);
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(fd.fd, -1);
    size_ = size;
    whole_due_ = false;
    return {};
}

// What was to be written is in memory: the whole is tried again.
bool KvLog::failed(const Error& e) {
    whole_due_ = true;
    if (!std::exchange(said_, true))
        log_.error("a module's keys are not kept until this is mended; they live in memory",
                   {{"module", id_}, {"reason", e.what}});
    return false;
}

}  // namespace microhost::module
