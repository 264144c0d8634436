// SPDX-License-Identifier: Apache-2.0
#include "module/verdicts.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

namespace microhost::module {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostVerdicts = 512;
constexpr std::string_view kGood = "ok\n", kBad = "refused ";

std::string hexadecimal(const unsigned char* bytes, unsigned n) {
    std::string out;
    for (unsigned i = 0; i < n; i++) out += fmt::format("{:02x}", bytes[i]);
    return out;
}

}  // namespace

Result<std::string> Verdicts::key(const File& file, std::string_view with) {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> sum(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (!sum || EVP_DigestInit_ex(sum.get(), EVP_sha256(), nullptr) != 1)
        return error("{}: SHA-256 is not to be had from OpenSSL", file.path());
    EVP_DigestUpdate(sum.get(), with.data(), with.size());
    EVP_DigestUpdate(sum.get(), "", 1);  // so that a byte cannot move from one part to the other
    std::array<char, 64 * 1024> block;
    for (uint64_t at = 0; at < file.size();) {
        const ssize_t n = pread(file.fd(), block.data(), block.size(), static_cast<off_t>(at));
        if (n <= 0) return error("{}: became shorter while it was read", file.path());
        EVP_DigestUpdate(sum.get(), block.data(), static_cast<size_t>(n));
        at += static_cast<uint64_t>(n);
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    EVP_DigestFinal_ex(sum.get(), digest.data(), &size);
    return {boost::system::in_place_value, hexadecimal(digest.data(), size)};
}

std::optional<Result<>> Verdicts::find(const std::string& key) const {
    if (folder_.empty()) return {};
    std::ifstream in(folder_ + "/" + key, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (text == kGood) return Result<>{};
    if (!text.starts_with(kBad) || !text.ends_with('\n')) return {};
    return Result<>{Error{text.substr(kBad.size(), text.size() - kBad.size() - 1)}};
}

void Verdicts::remember(const std::string& key, std::string_view reason) const {
    if (folder_.empty()) return;
    mkdir(folder_.c_str(), 0700);
    // Whole or not there: another process may read it, and this one may be killed.
    const std::string path = folder_ + "/" + key, partial = fmt::format("{}.{}", path, getpid());
    {
        std::ofstream out(partial, std::ios::binary);
        if (reason.empty())
            out << kGood;
        else
            out << kBad << reason << '\n';
        out.close();
        if (!out) return;
    }
    std::error_code ec;
    fs::rename(partial, path, ec);
    prune();
}

/// Files of plugins that nobody has any more do not pile up.
void Verdicts::prune() const {
    std::vector<std::pair<fs::file_time_type, fs::path>> all;
    std::error_code ec;
    for (fs::directory_iterator it(folder_, ec), end; !ec && it != end; it.increment(ec)) {
        std::error_code gone;
        const auto when = it->last_write_time(gone);
        if (!gone) all.emplace_back(when, it->path());
    }
    if (all.size() <= kMostVerdicts) return;
    std::ranges::sort(all);
    for (size_t i = 0; i < all.size() - kMostVerdicts; i++) fs::remove(all[i].second, ec);
}

Result<> Verdicts::trial_load(const File& file, const TrialOptions& options) const {
    const auto name = key(file, fmt::format("{}\n{}", MICROHOST_VERSION, options.config));
    if (!name) return name.error();
    if (auto known = find(*name)) {
        if (*known) return {};
        return std::move(known->error()).context(file.path());
    }
    auto trial = try_module(file.path(), options);
    if (!trial) return trial.error();
    std::string_view reason = trial->reason;
    if (const std::string prefix = file.path() + ": "; reason.starts_with(prefix))
        reason.remove_prefix(prefix.size());
    if (trial->outcome != Outcome::hung) remember(*name, reason);
    if (trial->outcome != Outcome::passed) return Error{trial->reason};
    return {};
}

}  // namespace microhost::module
