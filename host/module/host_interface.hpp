// SPDX-License-Identifier: Apache-2.0
/// The interfaces that this host offers to modules: id ("mh.log/1") -> table of functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace microhost::module {

class InterfaceTable {
  public:
    /// Both must live as long as the process. Offering an id again replaces it. Thread: main, before the first module.
    void offer(const char* id, const void* table);
    /// Null when this host does not have it. Thread: any.
    const void* find(std::string_view id) const;
    /// Why `id` cannot be had: "this host serves mh.foo/1; ..." or "this host does not serve it; ...".
    std::string explain_missing(std::string_view id) const;
    std::vector<std::string_view> ids() const;

  private:
    struct Row {
        const char* id;
        const void* table;
    };
    std::vector<Row> rows_;  // sorted by id
};

}  // namespace microhost::module
