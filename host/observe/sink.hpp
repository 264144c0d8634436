// SPDX-License-Identifier: Apache-2.0
/// Where lines go: a file by path, or a descriptor that somebody else owns.
#pragma once

#include "result.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace microhost::observe {

class Sink {
  public:
    /// Appends to the file; makes it (mode 0640) where it does not exist. A FIFO without a reader
    /// is refused.
    static Result<Sink> open_file(std::string path);
    /// Borrows `fd`, which must stay open.
    static Sink borrow(int fd);

    Sink(Sink&& other) noexcept;
    Sink& operator=(Sink&& other) noexcept;
    ~Sink();

    bool terminal() const noexcept;
    /// Opens the path again (a rotated file); keeps the old file when that fails. Nothing to do for
    /// a borrowed fd.
    Result<void> reopen();

    /// Writes all of it. `give_up` is asked about ten times a second while the other end takes
    /// nothing; true ends the attempt. False: not everything was written.
    bool write(std::string_view bytes, const std::function<bool()>& give_up) noexcept;

  private:
    Sink(int fd, std::string path, bool owned);
    void inspect() noexcept;
    /// What is left when it gives up or fails.
    std::string_view write_some(std::string_view bytes,
                                const std::function<bool()>& give_up) noexcept;

    int fd_;
    std::string path_;
    bool owned_;
    bool regular_ = false;
    bool torn_ = false;  // the last line out there is half a line
};

}  // namespace microhost::observe
