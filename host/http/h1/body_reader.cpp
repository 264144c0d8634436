// SPDX-License-Identifier: Apache-2.0
#include "http/h1/body_reader.hpp"

namespace microhost::http {

Fed BodyReader::feed(char* data, size_t n) {
    if (complete_) return {0, 0, true, false};
    Fed fed;
    switch (framing_) {
        case Framing::none: break;
        case Framing::until_close: fed.consumed = fed.produced = n; break;
        case Framing::length:
            fed.consumed = fed.produced = static_cast<size_t>(std::min<uint64_t>(left_, n));
            left_ -= fed.produced;
            fed.done = left_ == 0;
            break;
        case Framing::chunked: fed = chunks_.feed(data, n); break;
    }
    complete_ = fed.done;
    return fed;
}

}  // namespace microhost::http
