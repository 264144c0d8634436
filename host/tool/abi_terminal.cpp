// SPDX-License-Identifier: Apache-2.0
#include "tool/abi_terminal.hpp"

#include <unistd.h>

#include "module/host_side.hpp"

namespace microhost::tool {
namespace {

using module::guarded;
using module::HostSide;

thread_local Terminal* current = nullptr;

constexpr size_t kMostWritten = 1 << 20;

uint32_t flags(const mh_host*) { return Terminal::flags(); }

int32_t colours(const mh_host*) { return Terminal::colours(); }

void dimensions(const mh_host*, uint32_t* columns, uint32_t* rows) {
    uint32_t c = 0, r = 0;
    Terminal::dimensions(c, r);
    if (columns) *columns = c;
    if (rows) *rows = r;
}

mh_status mode(const mh_host* h, int32_t wanted) {
    if (!HostSide::find(h)) return MH_E_INVALID;
    return current ? current->mode(wanted) : MH_E_WRONG_THREAD;
}

mh_status read(const mh_host* h, const mh_terminal_events* e, void* user) {
    HostSide* side = HostSide::find(h);
    if (!side) return MH_E_INVALID;
    if (!current) return MH_E_WRONG_THREAD;
    if (!e) return current->read({}), MH_OK;
    if (!MH_FIELD_OK(e, on_input)) return MH_E_INVALID;
    return module::guard_status([&] {
        Terminal::Events events;
        events.input = [side, e, user](std::string_view bytes) {
            const mh_seg seg{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
            guarded(*side, "terminal.on_input", [&] { e->on_input(user, seg); });
        };
        if (MH_FIELD_OK(e, on_resize))
            events.resize = [side, e, user](uint32_t columns, uint32_t rows) {
                guarded(*side, "terminal.on_resize", [&] { e->on_resize(user, columns, rows); });
            };
        if (MH_FIELD_OK(e, on_writable))
            events.writable = [side, e, user] {
                guarded(*side, "terminal.on_writable", [&] { e->on_writable(user); });
            };
        current->read(std::move(events));
        return mh_status{MH_OK};
    });
}

mh_status write(const mh_host* h, uint32_t err, mh_seg bytes) {
    if (!HostSide::find(h) || (!bytes.ptr && bytes.len)) return MH_E_INVALID;
    if (!current) return MH_E_WRONG_THREAD;
    if (bytes.len > kMostWritten) return MH_E_LIMIT;
    return module::guard_status([&] {
        return current->write(err ? STDERR_FILENO : STDOUT_FILENO,
                              {reinterpret_cast<const char*>(bytes.ptr), bytes.len});
    });
}

}  // namespace

const mh_terminal kTerminalTable = {sizeof(mh_terminal), 0,    flags, colours,
                                    dimensions,          mode, read,  write};

void set_terminal(Terminal* terminal) { current = terminal; }

}  // namespace microhost::tool
