// SPDX-License-Identifier: Apache-2.0
// Feeds the files of the folders in argv to a fuzz target, whole and cut at every power of two, without libFuzzer.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

void feed(const std::vector<char>& seed, std::size_t size) {
    // A block of its own of exactly this size: AddressSanitizer sees one byte too many.
    auto exact = std::make_unique<std::uint8_t[]>(size);
    for (std::size_t i = 0; i < size; ++i) exact[i] = static_cast<std::uint8_t>(seed[i]);
    LLVMFuzzerTestOneInput(exact.get(), size);
}

}  // namespace

int main(int argc, char** argv) {
    int files = 0;
    feed({}, 0);
    for (int i = 1; i < argc; ++i) {
        if (!std::filesystem::is_directory(argv[i])) continue;
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            std::ifstream file(entry.path(), std::ios::binary);
            const std::vector<char> seed{std::istreambuf_iterator<char>(file), {}};
            for (std::size_t cut = 1; cut < seed.size(); cut *= 2) feed(seed, cut);
            feed(seed, seed.size());
            ++files;
        }
    }
    std::printf("%d seeds\n", files);
}
