// SPDX-License-Identifier: Apache-2.0
/// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash, so that nobody can choose keys that collide.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace microhost::module {

using SipKey = std::array<uint64_t, 2>;

/// From the system's random numbers.
SipKey random_sip_key();
uint64_t siphash(const SipKey& key, std::string_view bytes);

}  // namespace microhost::module
