// SPDX-License-Identifier: Apache-2.0
// A chunked body from any bytes: the same result whole, byte by byte, and in pieces of the size that the input chooses.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/h1/chunked.hpp"
#include "http/names.hpp"

using namespace microhost::http;

namespace {

void require(bool good) {
    if (!good) std::abort();
}

struct Reading {
    std::string body, trailers;
    std::size_t consumed = 0;
    bool done = false, error = false;
    bool operator==(const Reading&) const = default;
};

Reading read(const std::string& input, std::size_t piece) {
    ChunkDecoder decoder;
    Reading r;
    while (r.consumed < input.size() && !r.done && !r.error) {
        std::string part = input.substr(r.consumed, piece);
        const Fed fed = decoder.feed(part.data(), part.size());
        require(fed.consumed <= part.size() && fed.produced <= fed.consumed);
        require(fed.done || fed.error || fed.consumed == part.size());
        r.body.append(part, 0, fed.produced);
        r.consumed += fed.consumed;
        r.done = fed.done;
        r.error = fed.error;
    }
    if (r.done) r.trailers = decoder.trailers();
    return r;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string input(reinterpret_cast<const char*>(bytes + 1), size - 1);
    const Reading whole = read(input, std::max<std::size_t>(input.size(), 1));
    require(read(input, 1) == whole);
    require(read(input, std::size_t{bytes[0]} + 1) == whole);
    Headers trailers;
    parse_trailers(whole.trailers, trailers);
    require(trailers.count <= ChunkDecoder::kMostTrailers);
    for (std::uint32_t i = 0; i < trailers.count; i++) {
        require(is_token(view(trailers.fields[i].name)));
        require(valid_value(view(trailers.fields[i].value)));
    }
    return 0;
}
