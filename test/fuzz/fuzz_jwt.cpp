// SPDX-License-Identifier: Apache-2.0
// A token, and a set of keys, of any bytes: no crash, nobody is let in who has not signed, and who is let in can be passed on.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "module/abi/tables.hpp"
#include "modules/auth-jwt/claims.hpp"
#include "modules/auth-jwt/policy.hpp"
#include "modules/shared/base64.hpp"

using namespace microhost;
using namespace microhost::auth_jwt;

namespace {

const std::string kSecret(32, 'k');

void require(bool good) {
    if (!good) std::abort();
}

Settings settings() {
    Settings s{};
    s.algorithms = {"HS256", "ES256", "RS256"};
    s.subject_claim = "sub", s.roles_claim = "a.roles", s.headers = {"X-User: sub", "X-Mail: mail"},
    s.claims = {"b"};
    return s;
}

std::string base64url(std::string_view bytes) {
    std::string s = shared::base64_encode(bytes);
    while (s.ends_with('=')) s.pop_back();
    for (char& c : s) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return s;
}

void any_keys(std::string_view text) {
    for (const Origin origin : {Origin::file, Origin::network}) {
        try {
            const KeySet set = KeySet::read(text, origin);
            require(set.size() > 0 && set.find(*find_algorithm("ES256"), "").size() <= 8);
        } catch (const BadKey&) {
        }
    }
}

/// The bytes as claims that are believed: the signature is not what stops them.
void any_claims(std::string_view claims) {
    const mh::json_document document{claims};
    for (const char* path : {"a.b", "exp", "", "."}) {
        const auto text = claim_text(claim_at(document.root(), path));
        require(!text || shared::field_value(*text));
        for (const std::string& word : claim_words(claim_at(document.root(), path)))
            require(shared::field_value(word));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    mh::the_table<mh_json> = &module::kJsonTable;
    static const Policy policy(settings());
    static const KeySet keys = KeySet::of_secret(kSecret);
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    Token token;
    const std::string wrapped = base64url(text) + ".e30.AAAA";  // as a header
    if (!token.read(wrapped, 1 << 20)) (void)policy.check(token, keys, 0);
    if (!token.read(text, 8192)) {
        const Outcome o = policy.check(token, keys, 0);
        require(o.why || !o.who.subject.empty());
    }
    any_keys(text);
    any_claims(text);
    return 0;
}
