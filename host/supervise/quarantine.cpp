// SPDX-License-Identifier: Apache-2.0
#include "supervise/quarantine.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "json/document.hpp"
#include "json/writer.hpp"
#include "module/verdicts.hpp"

namespace microhost::supervise {
namespace {

/// Held while the file is read and written again.
class FolderLock {
  public:
    explicit FolderLock(const std::string& folder)
        : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
        if (fd_ >= 0) ::flock(fd_, LOCK_EX);
    }
    ~FolderLock() {
        if (fd_ >= 0) ::close(fd_);
    }
    FolderLock(const FolderLock&) = delete;

  private:
    int fd_;
};

Result<> make_folder(const std::string& path) {
    std::error_code ec;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ec);
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return error("cannot make {}: {}; set --state_dir to a folder that can be written", path,
                 std::strerror(errno));
}

std::string text_of(json::Value v, std::string_view key) {
    return std::string(v.find(key).as_string().value_or(""));
}

/// The module among those that are held back without which it cannot be loaded, or null.
const module::AbsentModule* needed_by(const module::Candidate& c,
                                      const std::vector<module::AbsentModule>& held) {
    for (const module::AbsentModule& h : held) {
        const module::Manifest& m = h.candidate->manifest;
        for (const std::string& need : c.manifest.needs)
            if (need == "module:" + m.id ||
                std::find(m.provides.begin(), m.provides.end(), need) != m.provides.end())
                return &h;
    }
    return nullptr;
}

}  // namespace

Result<std::vector<Quarantined>> Quarantine::list() const {
    std::vector<Quarantined> out;
    std::ifstream in(path(), std::ios::binary);
    if (!in) {
        if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
            return out;  // not written by us
        return error("{}: {}", path(), std::strerror(errno));
    }
    std::stringstream text;
    text << in.rdbuf();
    auto document = json::Document::parse(text.str());
    if (!document || !document->root().find("quarantined").is_array())
        return error("{}: cannot be understood{}; mend it, or delete it to load all modules",
                     path(), document ? "" : ": " + document.error().what);
    for (const json::Value v : document->root().find("quarantined").items())
        out.push_back({text_of(v, "module"), text_of(v, "version"), text_of(v, "build"),
                       text_of(v, "reason"), text_of(v, "since")});
    return out;
}

Result<> Quarantine::write(const std::vector<Quarantined>& all) const {
    if (all.empty()) {
        ::unlink(path().c_str());
        return {};
    }
    std::string text;
    json::Writer w(text, {.pretty = true});
    w.object().key("quarantined").array();
    for (const Quarantined& q : all)
        w.object()
            .key("module")
            .string(q.module)
            .key("version")
            .string(q.version)
            .key("build")
            .string(q.build)
            .key("reason")
            .string(q.reason)
            .key("since")
            .string(q.since)
            .end();
    w.end().end();
    text += '\n';
    const std::string partial = path() + ".new";
    const int fd = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ok = ok && ::fsync(fd) == 0;
    const int e = errno;
    if (fd >= 0) ::close(fd);
    if (ok && ::rename(partial.c_str(), path().c_str()) == 0) return {};
    return error("cannot write {}: {}", path(), std::strerror(ok ? errno : e));
}

Result<> Quarantine::add(const Quarantined& q) const {
    if (auto ok = make_folder(folder_); !ok) return ok;
    const FolderLock lock(folder_);
    auto all = list();
    std::vector<Quarantined> now = all ? std::move(*all) : std::vector<Quarantined>{};
    std::erase_if(now, [&](const Quarantined& x) { return x.module == q.module; });
    now.push_back(q);
    return write(now);
}

Result<bool> Quarantine::release(std::string_view module) const {
    const FolderLock lock(folder_);
    auto all = list();
    if (!all) return all.error();
    if (std::erase_if(*all, [&](const Quarantined& x) { return x.module == module; }) == 0)
        return false;
    if (auto ok = write(*all); !ok) return ok.error();
    return true;
}

namespace {

/// Why that file must not be loaded, empty when it may.
Result<std::string> why_held(const module::Candidate& c, const Quarantine& quarantine) {
    auto known = quarantine.list();
    if (!known) return known.error();
    for (const Quarantined& q : *known) {
        if (q.module != c.id()) continue;
        const auto build = module::Verdicts::key(c.file, {});
        if (!build) return build.error();
        if (q.build == *build)
            return {boost::system::in_place_value,
                    fmt::format("module {} is in quarantine since {}: {}", q.module, q.since,
                                q.reason)};
        if (auto ok = quarantine.release(q.module); !ok) return ok.error();
    }
    return {boost::system::in_place_value, std::string()};
}

}  // namespace

Result<std::vector<module::AbsentModule>> hold_back(std::vector<module::CandidatePtr>& modules,
                                                    const Quarantine& quarantine) {
    std::vector<module::AbsentModule> held;
    std::vector<module::CandidatePtr> free;
    for (module::CandidatePtr& c : modules) {  // in loading order
        auto why = why_held(*c, quarantine);
        if (!why) return why.error();
        if (const module::AbsentModule* h = why->empty() ? needed_by(*c, held) : nullptr)
            *why = fmt::format("module {} needs {}, which is in quarantine", c->id(), h->id());
        if (why->empty())
            free.push_back(std::move(c));
        else
            held.push_back({std::move(c), std::move(*why)});
    }
    modules = std::move(free);
    return held;
}

}  // namespace microhost::supervise
