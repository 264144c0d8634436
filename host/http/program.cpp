// SPDX-License-Identifier: Apache-2.0
#include "http/program.hpp"

#include "loop/loop.hpp"

namespace microhost::http {

// Not at once: the hook whose answer ended the last request may still be on the stack.
void Program::release(Loop& loop) {
    loop.defer(
        [](void* p) {
            auto* self = static_cast<Program*>(p);
            if (self->on_unused) self->on_unused(*self);
        },
        this);
}

}  // namespace microhost::http
