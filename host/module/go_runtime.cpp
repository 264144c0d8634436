// SPDX-License-Identifier: Apache-2.0
#include "module/go_runtime.hpp"

#include "module/environment.hpp"

namespace microhost::module {

Error second_go_runtime(const Candidate& c, std::string_view other) {
    if (c.id() == other)
        return error(
            "{}: has a Go runtime, which cannot be there twice; restart microhost to load it again",
            c.path());
    return error(
        "{}: has a Go runtime, and so has module \"{}\": two in a process stop each other; build "
        "both as one module, or "
        "load one of them in another microhost",
        c.path(), other);
}

Result<> enter_go_runtime(Environment& environment, const Candidate& c) {
    if (!c.elf.go_runtime) return {};
    if (!environment.go_module.empty()) return second_go_runtime(c, environment.go_module);
    environment.go_module = c.id();
    environment.log.domain("host/module")
        .info("has a Go runtime: it stays in memory until the program ends, and is not reloaded",
              {{"id", c.id()}, {"path", c.path()}});
    return {};
}

}  // namespace microhost::module
