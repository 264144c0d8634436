// SPDX-License-Identifier: Apache-2.0
#include "path_rule.hpp"

#include <algorithm>

namespace microhost::router {
namespace {

/// The segment that `rest` begins with, which is taken off together with its "/".
std::string_view take_segment(std::string_view& rest) {
    rest.remove_prefix(1);
    const size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    rest = slash == rest.npos ? std::string_view{} : rest.substr(slash);
    return segment;
}

}  // namespace

PathRule PathRule::exact(std::string_view path) {
    PathRule r;
    r.kind_ = Kind::exact;
    r.text_ = path;
    return r;
}

PathRule PathRule::prefix(std::string_view path) {
    PathRule r;
    r.kind_ = Kind::prefix;
    r.text_ = path;
    if (r.text_.ends_with('/')) r.text_.pop_back();
    r.names_ = {"rest"};
    return r;
}

bool PathRule::parse_template(std::string_view text, PathRule& out, std::string& why) {
    out.kind_ = Kind::segments;
    out.text_ = text;
    if (!text.starts_with('/')) why = "a template begins with \"/\"";
    while (why.empty() && !text.empty()) {
        const std::string_view segment = take_segment(text);
        const bool part = segment.starts_with('{') && segment.ends_with('}') && segment.size() > 2;
        if (!part && segment.find_first_of("{}") != segment.npos) {
            why = "\"" + std::string(segment) + "\": a part is a whole segment, such as {id}";
        } else if (part) {
            const std::string name(segment.substr(1, segment.size() - 2));
            if (std::find(out.names_.begin(), out.names_.end(), name) != out.names_.end())
                why = "two parts are called \"" + name + "\"";
            out.names_.push_back(name);
            out.segments_.emplace_back();
        } else {
            out.segments_.emplace_back(segment);
            if (segment.empty() && (out.segments_.size() > 1 || !text.empty()))
                why = "an empty segment";
        }
    }
    return why.empty();
}

bool PathRule::matches(std::string_view path, std::vector<std::string_view>& parts) const {
    parts.clear();
    switch (kind_) {
        case Kind::any: return true;
        case Kind::exact: return path == text_;
        case Kind::prefix:
            if (!path.starts_with(text_)) return false;
            path.remove_prefix(text_.size());
            if (!path.empty() && path[0] != '/') return false;
            parts.push_back(path.substr(path.empty() ? 0 : 1));
            return true;
        case Kind::segments: break;
    }
    for (const std::string& wanted : segments_) {
        if (path.empty()) return false;
        const std::string_view segment = take_segment(path);
        const bool part = wanted.empty() && text_.size() > 1;
        if (part ? segment.empty() : segment != wanted) return false;
        if (part) parts.push_back(segment);
    }
    return path.empty();
}

}  // namespace microhost::router
