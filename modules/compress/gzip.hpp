// SPDX-License-Identifier: Apache-2.0
/// A gzip stream whose memory is fixed (about 260 KiB) and can be used again.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

namespace microhost::compress {

class Gzip {
  public:
    /// Throws std::bad_alloc.
    explicit Gzip(int level);
    ~Gzip();
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;

    enum class Then { more, flush, finish };
    /// Compresses `in` and appends what is ready to `out`; with `flush` the reader can read all of it now.
    void write(std::string_view in, Then then, std::string& out);
    /// As new.
    void reset();

  private:
    z_stream stream_{};
};

}  // namespace microhost::compress
