// SPDX-License-Identifier: Apache-2.0
#include "http/hygiene.hpp"

#include <array>

#include "http/h1/hop_by_hop.hpp"
#include "http/names.hpp"

namespace microhost::http {
namespace {

/// What is removed: fields with an id, and whether the families of Micro's names go too.
struct Wanted {
    IdSet ids;
    bool micro;
};
constexpr Wanted kAll{joined(kMicroFields, kForwardedFields), true};
constexpr Wanted kForwardedOnly{kForwardedFields, false};

// Names of these families that have no id.
bool trusted_family(std::string_view name, const Wanted& w) {
    switch (name.front() | 0x20) {
        case 'm': return w.micro && istarts_with(name, "micro-");
        case 'x':
            return (w.micro && istarts_with(name, "x-micro-")) ||
                   istarts_with(name, "x-forwarded-");
        default: return false;
    }
}

bool trusted_only(const mh_header& h, bool underscores, const Wanted& w) {
    if (h.id) return in(w.ids, h.id);
    std::string_view name = view(h.name);
    if (trusted_family(name, w)) return true;
    if (!underscores || name.find('_') == name.npos || name.size() > 64) return false;
    // CGI-style readers see X_Real_IP and X-Real-IP as one name.
    std::array<char, 64> dashed;
    for (size_t i = 0; i < name.size(); i++) dashed[i] = name[i] == '_' ? '-' : name[i];
    std::string_view twin(dashed.data(), name.size());
    uint32_t id = header_id(twin);
    return id ? in(w.ids, id) : trusted_family(twin, w);
}

void strip(RequestHead& head, const Wanted& w) {
    Headers& h = head.headers;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < h.count; i++) {
        if (trusted_only(h.fields[i], head.underscores, w)) continue;
        if (kept != i) h.fields[kept] = h.fields[i];
        kept++;
    }
    if (kept == h.count) return;
    h.count = kept;
    for (size_t i = 0; i < h.present.size(); i++) h.present[i] &= ~w.ids[i];
}

}  // namespace

void strip_untrusted(RequestHead& head) { strip(head, kAll); }
void strip_forwarded(RequestHead& head) { strip(head, kForwardedOnly); }

}  // namespace microhost::http
