// SPDX-License-Identifier: Apache-2.0
/// What a module contributes, and the points at which it may contribute.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"

namespace microhost::module {

class Generation;

struct Contribution {
    std::string point;       ///< "mh.http.filter/1"
    std::string name;        ///< unique in the module at that point
    const void* descriptor;  ///< of the point's type, checked for size and mandatory members
    Generation* generation;  ///< whose it is; lives as long as the contribution is published
};

/// All that is published, in the order of loading.
using Published = std::vector<Contribution>;

/// A place where modules may contribute.
struct Point {
    const char* id;
    /// Checks the descriptor (not null) and answers its name, empty for "the module's id". Errors end up in the log.
    Result<std::string> (*name)(const void* descriptor);
    bool unique_in_process = false;  ///< two modules must not contribute the same name
    /// What is published instead of a module's descriptor, or null. Lives as long as the process.
    const void* (*wrap)(const void* descriptor, std::string_view module) = nullptr;
};

class Points {
  public:
    /// Knows handlers, filters, listeners and services.
    Points();
    /// Thread: main, before the first module.
    void add(const Point& point);
    void wrap(std::string_view id, decltype(Point::wrap) around);
    const Point* find(std::string_view id) const;

  private:
    std::vector<Point> points_;
};

}  // namespace microhost::module
