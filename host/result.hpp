// SPDX-License-Identifier: Apache-2.0
/// What the caller or the world can make fail returns a Result; a bug is an assert; only start-up may throw.
#pragma once

#include <fmt/format.h>
#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace microhost {

/// One sentence for the person who reads it: what, where, what to do. Context is put in front on the way up.
struct Error {
    std::string what;

    Error context(std::string_view where) && {
        what.insert(0, fmt::format("{}: ", where));
        return std::move(*this);
    }
};

template <class... Args>
Error error(fmt::format_string<Args...> text, Args&&... args) {
    return Error{fmt::format(text, std::forward<Args>(args)...)};
}

/// boost::system::result asks for this; value() on an error is a bug of ours.
[[noreturn]] inline void throw_exception_from_error(const Error& e, const boost::source_location&) {
    throw std::runtime_error(e.what);
}

template <class T = void>
using Result = boost::system::result<T, Error>;

}  // namespace microhost
