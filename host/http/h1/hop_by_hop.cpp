// SPDX-License-Identifier: Apache-2.0
#include "http/h1/hop_by_hop.hpp"

#include "http/names.hpp"

namespace microhost::http {
namespace {

// Removing one of these on a client's word would change who is asked, what is read, or who is believed to ask.
constexpr IdSet kEssential =
    joined(joined(kMicroFields, kForwardedFields), id_set({
                                                       MH_H_HOST,
                                                       MH_H_CONTENT_LENGTH,
                                                       MH_H_TRANSFER_ENCODING,
                                                       MH_H_CONTENT_TYPE,
                                                       MH_H_CONTENT_ENCODING,
                                                       MH_H_CONTENT_RANGE,
                                                       MH_H_EXPECT,
                                                       MH_H_AUTHORIZATION,
                                                       MH_H_COOKIE,
                                                       MH_H_SET_COOKIE,
                                                       MH_H_CACHE_CONTROL,
                                                       MH_H_WWW_AUTHENTICATE,
                                                       MH_H_DATE,
                                                       MH_H_VIA,
                                                       MH_H_TRACEPARENT,
                                                       MH_H_TRACESTATE,
                                                       MH_H_TIMEOUT,
                                                       MH_H_X_API_KEY,
                                                   }));

void take(Connection& c, std::string_view option) {
    if (iequals(option, "close")) {
        c.close = true;
    } else if (iequals(option, "keep-alive")) {
        c.keep_alive = true;
    } else if (iequals(option, "upgrade")) {
        c.upgrade = true;
    } else if (const uint32_t id = header_id(option)) {
        if (in(kEssential, id))
            c.essential = true;
        else
            c.ids[id / 64] |= uint64_t{1} << id % 64;
    } else if (c.count == Connection::kMost) {
        c.too_many = true;
    } else {
        c.names[c.count++] = option;
    }
}

}  // namespace

Connection Connection::of(const Headers& headers) {
    Connection c;
    if (!headers.has(MH_H_CONNECTION)) return c;
    for (uint32_t i = 0; i < headers.count; i++) {
        if (headers.fields[i].id != MH_H_CONNECTION) continue;
        for_each_token(view(headers.fields[i].value), [&c](std::string_view option) {
            take(c, option);
            return true;
        });
    }
    return c;
}

bool Connection::drops(const mh_header& field) const {
    if (field.id != 0) return in(ids, field.id);
    for (uint32_t i = 0; i < count; i++)
        if (iequals(names[i], view(field.name))) return true;
    return false;
}

}  // namespace microhost::http
