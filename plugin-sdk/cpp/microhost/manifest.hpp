// SPDX-License-Identifier: Apache-2.0
/// The manifest of a C++ module, written while compiling from its parts and their option tables.
#pragma once

#include <microhost/command.hpp>
#include <microhost/schema.hpp>
#include <microhost/service.hpp>

#include <array>

namespace mh {

struct about {
    string_view id;
    string_view version;
    string_view summary;
};

constexpr string_view phase_name(uint32_t phase) {
    switch (phase) {
        case MH_PHASE_EARLY: return "early";
        case MH_PHASE_AUTHN: return "authn";
        case MH_PHASE_AUTHZ: return "authz";
        case MH_PHASE_LIMIT: return "limit";
        case MH_PHASE_ROUTE: return "route";
        case MH_PHASE_TRANSFORM: return "transform";
        case MH_PHASE_UPSTREAM: return "upstream";
        case MH_PHASE_RESPONSE: return "response";
        case MH_PHASE_LOG: return "log";
        default: return "";
    }
}

template <class D>
inline constexpr bool is_filter = requires {
    typename D::part::hooks;
};
template <class D>
inline constexpr bool has_config = requires {
    typename D::config;
};

/// Hands the id of each interface that D needs to f.
template <class D, class F>
constexpr void each_need(F f) {
    if constexpr (has_config<D>) {
        f(static_cast<mh_config_api*>(nullptr));
        if constexpr (reads_json<typename D::config>()) f(static_cast<mh_json*>(nullptr));
    }
    if constexpr (requires { D::endpoints; })
        f(static_cast<mh_rpc_server*>(nullptr));
    else if constexpr (requires { D::commands; })
        f(static_cast<mh_command_output*>(nullptr));
    else if constexpr (!requires { D::verb; })  // an app's is there in its own process only
        f(static_cast<mh_http_request*>(nullptr));
    if constexpr (requires { D::needs; }) {
        []<class... T>(uses<T...>, F& g) { (g(static_cast<T*>(nullptr)), ...); }(D::needs, f);
    }
}

template <class D>
constexpr void write_filter(Writer& w, const about& a) {
    w.text(R"({"name":)");
    if constexpr (requires { D::name; })
        w.quote(D::name);
    else
        w.quote(a.id);
    w.text(R"(,"phase":)");
    if (phase_name(D::part::phase()).empty())
        w.integer(D::part::phase());
    else
        w.quote(phase_name(D::part::phase()));
    const auto names = [&](string_view key, const char* const* list) {
        w.push_back(','), w.quote(key), w.text(":[");
        for (const char* const* n = list; *n; ++n) {
            if (n != list) w.push_back(',');
            w.quote(*n);
        }
        w.push_back(']');
    };
    if constexpr (requires { D::after; }) names("after", D::after);
    if constexpr (requires { D::before; }) names("before", D::before);
    if constexpr (requires { D::on_error; }) w.text(R"(,"on_error":)"), w.quote(D::on_error);
    w.push_back('}');
}

template <class... Parts>
constexpr void write_requires(Writer& w) {
    w.text(R"(,"requires":[)");
    std::array<string_view, 64> named{};
    std::size_t n = 0;
    const auto need = [&](auto* table) {
        const string_view id = interface_id<std::remove_pointer_t<decltype(table)>>;
        for (std::size_t i = 0; i < n; ++i) {
            if (named[i] == id) return;
        }
        if (n != 0) w.push_back(',');
        named[n++] = id;
        w.quote(id);
    };
    (each_need<Parts>(need), ...);
    w.push_back(']');
}

/// Those of commands and of an app: `microhost NAME` finds the module by them.
template <class... Parts>
constexpr void write_commands(Writer& w) {
    bool first = true;
    const auto one = [&](string_view name, string_view summary) {
        w.text(first ? R"(,"commands":[{"name":)" : R"(,{"name":)");
        first = false;
        w.quote(name);
        w.text(R"(,"summary":)"), w.quote(summary);
        w.push_back('}');
    };
    const auto each = [&]<class D>(std::type_identity<D>) {
        if constexpr (requires { D::commands; })
            for (const auto& c : D::commands) one(c.name, c.summary);
        if constexpr (requires { D::verb; }) one(D::verb, D::summary);
    };
    (each(std::type_identity<Parts>{}), ...);
    if (!first) w.push_back(']');
}

/// A page that a dashboard shows: what a command of the module puts out, or what is served under a path of it.
struct page {
    string_view title;
    string_view command;     ///< "rollout": its rows, text or JSON; or empty
    string_view path;        ///< "/rollouts/": a web service; or empty
    unsigned refresh_s = 0;  ///< the command is run again after so many seconds; 0: not by itself
};

template <class... Parts>
constexpr void write_pages(Writer& w) {
    bool first = true;
    const auto each = [&]<class D>(std::type_identity<D>) {
        if constexpr (requires { D::pages; }) {
            for (const page& p : D::pages) {
                w.text(first ? R"(,"pages":[{"title":)" : R"(,{"title":)");
                first = false;
                w.quote(p.title);
                w.text(p.command.empty() ? R"(,"path":)" : R"(,"command":)");
                w.quote(p.command.empty() ? p.path : p.command);
                w.text(R"(,"refresh_s":)"), w.integer(p.refresh_s), w.push_back('}');
            }
        }
    };
    (each(std::type_identity<Parts>{}), ...);
    if (!first) w.push_back(']');
}

template <class... Parts>
constexpr void write_manifest(Writer& w, const about& a) {
    w.text(R"({"id":)"), w.quote(a.id);
    w.text(R"(,"version":)"), w.quote(a.version);
    w.text(R"(,"summary":)"), w.quote(a.summary);
    w.text(R"(,"abi":{"epoch":)"), w.integer(MH_ABI_EPOCH), w.push_back('}');
    write_requires<Parts...>(w);
    // A module of filters alone needs one schema: its own section then holds defaults for all instances.
    constexpr bool own = (false || ... || (has_config<Parts> && !is_filter<Parts>));
    const auto schema = [&]<class D>(std::type_identity<D>) {
        if constexpr (has_config<D>) {
            w.text(is_filter<D> && own ? R"(,"filter_schema":)" : R"(,"config_schema":)");
            write_schema<typename D::config>(w);
        }
    };
    (schema(std::type_identity<Parts>{}), ...);
    w.text(R"(,"filters":[)");
    bool first = true;
    const auto one = [&]<class D>(std::type_identity<D>) {
        if constexpr (is_filter<D>) {
            if (!first) w.push_back(',');
            first = false;
            write_filter<D>(w, a);
        }
    };
    (one(std::type_identity<Parts>{}), ...);
    w.push_back(']');
    write_commands<Parts...>(w);
    write_pages<Parts...>(w);
    w.push_back('}');
}

template <class... Parts>
consteval std::size_t manifest_size(about a) {
    Writer count(nullptr);
    write_manifest<Parts...>(count, a);
    return count.size() + 1;
}

/// NUL-terminated, as the entry wants it.
template <std::size_t Size, class... Parts>
consteval std::array<char, Size> manifest_text(about a) {
    std::array<char, Size> text{};
    Writer w(text.data());
    write_manifest<Parts...>(w, a);
    return text;
}

}  // namespace mh
