// SPDX-License-Identifier: Apache-2.0
#include "command/output.hpp"

#include <fmt/format.h>

#include <ctime>

#include "config/duration.hpp"
#include "module/host_side.hpp"

namespace microhost::command {

using module::lend;

Cell Cell::duration(uint64_t ns) {
    const double ms = static_cast<double>(ns) / 1e6;
    Cell c{MH_TYPE_DURATION, {}, static_cast<int64_t>(ns / 1'000'000), ms};
    c.text = ms < 1000 ? fmt::format("{:.3g} ms", ms) : fmt::format("{:.4g} s", ms / 1000);
    return c;
}

Cell Cell::size(uint64_t bytes) {
    const auto n = static_cast<int64_t>(bytes);
    return {MH_TYPE_SIZE, config::format_size(n), n};
}

Cell Cell::time(int64_t ms) {
    if (!ms) return none();
    const time_t s = ms / 1000;
    tm t{};
    gmtime_r(&s, &t);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &t);
    return {MH_TYPE_TIME, text, ms};
}

size_t Output::bytes() const {
    size_t n = sizeof *this + text.size();
    for (const std::string& s : names) n += sizeof s + s.size();
    for (const Cell& c : cells) n += sizeof c + c.text.size();
    return n;
}

void Output::give(const mh_command_sink& sink, void* user) const {
    switch (kind) {
        case Kind::columns: {
            std::vector<mh_str> views;
            for (const std::string& n : names) views.push_back(lend(n));
            if (sink.on_columns)
                sink.on_columns(user, views.data(), static_cast<uint32_t>(views.size()));
            return;
        }
        case Kind::row: {
            std::vector<mh_cell> views;
            for (const Cell& c : cells)
                views.push_back({c.type, 0, c.integer, c.number, lend(c.text)});
            if (sink.on_row) sink.on_row(user, views.data(), static_cast<uint32_t>(views.size()));
            return;
        }
        case Kind::text:
            if (sink.on_text) sink.on_text(user, lend(text));
            return;
        case Kind::json:
            if (sink.on_json) sink.on_json(user, lend(text));
            return;
        case Kind::note:
            if (MH_FIELD_OK(&sink, on_note)) sink.on_note(user, lend(text));
            return;
        case Kind::end: sink.on_end(user, status, exit_code, lend(text)); return;
    }
}

}  // namespace microhost::command
