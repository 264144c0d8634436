// SPDX-License-Identifier: Apache-2.0
/// The mode of the terminal that is standard input, to be put back after somebody changed it.
#pragma once

#include <termios.h>
#include <unistd.h>

namespace microhost::tool {

class TerminalMode {
  public:
    /// As it is now.
    TerminalMode() : known_(::tcgetattr(STDIN_FILENO, &mode_) == 0) {}
    /// Null: standard input is no terminal.
    const termios* get() const { return known_ ? &mode_ : nullptr; }
    /// What is typed ahead stays. From the background the terminal is not ours to change.
    void restore() const {
        if (known_ && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp())
            ::tcsetattr(STDIN_FILENO, TCSADRAIN, &mode_);
    }

  private:
    termios mode_{};
    bool known_;
};

}  // namespace microhost::tool
