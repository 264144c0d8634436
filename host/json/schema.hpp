// SPDX-License-Identifier: Apache-2.0
/// Schema: checks a value against a JSON schema (a subset of draft-04) and says in a sentence what
/// is wrong.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "result.hpp"

namespace microhost::json {

struct SchemaOptions {
    /// An object whose schema has `properties` and says nothing about additionalProperties takes no
    /// other keys.
    bool closed = true;
};

struct Violation {
    std::string pointer;  ///< of the value, from the root of what was checked
    std::string keyword;  ///< the schema keyword that failed, e.g. "minimum"
    std::string text;     ///< the sentence, with the pointer and the keyword in it
};

/// Keywords: type enum properties required additionalProperties minProperties maxProperties items
/// (one schema) minItems maxItems uniqueItems minimum maximum exclusiveMinimum exclusiveMaximum
/// multipleOf minLength maxLength pattern allOf anyOf oneOf not; ignored: title description default
/// examples format id $schema x-*. Any other is an error, for a keyword that nobody checks protects
/// nobody. `pattern` takes literals, . [a-z] classes, ( | ) and ? * + {n,m} after a single
/// character, at most 64 repeats. A value under a schema with "x-secret": true is not shown.
/// Thread: one at a time for each Schema and its copies (patterns are matched in shared scratch
/// memory).
class Schema {
  public:
    /// Copies what it needs. Errors name the pointer in the schema and the keyword.
    static Result<Schema> compile(Value schema, const SchemaOptions& options = {});

    /// `where` is put in front of each pointer, e.g. "/modules/api". All unknown keys are found, in
    /// the order of the text, and then the first violation of another keyword.
    std::vector<Violation> check(Value value, std::string_view where = {}) const;
    /// The first of check(), as an error.
    Result<> validate(Value value, std::string_view where = {}) const;

    /// The schema that was compiled.
    Value source() const;

  private:
    struct Compiled;
    explicit Schema(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
    std::shared_ptr<const Compiled> compiled_;
};

}  // namespace microhost::json
