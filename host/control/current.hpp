// SPDX-License-Identifier: Apache-2.0
/// The one object of a kind that this thread has: the C ABI's functions find it without being told.
#pragma once

namespace microhost::control {

/// class Desk : public Current<Desk>
template <class T>
class Current {
  public:
    Current(const Current&) = delete;
    Current& operator=(const Current&) = delete;
    /// Of the calling thread, or null.
    static T* current() { return current_; }

  protected:
    Current() { current_ = static_cast<T*>(this); }
    ~Current() {
        if (current_ == static_cast<T*>(this)) current_ = nullptr;
    }

  private:
    static inline thread_local T* current_ = nullptr;
};

}  // namespace microhost::control
