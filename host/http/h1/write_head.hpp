// SPDX-License-Identifier: Apache-2.0
/// Writes a message head into a buffer: first line, fields, empty line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "http/h1/hop_by_hop.hpp"
#include "http/head.hpp"

namespace microhost::http::h1 {

constexpr size_t kMostDigits = 20;
/// Decimal digits of n at `out`, which has room for kMostDigits; returns how many.
size_t write_decimal(uint64_t n, char* out);

/// Appends to buffer[0, capacity). What does not fit is left out and overflow() is true from then on. Checks no
/// syntax: names and values were parsed, or are ours, or were checked by is_token and valid_value.
class HeadWriter {
  public:
    HeadWriter(char* buffer, size_t capacity)
        : begin_(buffer), at_(buffer), end_(buffer + capacity) {}

    void raw(std::string_view s) {
        if (!room(s.size())) return;
        put(s);
    }
    /// "HTTP/1.1 200 OK\r\n"; an unregistered status, 100 to 999, has an empty reason.
    void status(unsigned status);
    /// "GET /path HTTP/1.1\r\n"
    void request(std::string_view method, std::string_view target);
    /// As request(); "?" and the query follow where `has_query`.
    void request(std::string_view method, std::string_view path, bool has_query,
                 std::string_view query);
    void field(std::string_view name, std::string_view value) {
        if (!room(name.size() + value.size() + 4)) return;
        put(name);
        put_two(": ");
        put(value);
        put_two("\r\n");
    }
    /// A name that is written here costs one or two stores.
    template <size_t N>
    void field(const char (&name)[N], std::string_view value) {
        if (!room(N - 1 + value.size() + 4)) return;
        std::memcpy(at_, name, N - 1);
        at_ += N - 1;
        put_two(": ");
        put(value);
        put_two("\r\n");
    }
    /// One field whose value is a list of two elements.
    void list(std::string_view name, std::string_view first, std::string_view second) {
        if (!room(name.size() + first.size() + second.size() + 6)) return;
        put(name);
        put_two(": ");
        put(first);
        put_two(", ");
        put(second);
        put_two("\r\n");
    }
    void field(const mh_header& h) { field(view(h.name), view(h.value)); }
    /// `zeros` of them follow the digits.
    template <size_t N>
    void field(const char (&name)[N], uint64_t value, std::string_view zeros = {}) {
        char digits[kMostDigits];
        const std::string_view number(digits, write_decimal(value, digits));
        // Said for the compiler, which fears for digits otherwise.
        if (number.size() > kMostDigits) __builtin_unreachable();
        if (!room(N - 1 + number.size() + zeros.size() + 4)) return;
        std::memcpy(at_, name, N - 1);
        at_ += N - 1;
        put_two(": ");
        put(number);
        put(zeros);
        put_two("\r\n");
    }
    /// Every field that is neither hop-by-hop, nor nominated by Connection, nor in `except`.
    void forward(const Headers& headers, const Connection& connection, const IdSet& except = {});
    /// The empty line.
    void end() { raw("\r\n"); }

    size_t size() const { return static_cast<size_t>(at_ - begin_); }
    std::string_view text() const { return {begin_, size()}; }
    bool overflow() const { return overflow_; }

  private:
    bool room(size_t n) {
        if (static_cast<size_t>(end_ - at_) < n) overflow_ = true;
        return !overflow_;
    }
    // Names and values are short: two loads and stores that overlap cost less than a call.
    void put(std::string_view s) {
        const size_t n = s.size();
        if (n > 32) {
            std::memcpy(at_, s.data(), n);
        } else if (n >= 16) {
            put_ends<16>(s.data(), n);
        } else if (n >= 8) {
            put_ends<8>(s.data(), n);
        } else if (n >= 4) {
            put_ends<4>(s.data(), n);
        } else if (n >= 2) {
            put_ends<2>(s.data(), n);
        } else if (n == 1) {
            *at_ = s.front();
        }
        at_ += n;
    }
    void put_two(const char* s) {
        std::memcpy(at_, s, 2);
        at_ += 2;
    }
    template <size_t N>
    void put_ends(const char* s, size_t n) {
        struct Chunk {
            char bytes[N];
        } first, last;
        std::memcpy(&first, s, N);
        std::memcpy(&last, s + n - N, N);
        std::memcpy(at_, &first, N);
        std::memcpy(at_ + n - N, &last, N);
    }

    char* begin_;
    char* at_;
    char* end_;
    bool overflow_ = false;
};

}  // namespace microhost::http::h1
