// SPDX-License-Identifier: Apache-2.0
/// Telling our own pages from scripts of the web services that share our origin. Whatever a browser sends by itself (the cookie, the
/// address of this machine) it sends for those, too; so a script proves by a token that it is ours, and the token stands only in
/// documents that no other page can read: those that the browser navigates a whole window to.
#pragma once

#include <microhost/request.hpp>

#include <string>
#include <string_view>

namespace microhost::web {

/// What a browser says of how a request came about (Fetch Metadata). Scripts cannot change it. Empty: no browser, or an old one, or
/// one that does not trust this origin (plain text to another machine).
struct Fetch {
    std::string_view site, mode, dest, origin;

    static Fetch of(const mh::request& r);
    bool by_browser() const { return !site.empty() || !origin.empty(); }
    /// A whole window goes there: a link, a form, the address line. Never for fetch(), frames, workers, images.
    bool to_window() const { return mode == "navigate" && dest == "document"; }
};

struct Asked {
    bool reads;   ///< GET or HEAD
    bool page;    ///< what is answered is a page of ours: no other document can read it
    bool cookie;  ///< the asker is known by the session's cookie
};

/// Whether this needs the token. What is no browser and bears no cookie does not: nobody makes curl send anything.
bool needs_token(const Fetch& f, const Asked& a);

/// Whether the token may stand in the page that answers this. `trusted`: browsers send Fetch Metadata here (TLS, or this machine);
/// where they do not, nothing can keep a script of the same origin from reading the page.
bool may_tell_token(const Fetch& f, bool trusted);

/// Where a script of another origin would have to be let in by name, this origin's are, whatever serves them: true for what a
/// browser asks for as the script of a service worker of a whole origin.
bool takes_over_origin(const mh::request& r, std::string_view base);

/// A path of ours to go on to after the log-in; "/" for anything else, above all other origins.
std::string local_path(std::string_view next);

}  // namespace microhost::web
