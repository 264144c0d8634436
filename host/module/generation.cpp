// SPDX-License-Identifier: Apache-2.0
#include "module/generation.hpp"

#include <microhost/entry.h>

#include <algorithm>
#include <cstring>

#include "loop/loop.hpp"
#include "module/abi/config.hpp"
#include "module/environment.hpp"
#include "module/go_runtime.hpp"
#include "module/kv_store.hpp"
#include "module/module_set.hpp"
#include "module/probe.hpp"
#include "module/verdicts.hpp"
#include "observe/timestamp.hpp"
#include "supervise/link.hpp"

namespace microhost::module {
namespace {

constexpr uint32_t kSmallestModule = offsetof(mh_module, get);  // all up to destroy()

const void* get_interface(const mh_host* h, const char* id) {
    const HostSide* side = HostSide::find(h);
    return side && id ? side->environment.interfaces.find(id) : nullptr;
}

mh_status contribute_to(const mh_host* h, const char* point, const void* descriptor) {
    HostSide* side = HostSide::find(h);
    if (!side || !point || !descriptor) return MH_E_INVALID;
    return side->generation.contribute(point, descriptor);
}

mh_status publish_of(const mh_host* h) {
    HostSide* side = HostSide::find(h);
    return side ? side->generation.publish() : MH_E_INVALID;
}

void report_to(const mh_host* h, mh_status code, mh_str where, mh_str text) {
    if (const HostSide* side = HostSide::find(h)) report(*side, code, view(where), view(text));
}

/// Compares what the system loaded with what was checked in the file.
Result<> compare(const mh_module_entry_t& entry, const Candidate& c) {
    const EntrySymbol& checked = *c.elf.entry;
    const uint64_t base = reinterpret_cast<uint64_t>(&entry) - checked.address;
    auto holds = [&](const void* p, uint64_t n, bool code) {
        return std::any_of(c.elf.segments.begin(), c.elf.segments.end(), [&](const Segment& s) {
            return s.holds(reinterpret_cast<uint64_t>(p) - base, n) && (!code || s.executable);
        });
    };
    const std::string& text = c.manifest.text;
    if (entry.magic != checked.magic || entry.abi_epoch != checked.abi_epoch ||
        entry.size != checked.declared_size)
        return error(
            "what was loaded is not what was checked; was the file changed in place? Replace it by "
            "rename");
    if (!holds(entry.manifest_json, text.size() + 1, false))
        return error(
            "mh_module_entry.manifest_json points outside the module; define it with MH_MODULE");
    if (std::memcmp(entry.manifest_json, text.c_str(), text.size() + 1) != 0)
        return error(
            "its manifest_json differs from its section .mh_manifest; define both with MH_MODULE");
    const void* create = nullptr;
    std::memcpy(&create, &entry.create, sizeof create);
    if (!create) return error("mh_module_entry.create is NULL; give MH_MODULE a function");
    if (!holds(create, 1, true))
        return error("mh_module_entry.create points outside the module's code");
    return {};
}

/// Which bytes they are, for quarantine; empty when they cannot be read any more.
std::string build_of(const Candidate& c) {
    auto key = Verdicts::key(c.file, {});
    return key ? *key : std::string();
}

/// Constructors run in it, and a crash there is the module's.
Result<Library> open_library(const Candidate& c, const std::string& copy, uint32_t number,
                             const std::string& build) {
    const ModuleMark module{c.id().c_str(), c.manifest.version.c_str(), number, build.c_str()};
    const HookMark hook{&module, "dlopen"};
    const InHook in(Loop::activity_here(), &hook);
    return Library::open(copy, c.path());
}

}  // namespace

std::string_view stage_name(Stage stage) {
    switch (stage) {
        case Stage::created: return "created";
        case Stage::started: return "started";
        case Stage::serving: return "serving";
        case Stage::draining: return "draining";
        case Stage::stopped: return "stopped";
        case Stage::failed: return "failed";
    }
    return "";
}

Generation::Generation(Environment& environment, CandidatePtr candidate, json::Document config,
                       uint32_t number, CachedFile file, Library library)
    : candidate_(std::move(candidate)),
      number_(number),
      file_(std::move(file)),
      library_(std::move(library)),
      loaded_ms_(static_cast<int64_t>(observe::wall_now_us() / 1000)),
      config_(std::make_unique<mh_config>(std::move(config))),
      side_(environment, *this, environment.log.domain(candidate_->id()), candidate_->id()),
      loops_(environment.loops.size() + 1) {
    side_.table = {sizeof(mh_host),     MH_ABI_EPOCH, "microhost",
                   environment.version, &side_,       get_interface,
                   contribute_to,       publish_of,   report_to};
    side_.costs.marks.module = {side_.id.c_str(), candidate_->manifest.version.c_str(), number_};
    side_.costs.use(environment.metrics, environment.loops.size(), side_.id);
    side_.kv = &environment.kv->open(side_.id, candidate_->manifest.kv_durable);
    loops_.back().live = true;
}

Generation::~Generation() {
    if (library_.mapped()) file_.keep();
}

Result<std::unique_ptr<Generation>> Generation::create(Environment& environment,
                                                       CandidatePtr candidate,
                                                       json::Document config, uint32_t number) {
    const std::string path = candidate->path();
    if (auto ok = enter_go_runtime(environment, *candidate); !ok) return ok.error();
    auto file = environment.cache.copy(candidate->file, candidate->id(), number);
    if (!file) return file.error();
    std::string build = supervise::Link::here() ? build_of(*candidate) : "";
    auto library = open_library(*candidate, file->path(), number, build);
    if (!library) return library.error();
    const auto* entry = static_cast<const mh_module_entry_t*>(library->symbol("mh_module_entry"));
    Result<> good =
        entry ? compare(*entry, *candidate) : error("no symbol mh_module_entry once it is loaded");
    if (!good) {
        file->keep();
        return good.error().context(path);
    }
    std::unique_ptr<Generation> g(new Generation(environment, std::move(candidate),
                                                 std::move(config), number, std::move(*file),
                                                 std::move(*library)));
    g->build_ = std::move(build);
    g->side_.costs.marks.module.build = g->build_.c_str();
    g->code_.emplace(g->side_.costs.marks.module, entry);
    if (auto ok = g->enter(*entry); !ok) return ok.error().context(path);
    return g;
}

Error Generation::failure(std::string_view what, mh_status status) {
    const std::string said = take_report(side_);
    if (!said.empty()) return error("{}", said);
    return error(
        "{} failed: {}", what,
        status == MH_E_PANIC ? "an exception came out of it (see the log)" : status_name(status));
}

Result<> Generation::enter(const mh_module_entry_t& entry) {
    take_report(side_);  // what somebody else left behind on this thread is not ours
    const mh_module* out = nullptr;
    const mh_status s = guarded(side_, "create", mh_status{MH_E_PANIC},
                                [&] { return entry.create(&side_.table, &out); });
    if (s != MH_OK) return failure("create()", s);
    return adopt(out);
}

Result<> Generation::adopt(const mh_module* module) {
    if (!module) return error("create() succeeded but handed out no module (NULL)");
    if (reinterpret_cast<uint64_t>(module) % alignof(mh_module) != 0 ||
        !is_readable(module, kSmallestModule))
        return error("create() handed out a pointer that leads nowhere");
    if (module->size < kSmallestModule || module->size > 4096)
        return error("create() handed out a module whose size is {}; set it to sizeof(mh_module)",
                     module->size);
    module_ = module;
    flags_ = module->flags;
    return {};
}

uint64_t Generation::pins() const {
    uint64_t n = 0;
    for (const LoopSide& l : loops_) n += l.pins.load(std::memory_order_relaxed);
    return n;
}

bool Generation::pinned() const {
    return candidate_->elf.go_runtime || candidate_->elf.gnu_unique || (flags_ & MH_MODULE_PINNED);
}

bool Generation::only_one() const { return pinned() || (flags_ & MH_MODULE_NO_RELOAD); }

const void* Generation::module_table(const char* id) {
    if (!MH_FIELD_OK(module_, get)) return nullptr;
    return guarded(side_, "get", static_cast<const void*>(nullptr),
                   [&] { return module_->get(module_, id); });
}

Result<> Generation::start() {
    if (module_->start) {
        const mh_status s =
            guarded(side_, "start", mh_status{MH_E_PANIC}, [&] { return module_->start(module_); });
        if (s != MH_OK) {
            stage_ = Stage::failed;
            return failure("start()", s).context(path());
        }
    }
    stage_ = Stage::started;
    return {};
}

mh_status Generation::contribute(const char* point_id, const void* descriptor) {
    if (Loop::current() && Loop::current() != &side_.environment.control) return MH_E_WRONG_THREAD;
    const Point* point = side_.environment.points.find(point_id);
    if (!point) return MH_E_UNSUPPORTED;
    uint32_t size = 0;
    std::memcpy(&size, descriptor, sizeof size);
    if (size < sizeof size) return MH_E_INVALID;
    auto name = point->name(descriptor);
    if (!name) {
        report(side_, MH_E_INVALID, {},
               fmt::format("contributed {}: {}", point_id, name.error().what));
        return MH_E_INVALID;
    }
    std::pair<std::string, std::string> key(point_id, name->empty() ? id() : *name);
    if (std::find(names_.begin(), names_.end(), key) != names_.end()) return MH_E_EXISTS;
    if (point->wrap) descriptor = point->wrap(descriptor, id());
    staged_.push_back({key.first, key.second, descriptor, this});
    names_.push_back(std::move(key));
    return MH_OK;
}

mh_status Generation::publish() {
    if (Loop::current() && Loop::current() != &side_.environment.control) return MH_E_WRONG_THREAD;
    if (stage_ == Stage::created || stage_ == Stage::started) return MH_OK;  // comes by itself
    if (stage_ != Stage::serving || !set_) return MH_E_INVALID;
    if (auto ok = set_->publish(); !ok) {
        report(side_, MH_E_EXISTS, {}, ok.error().what);
        return MH_E_EXISTS;
    }
    return MH_OK;
}

Result<> Generation::prepare_config(json::Document config) {
    const auto* sink = static_cast<const mh_config_sink*>(module_table(MH_CONFIG_SINK));
    if (!MH_FIELD_OK(sink, abort) || !sink->prepare || !sink->commit)
        return error("module \"{}\" keeps its configuration until it is reloaded", id());
    abort_config();
    auto next = std::make_unique<mh_config>(std::move(config));
    void* cookie = nullptr;
    const mh_status s = guarded(side_, "config.prepare", mh_status{MH_E_PANIC},
                                [&] { return sink->prepare(module_, next.get(), &cookie); });
    if (s != MH_OK) return failure("config.prepare()", s).context(id());
    next_config_ = std::move(next);
    config_cookie_ = cookie;
    return {};
}

void Generation::commit_config() {
    if (!next_config_) return;
    const auto* sink = static_cast<const mh_config_sink*>(module_table(MH_CONFIG_SINK));
    // The module reads the new one from here on; the old one lives until commit has returned.
    std::swap(config_, next_config_);
    guarded(side_, "config.commit", [&] { sink->commit(module_, config_cookie_); });
    next_config_.reset();
}

void Generation::abort_config() {
    if (!next_config_) return;
    const auto* sink = static_cast<const mh_config_sink*>(module_table(MH_CONFIG_SINK));
    guarded(side_, "config.abort", [&] { sink->abort(module_, config_cookie_); });
    next_config_.reset();
}

}  // namespace microhost::module
