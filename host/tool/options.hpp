// SPDX-License-Identifier: Apache-2.0
/// Options: what one verb takes, said once; parsing, --help and the error are made from it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tool/verbs.hpp"

namespace microhost::tool {

/// The targets must outlive parse(). Names are "--json" or "-H,--header".
class Options {
  public:
    /// `example`: a command line or a few, shown by --help.
    Options(const Arguments& arguments, std::string_view example);
    ~Options();

    Options& flag(const char* names, bool& target, const char* doc);
    Options& value(const char* names, std::string& target, const char* word, const char* doc);
    Options& number(const char* names, unsigned& target, const char* word, const char* doc);
    Options& list(const char* names, std::vector<std::string>& target, const char* word,
                  const char* doc);
    /// The words that are no options, in the order of the calls.
    Options& word(const char* name, std::string& target, const char* doc, bool required = true);
    Options& words(const char* name, std::vector<std::string>& target, const char* doc);

    /// Empty: go on. Else the exit status: help was printed (0), or one line says what is wrong (2).
    std::optional<int> parse();
    /// One line on standard error in the same form, for what parse() cannot know. Answers 2.
    int refuse(std::string_view what) const;

  private:
    struct Parser;  // keeps CLI11, which is slow to compile, in one file
    std::unique_ptr<Parser> parser_;
};

}  // namespace microhost::tool
