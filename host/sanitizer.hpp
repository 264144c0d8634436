// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Which sanitizer this build has. gcc and clang say it in different words.
#ifndef __has_feature
#define __has_feature(name) 0  // gcc's own macros answer below
#define MICROHOST_NO_HAS_FEATURE
#endif

namespace microhost {

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
constexpr bool kAddressSanitizer = true;
#else
constexpr bool kAddressSanitizer = false;
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif
/// A sanitizer has signal handlers of its own.
constexpr bool kSanitizer = kAddressSanitizer || kThreadSanitizer;

}  // namespace microhost

#ifdef MICROHOST_NO_HAS_FEATURE
#undef MICROHOST_NO_HAS_FEATURE
#undef __has_feature
#endif
