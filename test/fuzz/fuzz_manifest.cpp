// SPDX-License-Identifier: Apache-2.0
// Any bytes as a module's file: the ELF reader and the manifest behind it end without a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "module/elf.hpp"
#include "module/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace microhost::module;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (auto elf = read_elf(MemoryBytes(bytes)); elf && elf->manifest)
        if (auto text = manifest_text(*elf->manifest)) (void)parse_manifest(*text);
    (void)parse_manifest(bytes);
    return 0;
}
