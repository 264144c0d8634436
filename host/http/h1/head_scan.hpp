// SPDX-License-Identifier: Apache-2.0
/// Finds the end of a message head in a growing buffer, and refuses bytes that no head may hold as soon as they come.
#pragma once

#include <cstddef>
#include <cstdint>

namespace microhost::http {

/// One per message: give it the whole buffer so far, again and again; it looks at each byte once.
///
/// `bad` (answer 400, or 502 for an upstream) at once for: LF without CR, CR without LF, NUL and every other control
/// byte except HTAB, a line that begins with SP or HTAB (obs-fold), and a third empty line before a request line.
struct HeadScan {
    enum Outcome : uint8_t { need_more, complete, bad };

    bool request =
        true;  // empty lines before a request line are skipped (RFC 9112 2.2); responses have none
    size_t pos = 0;   // scanned so far; when complete: the end of the head, behind its empty line
    size_t skip = 0;  // where the head begins: 0, 2 or 4
    size_t line = 0;  // where the line at pos begins

    /// `data` is the whole buffer from the start of the message, `n` its size, never less than before.
    Outcome feed(const char* data, size_t n);

    /// When complete: bytes from the start of the buffer to the end of the head, skipped ones included.
    size_t size() const { return pos; }
};

}  // namespace microhost::http
