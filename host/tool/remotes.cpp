// SPDX-License-Identifier: Apache-2.0
#include "tool/remotes.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "json/document.hpp"
#include "json/nearest.hpp"
#include "json/writer.hpp"
#include "tool/private_file.hpp"

namespace microhost::tool {

bool is_remote_name(std::string_view name) {
    constexpr size_t kLongest = 64;
    return !name.empty() && name.size() <= kLongest && name != kLocal &&
           std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_';
           });
}

Result<Remotes> Remotes::read(const config::Surroundings& in) {
    Remotes out;
    const std::string folder = config::user_config_folder(in);
    if (folder.empty()) return out;
    out.path_ = folder + "/remotes.json";
    // Whoever can write it can have a token sent to himself.
    const auto text = read_private(out.path_, Privacy::mine);
    if (!text) return text.error();
    if (!*text) return out;
    const auto d = json::Document::parse(**text);
    if (!d) return error("{}:{}", out.path_, d.error().what);
    const json::Value root = d->root(), remotes = root.find("remotes");
    if (!root.is_object() || (remotes && !remotes.is_object()))
        return error("{}: is not what microhost env writes; move it away", out.path_);
    const auto text_of = [](json::Value of, std::string_view key) {
        return std::string(of.find(key).as_string().value_or(""));
    };
    for (const json::Member& m : remotes.members())
        if (is_remote_name(m.key))
            out.all[std::string(m.key)] = {text_of(m.value, "url"), text_of(m.value, "ca_file"),
                                           text_of(m.value, "token_file")};
    out.current = text_of(root, "current");
    return out;
}

Result<> Remotes::write() const {
    if (path_.empty()) return error("there is no folder for it: set HOME or XDG_CONFIG_HOME");
    std::string text;
    json::Writer w(text, {true});
    w.object();
    if (!current.empty()) w.key("current").string(current);
    w.key("remotes").object();
    for (const auto& [name, r] : all) {
        w.key(name).object().key("url").string(r.url);
        if (!r.ca_file.empty()) w.key("ca_file").string(r.ca_file);
        if (!r.token_file.empty()) w.key("token_file").string(r.token_file);
        w.end();
    }
    w.end().end();
    const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
    std::error_code failed;
    if (!std::filesystem::exists(folder, failed)) {
        std::filesystem::create_directories(folder.parent_path(), failed);
        if (::mkdir(folder.c_str(), 0700) != 0) return error("{}: cannot be made", folder.string());
    }
    return write_private(path_, text + "\n");
}

Error Remotes::unknown(std::string_view name) const {
    std::string names;
    std::vector<std::string_view> known;
    for (const auto& [one, r] : all) {
        names += (names.empty() ? "" : ", ") + one;
        known.push_back(one);
    }
    if (all.empty())
        return error("there is no remote {}; microhost env add NAME URL makes one",
                     json::quote_short(name));
    return error("there is no remote {}{}; there are: {}", json::quote_short(name),
                 json::did_you_mean(name, known), names);
}

}  // namespace microhost::tool
