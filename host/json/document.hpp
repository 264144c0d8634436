// SPDX-License-Identifier: Apache-2.0
/// Document: one parsed, immutable JSON text that owns its values.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "json/value.hpp"
#include "result.hpp"

namespace microhost::json {

struct Options {
    bool comments = false;  ///< /* */ and // count as space
    bool lines = false;     ///< remember the line of each key, for Document::line_of
    bool nul = true;  ///< allow \u0000 inside strings; files whose strings reach C functions say no
    std::size_t max_depth = 64;
    std::size_t max_bytes = 8 * 1024 * 1024;
};

/// Copies share the one tree (not for the request path: the share is counted). Thread: any.
class Document {
  public:
    /// The document `null`.
    Document();

    /// Errors read "LINE:COLUMN: what". Refused beside what RFC 8259 refuses: two members of one
    /// name, bytes that are not UTF-8, integers beyond 64 bits, numbers beyond double, NUL bytes,
    /// more depth or bytes than allowed.
    static Result<Document> parse(std::string_view text, const Options& options = {});

    Value root() const;
    /// The line (from 1) of the key at a pointer that crosses no array; needs Options::lines.
    std::optional<unsigned> line_of(std::string_view pointer) const;
    std::string text(bool pretty = false) const;

  private:
    struct Tree;
    explicit Document(std::shared_ptr<const Tree> tree) : tree_(std::move(tree)) {}
    std::shared_ptr<const Tree> tree_;
};

}  // namespace microhost::json
