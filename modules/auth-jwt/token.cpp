// SPDX-License-Identifier: Apache-2.0
#include "token.hpp"

#include "../shared/base64.hpp"

namespace microhost::auth_jwt {
namespace {

constexpr size_t kLongestHeader = 4096, kLongestId = 256,
                 kLongestSignature = 1366;  // RSA of 8192 bits

/// False when it is there and no text, or too long.
bool text_of(mh::json_value v, std::string& out) {
    if (v.is_null()) return true;
    const auto s = v.string();
    if (!s || s->size() > kLongestId) return false;
    out = *s;
    return true;
}

/// A member that is null is there, too.
bool has(mh::json_value object, std::string_view name) {
    for (uint32_t i = 0; i < object.count(); ++i) {
        if (object.key_at(i) == name) return true;
    }
    return false;
}

}  // namespace

const char* Token::read(std::string_view text, size_t longest) {
    if (text.size() > longest) return "the token is too long";
    const size_t first = text.find('.');
    const size_t second = first == text.npos ? first : text.find('.', first + 1);
    if (second == text.npos || text.find('.', second + 1) != text.npos)
        return "the token is not of three parts";
    text_ = text;
    header_ = first;
    signed_ = second;
    const std::string_view signature = text.substr(second + 1);
    if (signature.size() > kLongestSignature || !shared::base64url_decode(signature, signature_))
        return "the signature is no base64url";
    if (signature_.empty()) return "the token is not signed";
    return read_header(text.substr(0, first));
}

const char* Token::read_header(std::string_view encoded) {
    std::string plain;
    if (encoded.size() > kLongestHeader || !shared::base64url_decode(encoded, plain))
        return "the header is no base64url";
    const mh::json_document document(plain);
    const mh::json_value header = document.root();
    if (header.kind() != MH_JSON_OBJECT) return "the header is no JSON object";
    // What must be understood is not understood here, and RFC 7797 changes what is signed.
    if (has(header, "crit") || has(header, "b64")) return "the header asks for an extension";
    if (!text_of(header["alg"], algorithm_) || algorithm_.empty()) return "the header has no alg";
    if (!text_of(header["kid"], key_id_)) return "kid is no text";
    if (!text_of(header["typ"], type_)) return "typ is no text";
    return nullptr;
}

bool Token::claims(mh::json_document& out) const {
    std::string plain;
    const std::string_view encoded = signed_text().substr(header_ + 1);
    if (!shared::base64url_decode(encoded, plain)) return false;
    out = mh::json_document(plain);
    return out.root().kind() == MH_JSON_OBJECT;
}

}  // namespace microhost::auth_jwt
