// SPDX-License-Identifier: Apache-2.0
#include "key_set.hpp"

#include "../shared/text.hpp"

namespace microhost::auth_jwt {
namespace {

constexpr size_t kMostKeys = 100;
constexpr size_t kMostTries = 8;  // keys without an id that one token is tried with

}  // namespace

KeySet KeySet::read(std::string_view text, Origin origin) {
    KeySet set;
    const std::string_view content = shared::trim(text);
    if (content.starts_with('{'))
        set.read_jwks(content, origin);
    else if (content.find("-----BEGIN ") != content.npos && origin == Origin::file)
        set.read_pem(content);
    else
        throw BadKey(origin == Origin::file ? "it is neither PEM nor a JWKS" : "it is no JWKS");
    if (set.keys_.empty()) {
        const std::string why = set.skipped_.empty() ? std::string() : ": " + set.skipped_.front();
        throw BadKey("it has no key that can be used" + why);
    }
    return set;
}

KeySet KeySet::of_secret(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    KeySet set;
    set.keys_.push_back(Key::from_secret(text));
    return set;
}

void KeySet::read_pem(std::string_view text) {
    constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
    for (size_t at = text.find(kBegin); at != text.npos; at = text.find(kBegin)) {
        text.remove_prefix(at);
        const std::string which = "block " + std::to_string(keys_.size() + 1) + ": ";
        const size_t end = text.find(kEnd);
        const size_t close = end == text.npos ? end : text.find(kDashes, end + kEnd.size());
        if (close == text.npos) throw BadKey(which + "it does not end");
        if (keys_.size() == kMostKeys) throw BadKey("there are more than 100 keys");
        try {
            keys_.push_back(Key::from_pem(text.substr(0, close + kDashes.size())));
        } catch (const BadKey& bad) {
            throw BadKey(which + bad.what());
        }
        text.remove_prefix(close + kDashes.size());
    }
}

void KeySet::read_jwks(std::string_view text, Origin origin) {
    const mh::json_document document(text);
    if (!document) throw BadKey("it is no valid JSON");
    const mh::json_value keys = document.root()["keys"];
    if (keys.kind() != MH_JSON_ARRAY) throw BadKey("it has no list \"keys\"");
    if (keys.count() > kMostKeys) throw BadKey("there are more than 100 keys");
    for (uint32_t i = 0; i < keys.count(); ++i) {
        try {
            Key key = Key::from_jwk(keys.at(i));
            if (key.kind() == KeyKind::secret && origin == Origin::network)
                throw BadKey("a secret that everybody can fetch is none");
            keys_.push_back(std::move(key));
        } catch (const BadKey& bad) {
            skipped_.push_back("key " + std::to_string(i + 1) + ": " + bad.what());
        }
    }
}

std::vector<const Key*> KeySet::find(const Algorithm& a, std::string_view id) const {
    std::vector<const Key*> named, nameless;
    for (const Key& k : keys_) {
        if (!k.fits(a)) continue;
        if (!id.empty() && k.id() == id) named.push_back(&k);
        // A key without an id may be any; a token without one may be of any key.
        if (k.id().empty() || id.empty()) nameless.push_back(&k);
    }
    auto& out = named.empty() ? nameless : named;
    if (out.size() > kMostTries) out.resize(kMostTries);
    return std::move(out);
}

}  // namespace microhost::auth_jwt
