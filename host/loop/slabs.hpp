// SPDX-License-Identifier: Apache-2.0
/// Memory for the objects of requests, which a loop uses again and again and keeps until its end.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace microhost {

/// Objects lie close together, and where there are many of them in huge pages: a thousand requests under way touch a
/// thousand of each kind in turn, and the page tables would not fit into the processor's caches.
class Slabs {
  public:
    Slabs() = default;
    ~Slabs();
    Slabs(const Slabs&) = delete;
    Slabs& operator=(const Slabs&) = delete;

    /// Not initialised, aligned for every type, never moved, and given back with all the rest. Throws std::bad_alloc.
    void* take(size_t n);

    struct Destroy {
        template <class T>
        void operator()(T* p) const {
            p->~T();
        }
    };
    /// Owns an object in a slab; the memory stays the slab's.
    template <class T>
    using Owner = std::unique_ptr<T, Destroy>;

    template <class T, class... Args>
    Owner<T> make(Args&&... args) {
        return Owner<T>(new (take(sizeof(T))) T(std::forward<Args>(args)...));
    }

  private:
    struct Piece {
        void* memory;
        size_t size;
    };
    void grow(size_t n);

    std::vector<Piece> pieces_;
    char* at_ = nullptr;
    size_t left_ = 0;
};

}  // namespace microhost
