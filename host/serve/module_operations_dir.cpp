// SPDX-License-Identifier: Apache-2.0
// The plugin directory of ModuleOperations: files come, change and go.
#include <algorithm>
#include <filesystem>

#include "serve/module_operations.hpp"

namespace microhost::serve {

// A link in the plugin directory is followed once, with open eyes: where it leads, no link is opened.
Result<module::CandidatePtr> ModuleOperations::check_dropped(const std::string& path) {
    std::error_code ec;
    const auto to = std::filesystem::canonical(path, ec);
    return module::check_file(ec ? path : to.string(), module::Links::refuse);
}

std::vector<module::CandidatePtr> dropped_modules(const std::string& plugin_dir) {
    std::vector<module::CandidatePtr> out;
    for (const std::string& path : module::PluginDir::files(plugin_dir))
        if (auto c = ModuleOperations::check_dropped(path)) out.push_back(std::move(*c));
    return out;
}

void ModuleOperations::refuse(const std::string& path, std::string_view why) {
    if (why.starts_with(path + ": ")) why.remove_prefix(path.size() + 2);
    std::string& known = refused_[path];
    if (known == why) return;
    known = why;
    log_.error("a plugin is refused; nothing else changes", {{"file", path}, {"reason", why}});
}

bool ModuleOperations::names(const Choice& choice, const module::Candidate& c) const {
    for (const std::string& name : choice.named)
        if (auto found = loader_.inspect(name); found && (*found)->id() == c.id()) return true;
    return false;
}

// Whether some listener's requests pass a filter of it that must not be missing, or would if it could be had.
bool ModuleOperations::guards(std::string_view id) const {
    for (const SitePlanPtr& s : s_.sites->sites())
        for (const FilterPtr& f : s->program->chain)
            if (f->access() && f->module == id) return true;
    return false;
}

void ModuleOperations::look_at(const std::string& path, Next next) {
    std::error_code ec;
    if (!std::filesystem::exists(std::filesystem::symlink_status(path, ec)))
        return let_go(path, std::move(next));
    auto c = check_dropped(path);
    if (!c) {
        refuse(path, c.error().what);
        return next();
    }
    auto hash = module::Verdicts::key((*c)->file, {});
    if (!hash) {
        refuse(path, hash.error().what);
        return next();
    }
    auto known = choice_.dropped.find(path);
    if (known != choice_.dropped.end() && known->second.hash == *hash) {
        refused_.erase(path);  // the bytes that run are back
        return next();
    }
    take(path, std::move(*c), std::move(*hash), std::move(next));
}

void ModuleOperations::take(const std::string& path, module::CandidatePtr c, std::string hash,
                            Next next) {
    auto known = choice_.dropped.find(path);
    const bool replaces = known != choice_.dropped.end();
    if (replaces && known->second.id != c->id() && guards(known->second.id)) {
        refuse(path, fmt::format("its id is \"{}\", but \"{}\" guards requests from this file; "
                                 "take that out of the listeners' filters first",
                                 c->id(), known->second.id));
        return next();
    }
    if (const module::Generation* other = s_.modules->find(c->id());
        other && (!replaces || known->second.id != c->id())) {
        refuse(path,
               fmt::format("module \"{}\" is already loaded from {}", c->id(), other->path()));
        return next();
    }
    Choice choice = choice_;
    choice.dropped[path] = {c->id(), c->path(), std::move(hash)};
    try_and_apply(std::move(choice), c, [this, path, c, replaces, next](Result<> r) {
        if (!r) {
            refuse(path, r.error().what);
            return next();
        }
        refused_.erase(path);
        std::erase_if(s_.absent, [&](const AbsentModule& a) { return a.id() == c->id(); });
        log_.info(replaces ? "a plugin was replaced" : "a plugin was loaded",
                  {{"plugin", c->id()}, {"version", c->manifest.version}, {"file", path}});
        look_again_at_refused();
        next();
    });
}

// What one needed may be there now.
void ModuleOperations::look_again_at_refused() {
    for (const auto& [path, why] : refused_)
        if (why.find("requires") != std::string::npos || why.find("needs") != std::string::npos)
            enqueue([this, path = path](Next next) { look_at(path, std::move(next)); });
}

void ModuleOperations::let_go(const std::string& path, Next next) {
    refused_.erase(path);
    auto known = choice_.dropped.find(path);
    if (known == choice_.dropped.end()) return next();
    const std::string id = known->second.id;
    if (guards(id)) {
        log_.warn("the file of an access filter is gone; it goes on until no listener has it",
                  {{"plugin", id}, {"file", path}});
        return next();
    }
    Choice choice = choice_;
    choice.dropped.erase(path);
    apply(std::move(choice), nullptr, [this, id, path, next](Result<> r) {
        if (r)
            log_.info("a plugin was removed", {{"plugin", id}, {"file", path}});
        else
            log_.error("a plugin stays, though its file is gone",
                       {{"plugin", id}, {"file", path}, {"reason", r.error().what}});
        next();
    });
}

}  // namespace microhost::serve
