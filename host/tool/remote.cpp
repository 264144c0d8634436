// SPDX-License-Identifier: Apache-2.0
#include "tool/remote.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "json/document.hpp"
#include "json/nearest.hpp"
#include "json/writer.hpp"
#include "tool/command_line.hpp"
#include "tool/private_file.hpp"
#include "tool/remotes.hpp"

namespace microhost::tool {
namespace {

constexpr size_t kLongestToken = 4096;

bool is_ip(int family, const std::string& text) {
    unsigned char ip[16];
    return ::inet_pton(family, text.c_str(), ip) == 1;
}

bool is_host_name(std::string_view host) {
    return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_';
    });
}

/// Words of flags have "-" and "_" alike.
Result<> take_either(Words& words, const std::string& name, std::optional<std::string>& out) {
    std::string dashed = name;
    std::ranges::replace(dashed, '_', '-');
    for (const std::string& spelled : {name, dashed}) {
        auto value = tool::take(words, spelled);
        if (!value) return value.error();
        if (*value) out = std::move(*value);
    }
    return {};
}

/// The one token of a file; a line of the proxy's own form has more behind it.
Result<std::string> token_in(const std::string& path) {
    const auto text = read_private(path, Privacy::secret);
    if (!text) return std::move(text.error()).context("the token");
    if (!*text) return error("the token: {}: there is no such file", path);
    std::string found;
    std::string_view rest = **text;
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const size_t first = line.find_first_not_of(" \t\r");
        if (first == line.npos || line[first] == '#') continue;
        line.remove_prefix(first);
        if (!found.empty()) return error("the token: {}: has several tokens; one is needed", path);
        found = line.substr(0, line.find_first_of(" \t\r"));
    }
    if (found.empty()) return error("the token: {}: has none", path);
    return {boost::system::in_place_value, std::move(found)};
}

Result<> check_token(const Remote& r) {
    const bool good =
        std::ranges::all_of(r.target.token, [](char c) { return c > 0x20 && c < 0x7f; });
    if (good && r.target.token.size() <= kLongestToken) return {};
    return error("the token of {} is no token: visible ASCII, at most {} bytes", r.token_from,
                 kLongestToken);
}

/// What was asked for, and where that was written.
struct AskedFor {
    std::string text, by;
};

Result<AskedFor> asked_for(const RemoteFlags& flags, const config::Surroundings& in,
                           const Result<Remotes>& remotes) {
    if (flags.remote) return AskedFor{*flags.remote, "--remote"};
    if (const auto v = in.variable("MICROHOST_REMOTE"); !v.empty())
        return AskedFor{std::string(v), "MICROHOST_REMOTE"};
    if (!remotes) return remotes.error();
    return AskedFor{remotes->current, "microhost env use"};
}

Result<NamedRemote> look_up(const AskedFor& asked, const Result<Remotes>& remotes) {
    if (asked.text.find("://") != asked.text.npos) return NamedRemote{asked.text, {}, {}};
    if (!is_remote_name(asked.text))
        return error("{}: {} is neither a URL such as https://host:8081 nor the name of a remote",
                     asked.by, json::quote_short(asked.text));
    if (!remotes) return remotes.error();
    const auto at = remotes->all.find(asked.text);
    if (at == remotes->all.end()) return remotes->unknown(asked.text).context(asked.by);
    return at->second;
}

Result<> find_token(Remote& r, const RemoteFlags& flags, const NamedRemote& named,
                    const config::Surroundings& in) {
    const std::string_view variable = in.variable("MICROHOST_REMOTE_TOKEN");
    const std::string file = flags.token_file ? *flags.token_file : named.token_file;
    if (!flags.token_file && !variable.empty()) {
        r.token_from = "MICROHOST_REMOTE_TOKEN";
        r.target.token = variable;
    } else if (!file.empty() || flags.token_file) {
        r.token_from = file;
        auto token = token_in(file);
        if (!token) return token.error();
        r.target.token = std::move(*token);
    }
    return check_token(r);
}

}  // namespace

Result<> RemoteFlags::take(Words& words) {
    if (auto ok = take_either(words, "remote", remote); !ok) return ok;
    if (auto ok = take_either(words, "remote_ca", ca_file); !ok) return ok;
    if (auto ok = take_either(words, "remote_token_file", token_file); !ok) return ok;
    insecure |= take_switch(words, "--insecure") || take_switch(words, "--insecure=true");
    return {};
}

Words RemoteFlags::words() const {
    Words out;
    if (remote) out.push_back("--remote=" + *remote);
    if (ca_file) out.push_back("--remote_ca=" + *ca_file);
    if (token_file) out.push_back("--remote_token_file=" + *token_file);
    if (insecure) out.emplace_back("--insecure=true");
    return out;
}

Result<RemoteUrl> RemoteUrl::parse(std::string_view text) {
    RemoteUrl out;
    const auto wrong = [&](std::string_view why) {
        return error("{} is no address of a proxy: {}; write https://host:8081",
                     json::quote_short(text), why);
    };
    std::string_view rest = text;
    if (rest.starts_with("https://"))
        out.tls = true;
    else if (!rest.starts_with("http://"))
        return wrong("it begins with neither https:// nor http://");
    rest.remove_prefix(out.tls ? 8 : 7);
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.find('@') != rest.npos)
        return error(
            "a URL with a user or a password is not taken: give a token with "
            "--remote_token_file FILE");
    if (rest.find_first_of("/?#") != rest.npos) return wrong("it has a path");
    std::string_view port;
    if (rest.starts_with('[')) {
        const size_t end = rest.find(']');
        if (end == rest.npos) return wrong("a ] is missing");
        out.host = rest.substr(1, end - 1);
        if (!is_ip(AF_INET6, out.host)) return wrong("that is no IPv6 address");
        rest.remove_prefix(end + 1);
        if (!rest.empty() && rest[0] != ':') return wrong("something stands behind the ]");
        port = rest;
    } else {
        const size_t colon = std::min(rest.find(':'), rest.size());
        out.host = rest.substr(0, colon);
        if (!is_host_name(out.host)) return wrong("that is no name of a machine");
        port = rest.substr(colon);
    }
    if (port.empty()) return out;
    port.remove_prefix(1);
    const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (ec != std::errc{} || end != port.data() + port.size() || out.port == 0)
        return wrong("that is no port");
    return out;
}

std::string RemoteUrl::text() const {
    command::Target t;
    t.host = host;
    t.port = port;
    return fmt::format("http{}://{}", tls ? "s" : "", t.authority());
}

bool RemoteUrl::is_loopback() const {
    in_addr v4{};
    if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    in6_addr v6{};
    if (::inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
    return host == "localhost";
}

void Remote::tell() const {
    if (::isatty(STDERR_FILENO)) fmt::print(stderr, "microhost: on {}\n", target.shown);
}

Error Remote::refusal(const command::Reply& reply) const {
    const auto d = json::Document::parse(reply.body);
    const bool ours =
        reply.content_type == "application/json" && d && d->root().find("detail").is_string();
    if (!ours)
        return error(
            "{}: a web server answered {}{}, and not microhost's proxy; is that its address?",
            target.shown, reply.status,
            reply.content_type.empty() ? "" : " with " + reply.content_type);
    const std::string detail(*d->root().find("detail").as_string());
    switch (reply.status) {
        case 401:
            if (target.token.empty())
                return error(
                    "{}: it wants a token; give one with --remote_token_file FILE or "
                    "MICROHOST_REMOTE_TOKEN",
                    target.shown);
            return error("{}: {}; is the token of {} meant for it?", target.shown, detail,
                         token_from);
        case 403: return error("{}: {}; whoever runs it can allow that", target.shown, detail);
        case 400: return error("{}: {}", target.shown, detail);
        case 404: return error("{}: {}; is proxy.so what listens there?", target.shown, detail);
        default:
            return error("{}: it answered {}: {}; try again, or look at its log", target.shown,
                         reply.status, detail);
    }
}

Result<std::optional<Remote>> find_remote(const RemoteFlags& flags,
                                          const config::Surroundings& in) {
    const Result<Remotes> remotes = Remotes::read(in);
    const auto asked = asked_for(flags, in, remotes);
    if (!asked) return asked.error();
    if (asked->text.empty() || asked->text == kLocal) {
        if (!flags.remote && flags.any())
            return error(
                "--remote_ca, --remote_token_file and --insecure go with --remote URL|NAME");
        return std::optional<Remote>();
    }
    const auto named = look_up(*asked, remotes);
    if (!named) return named.error();
    const auto url = RemoteUrl::parse(named->url);
    if (!url) return std::move(url.error()).context(asked->by);
    Remote out;
    out.name = asked->text;
    const std::string shown = url->text();
    const bool by_url = out.name.find("://") != out.name.npos;
    out.target.shown = by_url ? shown : fmt::format("{} ({})", out.name, shown);
    out.target.host = url->host;
    out.target.port = url->port;
    if (!url->tls && !url->is_loopback() && !flags.insecure)
        return error(
            "{}: over http:// the token could be read on the way; use https://, or say "
            "--insecure",
            out.target.shown);
    if (url->tls) {
        net::TlsClientOptions options;
        options.ca = flags.ca_file.value_or(named->ca_file);
        auto tls = net::TlsClientContext::load(options);
        if (!tls) return tls.error();
        out.target.tls = std::move(*tls);
    }
    if (auto ok = find_token(out, flags, *named, in); !ok) return ok.error();
    return std::optional(std::move(out));
}

}  // namespace microhost::tool
