// SPDX-License-Identifier: Apache-2.0
// Precompiled for the larger modules: of the standard library what nearly every file reads anyway. Files still include what
// they use; the release build has no precompiled headers, so that a missing #include is found.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>
