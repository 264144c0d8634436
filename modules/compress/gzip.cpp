// SPDX-License-Identifier: Apache-2.0
#include "gzip.hpp"

#include <cassert>
#include <new>

namespace microhost::compress {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, in gzip's frame
constexpr int kMemoryLevel = 8;
constexpr size_t kLeast = 512;

int mode_of(Gzip::Then then) {
    switch (then) {
        case Gzip::Then::flush: return Z_SYNC_FLUSH;
        case Gzip::Then::finish: return Z_FINISH;
        default: return Z_NO_FLUSH;
    }
}

}  // namespace

Gzip::Gzip(int level) {
    if (deflateInit2(&stream_, level, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        throw std::bad_alloc();
}

Gzip::~Gzip() { deflateEnd(&stream_); }

void Gzip::reset() { deflateReset(&stream_); }

void Gzip::write(std::string_view in, Then then, std::string& out) {
    const int mode = mode_of(then);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    size_t end = out.size();
    do {
        out.resize(end + kLeast + in.size() / 2);
        stream_.next_out = reinterpret_cast<Bytef*>(out.data() + end);
        stream_.avail_out = static_cast<uInt>(out.size() - end);
        const int status = deflate(&stream_, mode);
        assert(status != Z_STREAM_ERROR);
        (void)status;
        end = out.size() - stream_.avail_out;
    } while (stream_.avail_out == 0);
    out.resize(end);
}

}  // namespace microhost::compress
