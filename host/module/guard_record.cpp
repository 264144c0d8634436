// SPDX-License-Identifier: Apache-2.0
#include "module/guard_record.hpp"

#include <algorithm>
#include <filesystem>

namespace microhost::module {
namespace {

namespace fs = std::filesystem;

// "/etc/microhost/plugins" -> "etc%microhost%plugins"
std::string folder_name(std::string_view plugin_dir) {
    std::error_code ec;
    std::string name = fs::weakly_canonical(plugin_dir, ec).string();
    if (ec) name = plugin_dir;
    name.erase(0, name.find_first_not_of('/'));
    std::replace(name.begin(), name.end(), '/', '%');
    return name;
}

}  // namespace

GuardRecord::GuardRecord(std::string_view state_dir, std::string_view plugin_dir)
    : folder_(fmt::format("{}/guards/{}", state_dir, folder_name(plugin_dir))) {}

std::string GuardRecord::path(std::string_view id) const {
    return fmt::format("{}/{}.so", folder_, id);
}

Result<> GuardRecord::keep(const Candidate& module) const {
    std::error_code ec;
    fs::create_directories(folder_, ec);
    const std::string to = path(module.id()), partial = to + ".new";
    const std::string from = fmt::format("/proc/self/fd/{}", module.file.fd());
    if (!ec) fs::copy_file(from, partial, fs::copy_options::overwrite_existing, ec);
    if (!ec) fs::permissions(partial, fs::perms::owner_read | fs::perms::owner_write, ec);
    // The file may be written to at this moment; the copy of before says what the filter guards as well.
    if (!ec && check_file(partial)) fs::rename(partial, to, ec);
    if (ec) return error("cannot write {}: {}", to, ec.message());
    return {};
}

void GuardRecord::forget(std::string_view id) const {
    std::error_code ec;
    fs::remove(path(id), ec);
}

std::vector<CandidatePtr> GuardRecord::list() const {
    std::vector<CandidatePtr> out;
    std::error_code ec;
    fs::directory_iterator entry(folder_, ec), end;
    for (; !ec && entry != end; entry.increment(ec))
        if (entry->path().extension() == ".so")
            if (auto c = check_file(entry->path())) out.push_back(std::move(*c));
    return out;
}

}  // namespace microhost::module
