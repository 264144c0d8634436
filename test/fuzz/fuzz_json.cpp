// SPDX-License-Identifier: Apache-2.0
// Any bytes: no crash, and what was accepted is written as text that is accepted.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "json/document.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using microhost::json::Document;
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    (void)Document::parse(text, {.comments = true, .lines = true, .nul = false});
    const auto first = Document::parse(text);
    if (!first) return 0;
    if (!Document::parse(first->text()) || !Document::parse(first->text(true))) std::abort();
    return 0;
}
