// SPDX-License-Identifier: Apache-2.0
#include "tool/abi_app.hpp"

#include <filesystem>
#include <map>
#include <vector>

#include "module/host_side.hpp"
#include "serve/offered.hpp"
#include "tool/abi_terminal.hpp"

namespace microhost::tool {
namespace {

using module::broken;
using module::guarded;
using module::HostSide;
using module::lend;
using module::view;

thread_local Foreground* foreground = nullptr;

void exit_with(const mh_host*, int32_t code) {
    constexpr int32_t kLargest = 255;
    if (foreground && foreground->exit) foreground->exit(code < 0 || code > kLargest ? 1 : code);
}

const mh_principal* principal(const mh_host*) {
    return foreground ? foreground->principal : nullptr;
}

mh_str remote(const mh_host*) { return foreground ? lend(foreground->remote) : mh_str{"", 0}; }

mh_str state_dir(const mh_host* h) {
    static std::map<std::string, std::string> folders;  // by module; lent until it is destroyed
    const HostSide* side = HostSide::find(h);
    if (!side || !foreground || foreground->state_dir.empty()) return {"", 0};
    std::string& path = folders[side->id];
    if (path.empty()) {
        path = foreground->state_dir + "/" + side->id;
        std::error_code failed;
        std::filesystem::create_directories(path, failed);
        if (!failed) std::filesystem::permissions(path, std::filesystem::perms::owner_all, failed);
        if (failed) path.clear();
    }
    return lend(path);
}

Session* session_of(const mh_host* h) {
    return HostSide::find(h) && foreground ? foreground->session : nullptr;
}

mh_status run_line(const mh_host* h, const mh_str* words, uint32_t n,
                   void (*on_end)(void*, int32_t), void* user) {
    Session* session = session_of(h);
    if (!session) return h && !foreground ? MH_E_WRONG_THREAD : MH_E_INVALID;
    if (!on_end || (n && !words)) return MH_E_INVALID;
    return module::guard_status([&] {
        std::vector<std::string> copy;
        for (uint32_t i = 0; i < n; i++) {
            if (broken(words[i]) || view(words[i]).find('\0') != std::string_view::npos)
                return mh_status{MH_E_INVALID};
            copy.emplace_back(view(words[i]));
        }
        return session->run(std::move(copy), [side = HostSide::find(h), on_end, user](int status) {
            guarded(*side, "app.on_end", [&] { on_end(user, status); });
        });
    });
}

mh_status complete(const mh_host* h, mh_str line, uint32_t cursor, void (*fn)(void*, mh_str),
                   void* user) {
    Session* session = session_of(h);
    if (!session) return h && !foreground ? MH_E_WRONG_THREAD : MH_E_INVALID;
    if (!fn || broken(line) || cursor > line.len) return MH_E_INVALID;
    return module::guard_status([&] {
        const auto each = [side = HostSide::find(h), fn, user](std::string_view word) {
            guarded(*side, "app.complete", [&] { fn(user, lend(word)); });
        };
        return session->complete(view(line).substr(0, cursor), each);
    });
}

const mh_app_control kControl = {
    sizeof(mh_app_control), 0, exit_with, principal, remote, state_dir, run_line, complete};

Result<std::string> app_verb(const void* descriptor) {
    const auto* d = static_cast<const mh_app*>(descriptor);
    if (!MH_FIELD_OK(d, run)) return error("an app without run");
    if (!d->verb || !*d->verb) return error("an app without a verb");
    return {boost::system::in_place_value, d->verb};
}

}  // namespace

const module::Point kAppPoint = {MH_APP, app_verb, true};

Foreground::Foreground() { foreground = this; }
Foreground::~Foreground() {
    if (foreground == this) foreground = nullptr;
}

void offer_here(module::InterfaceTable& table) {
    serve::offer_interfaces(table);
    table.offer(MH_APP_CONTROL, &kControl);
    table.offer(MH_TERMINAL, &kTerminalTable);
    static const uint32_t point = sizeof point;
    table.offer(MH_APP, &point);
}

const module::InterfaceTable& here_interfaces() {
    static const module::InterfaceTable table = [] {
        module::InterfaceTable t;
        offer_here(t);
        return t;
    }();
    return table;
}

}  // namespace microhost::tool
