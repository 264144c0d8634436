// SPDX-License-Identifier: Apache-2.0
/// Memory for what a hook is lent while lent memory is poisoned (http/poison.hpp): readable until the hook returns, a crash with
/// a name after that.
#pragma once

#include <microhost/http_request.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace microhost::http {

/// One call into a module, on the stack around it. Calls nest.
class Lease {
  public:
    /// Both texts must live as long as the process: a crash names them.
    Lease(const char* module, const char* hook);
    ~Lease();
    Lease(const Lease&) = delete;
    /// Of the call that runs on this thread, or null.
    static Lease* current();
    const char* module() const { return module_; }

    /// Copies that are gone when this is. What does not fit into memory is lent as it is.
    std::string_view copy(std::string_view s);
    mh_str copy(mh_str s);
    mh_seg copy(mh_seg s);
    mh_kv copy(mh_kv kv) { return {copy(kv.key), copy(kv.val)}; }
    mh_header copy(mh_header h) { return {copy(h.name), copy(h.value), h.id, h.flags}; }
    template <class T>
    const T* copy(const T* list, uint32_t n) {
        auto* out = static_cast<T*>(n ? room(n * sizeof(T), alignof(T)) : nullptr);
        if (!out) return list;
        for (uint32_t i = 0; i < n; i++) out[i] = copy(list[i]);
        return out;
    }
    void* room(size_t bytes, size_t align);

  private:
    struct Region {
        char* begin;
        size_t size;
    };
    const char* module_;
    const char* hook_;
    Lease* outer_;
    std::vector<Region> regions_;
    size_t used_ = 0;  // of the last region
};

/// From now on a read of what a hook was lent, after it returned, says so on stderr before the program dies of it.
void name_late_readers();

}  // namespace microhost::http
