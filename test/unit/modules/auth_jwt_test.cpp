// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "module/abi/tables.hpp"
#include "modules/auth-jwt/bearer.hpp"
#include "modules/auth-jwt/claims.hpp"
#include "modules/auth-jwt/key_source.hpp"
#include "modules/auth-jwt/policy.hpp"
#include "signer.hpp"

using namespace microhost::auth_jwt;
using microhost::shared::Found;
using microhost::test::Signer;

namespace {

constexpr double kNow = 1'700'000'000;

struct Json {
    Json() { mh::the_table<mh_json> = &microhost::module::kJsonTable; }
};
const Json use_json;

Settings settings(const char* algorithm = nullptr) {
    Settings s{};
    s.subject_claim = "sub", s.roles_claim = "roles", s.require_exp = true, s.max_token = 8192;
    s.leeway = std::chrono::seconds(30);
    if (algorithm) s.algorithms = {algorithm};
    return s;
}

std::string claims(std::string_view more = "", int64_t exp = static_cast<int64_t>(kNow) + 60) {
    return R"({"sub":"ali","exp":)" + std::to_string(exp) + std::string(more) + "}";
}

/// Why the token is refused, or "".
std::string refusal(const Settings& s, const KeySet& keys, std::string_view text) {
    Token t;
    if (const char* why = t.read(text, static_cast<size_t>(s.max_token))) return why;
    const Outcome o = Policy(s).check(t, keys, kNow);
    return o.why ? o.why : "";
}

std::string bad_keys(std::string_view text, Origin origin = Origin::file) {
    try {
        (void)KeySet::read(text, origin);
    } catch (const BadKey& bad) {
        return bad.what();
    }
    return "";
}

std::string with(std::string text, std::string_view what, std::string_view by) {
    return text.replace(text.find(what), what.size(), by);
}

}  // namespace

TEST_SUITE("modules/auth-jwt") {
    TEST_CASE("the examples of RFC 7515: HS256 and ES256") {
        Settings s = settings("HS256");
        s.subject_claim = "iss";
        const auto hs = KeySet::read(
            R"({"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]})",
            Origin::file);
        const std::string payload =
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ij"
            "p0cnVlfQ";
        const std::string token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + payload +
                                  ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        Token t;
        REQUIRE(t.read(token, 8192) == nullptr);
        CHECK(Policy(s).check(t, hs, 1300819379).who.subject == "joe");
        CHECK(std::string(Policy(s).check(t, hs, 1300819380 + 30).why) == "it has expired");

        s.algorithms = {"ES256"};
        const auto es = KeySet::read(
            R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})",
            Origin::network);
        const std::string ecdsa = "eyJhbGciOiJFUzI1NiJ9." + payload +
                                  ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-"
                                  "F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        REQUIRE(t.read(ecdsa, 8192) == nullptr);
        CHECK(Policy(s).check(t, es, 1300819379).who.subject == "joe");
    }

    TEST_CASE(
        "each algorithm verifies its own signatures, from PEM and from JWKS, and no other's") {
        for (const char* name :
             {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "ES256", "ES384"}) {
            CAPTURE(name);
            const Signer signer(name);
            const std::string token = signer.token(claims());
            const KeySet keys = KeySet::read(signer.jwks("k"), Origin::file);
            CHECK(refusal(settings(name), keys, token) == "");
            if (!signer.pem().empty())
                CHECK(refusal(settings(name), KeySet::read(signer.pem(), Origin::file), token) ==
                      "");
            CHECK(refusal(settings(name), KeySet::read(Signer(name).jwks("k"), Origin::file),
                          token) == "its signature is not valid");
            for (const char* other : {"HS256", "RS256", "PS256", "ES256", "ES384"}) {
                if (std::string_view(other) == name) continue;
                CHECK(refusal(settings(other), keys, token) == "its algorithm is not accepted");
            }
            // A bit anywhere in the signed text or the signature.
            for (const size_t at : {token.find('.') + 3, token.size() - 5}) {
                std::string bent = token;
                bent[at] = bent[at] == 'A' ? 'B' : 'A';
                CHECK(refusal(settings(name), keys, bent) == "its signature is not valid");
            }
        }
    }

    TEST_CASE(
        "nobody signs with a public key, with nothing, or with another algorithm of the same key") {
        const Signer rsa("RS256");
        const KeySet keys = KeySet::read(rsa.pem(), Origin::file);
        Settings all = settings();
        all.algorithms = {"HS256", "RS256"};
        CHECK(refusal(all, keys, Signer::hmac_token("HS256", rsa.pem(), claims())) ==
              "its signature is not valid");
        CHECK(refusal(all, keys, Signer::unsigned_token("none", claims(), "")) ==
              "the token is not signed");
        CHECK(refusal(all, keys, Signer::unsigned_token("none", claims(), "AAAA")) ==
              "its algorithm is not accepted");
        CHECK(refusal(all, keys, Signer::unsigned_token("NONE", claims(), "AAAA")) ==
              "its algorithm is not accepted");
        // A key that says which algorithm it is for is for no other.
        const KeySet pinned =
            KeySet::read(with(rsa.jwks("k"), R"("kty")", R"("alg":"RS512","kty")"), Origin::file);
        CHECK(refusal(settings("RS256"), pinned, rsa.token(claims())) ==
              "its signature is not valid");
        CHECK_THROWS_AS(Policy(settings("none")), mh::failure);
    }

    TEST_CASE("times: exp and nbf with leeway, and numbers that are none") {
        const Signer signer("HS256");
        const KeySet keys = KeySet::read(signer.jwks("k"), Origin::file);
        const auto said = [&](std::string_view text) {
            return refusal(settings("HS256"), keys, signer.token(text));
        };
        const auto now = static_cast<int64_t>(kNow);
        CHECK(said(claims("", now - 29)) == "");
        CHECK(said(claims("", now - 30)) == "it has expired");
        CHECK(said(claims(R"(,"nbf":)" + std::to_string(now + 30))) == "");
        CHECK(said(claims(R"(,"nbf":)" + std::to_string(now + 31))) == "it is not valid yet");
        CHECK(said(claims(R"(,"nbf":"0")")) == "nbf is no number");
        CHECK(said(R"({"sub":"a"})") == "it has no exp");
        CHECK(said(R"({"sub":"a","exp":null})") == "it has no exp");
        CHECK(said(R"({"sub":"a","exp":"99999999999"})") == "exp is no number");
        CHECK(said(R"({"sub":"a","exp":-1e300})") == "it has expired");
        CHECK(said(R"({"sub":"a","exp":1e300})") == "");
        CHECK(said(R"({"sub":"a","exp":1.7000000605e9})") == "");
        for (const char* bad :
             {"", "[]", "x", R"({"exp":1,"exp":99999999999})", "{\"sub\":\"\xff\"}"})
            CHECK(said(bad) == "its claims are no JSON object");
        Settings lax = settings("HS256");
        lax.require_exp = false;
        CHECK(refusal(lax, keys, signer.token(R"({"sub":"a"})")) == "");
    }

    TEST_CASE("names: issuer, audience, required claims, subject, typ") {
        const Signer signer("HS256");
        const KeySet keys = KeySet::read(signer.jwks("k"), Origin::file);
        Settings s = settings("HS256");
        const auto said = [&](std::string_view more, const char* header = "") {
            return refusal(s, keys, signer.token(claims(more), header));
        };
        CHECK(said(R"(,"aud":"x")") == "its audience is not accepted");
        s.audience = {"a", "b"};
        CHECK(said("") == "its audience is not accepted");
        for (const char* good : {R"(,"aud":"b")", R"(,"aud":["x","a"])"}) CHECK(said(good) == "");
        for (const char* bad :
             {R"(,"aud":[])", R"(,"aud":{"a":1})", R"(,"aud":["A"])", R"(,"aud":1)"})
            CHECK(said(bad) == "its audience is not accepted");
        s.audience = {"*"};
        CHECK(said(R"(,"aud":"x")") == "");
        s.issuer = "https://id";
        CHECK(said("") == "its issuer is not accepted");
        CHECK(said(R"(,"iss":["https://id"])") == "its issuer is not accepted");
        CHECK(said(R"(,"iss":"https://id")") == "");
        s.issuer = "", s.required_claims = {"scope", "a.b"};
        CHECK(said(R"(,"scope":"x")") == "a required claim is missing");
        CHECK(said(R"(,"scope":"x","a":{"b":1})") == "");
        s.required_claims = {}, s.subject_claim = "email";
        CHECK(said("") == "it does not say whose it is");
        CHECK(said(R"(,"email":"a\nb")") == "it does not say whose it is");
        CHECK(said(R"(,"email":7)") == "");
        for (const char* good :
             {R"("typ":"JWT",)", R"("typ":"jwt",)", R"("typ":"application/at+jwt",)"})
            CHECK(said(R"(,"email":"a")", good) == "");
        CHECK(said(R"(,"email":"a")", R"("typ":"dpop+jwt",)") == "its typ is not accepted");
        s.typ = {"at+jwt"};
        CHECK(said(R"(,"email":"a")", R"("typ":"JWT",)") == "its typ is not accepted");
        CHECK(said(R"(,"email":"a")") == "its typ is not accepted");
    }

    TEST_CASE("headers that are none, or ask for what is not done") {
        const Signer signer("HS256");
        const KeySet keys = KeySet::read(signer.jwks("k"), Origin::file);
        const auto said = [&](const char* header) {
            return refusal(settings("HS256"), keys, signer.token(claims(), header));
        };
        CHECK(said(R"("crit":["exp"],)") == "the header asks for an extension");
        CHECK(said(R"("crit":null,)") == "the header asks for an extension");
        CHECK(said(R"("b64":false,)") == "the header asks for an extension");
        CHECK(said(R"("kid":7,)") == "kid is no text");
        CHECK(said(R"("typ":[],)") == "typ is no text");
        CHECK(said(R"("alg":"none",)") == "the header is no JSON object");   // twice
        CHECK(said(R"("jku":"https://evil","x5u":"https://evil",)") == "");  // not looked at
        Token t;
        for (const char* bad : {"", ".", "..", "a.b", "a.b.c.d", "e30.e30.AAAA", "e30=.e30.AAAA",
                                "W10.e30.AAAA", "e30..AAA"}) {
            CAPTURE(bad);
            CHECK(t.read(bad, 8192) != nullptr);
        }
        CHECK(std::string(t.read(std::string(9000, 'a'), 8192)) == "the token is too long");
    }

    TEST_CASE(
        "which keys: by id, else those without one, else all for a token without an id; never an "
        "unbounded number") {
        const Signer a("HS256"), b("HS256");
        const std::string both = a.jwks("a", b.jwk("b"));
        const KeySet keys = KeySet::read(both, Origin::file);
        CHECK(refusal(settings("HS256"), keys, a.token(claims(), R"("kid":"a",)")) == "");
        CHECK(refusal(settings("HS256"), keys, a.token(claims(), R"("kid":"b",)")) ==
              "its signature is not valid");
        CHECK(refusal(settings("HS256"), keys, b.token(claims())) == "");
        const Algorithm& hs = *find_algorithm("HS256");
        CHECK(keys.find(hs, "c").empty());
        CHECK(keys.find(hs, "a").size() == 1);
        CHECK(keys.find(*find_algorithm("RS256"), "a").empty());
        std::string many;
        for (int i = 0; i < 50; ++i) many += (i ? "," : "") + a.jwk("");
        CHECK(KeySet::read("{\"keys\":[" + many + "]}", Origin::file).find(hs, "x").size() == 8);
    }

    TEST_CASE("keys that are none") {
        const Signer rsa("RS256"), oct("HS256"), ec("ES256");
        CHECK(bad_keys("") == "it is neither PEM nor a JWKS");
        CHECK(bad_keys(rsa.pem(), Origin::network) == "it is no JWKS");
        CHECK(bad_keys("{\"keys\":[]}") == "it has no key that can be used");
        CHECK(bad_keys("{\"keys\":{}}") == "it has no list \"keys\"");
        CHECK(bad_keys("{") == "it is no valid JSON");
        CHECK(bad_keys(oct.jwks("k"), Origin::network)
                  .ends_with("a secret that everybody can fetch is none"));
        CHECK(bad_keys(R"({"keys":[{"kty":"oct","k":"c2hvcnQ"}]})").ends_with("at least 32 bytes"));
        CHECK(bad_keys(R"({"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]})")
                  .ends_with("RSA keys have 2048 to 8192 bits"));
        CHECK(bad_keys(R"({"keys":[7,{"kty":"OKP","crv":"Ed25519","x":"AA"}]})")
                  .find("key 1: it is no object") != std::string::npos);
        CHECK(bad_keys(with(ec.jwks("k"), R"("x":")", R"("x":"AA)")).find("key 1: ") !=
              std::string::npos);
        CHECK(bad_keys(with(ec.jwks("k"), R"("kty")", R"("use":"enc","kty")"))
                  .ends_with("it is not for signatures"));
        CHECK(bad_keys(with(ec.jwks("k"), R"("kty")", R"("key_ops":["sign"],"kty")"))
                  .ends_with("it is not for signatures"));
        // A point that is not on the curve.
        CHECK(
            bad_keys(
                R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}]})")
                .find("it is no valid public key") != std::string::npos);
        CHECK(bad_keys(rsa.private_pem()).find("it is a private key") != std::string::npos);
        CHECK(bad_keys(with(rsa.pem(), "-----END", "-----ENT")) == "block 1: it does not end");
        CHECK(bad_keys(with(rsa.pem(), "MII", "MIJ")) == "block 1: it cannot be read");
        CHECK(KeySet::read(rsa.pem() + "\n# other\n" + ec.pem(), Origin::file).size() == 2);
        const KeySet some =
            KeySet::read(with(rsa.jwks("k"), "[", R"([{"kty":"OKP"},)"), Origin::network);
        CHECK(some.size() == 1);
        CHECK(some.skipped() == std::vector<std::string>{"key 1: its kind is not supported"});
        CHECK(refusal(settings("HS256"), KeySet::of_secret(std::string(32, 'k') + "\r\n"),
                      Signer::hmac_token("HS256", std::string(32, 'k'), claims())) == "");
        // Long enough for its own hash only.
        CHECK(refusal(settings("HS512"), KeySet::of_secret(std::string(32, 'k')),
                      Signer::hmac_token("HS512", std::string(32, 'k'), claims())) ==
              "its signature is not valid");
    }

    TEST_CASE("claims by path, as text, as words") {
        const mh::json_document d(
            R"({"realm_access":{"roles":["viewer","a b\u0000",7,"admin"]},"https://x.y/roles":"p  q","a.b":1,"a":{"b":2,"c":{"d":true}},"l":["x","y"],"m":["x,y"],"n":1.5})");
        const auto at = [&](const char* path) { return claim_at(d.root(), path); };
        CHECK(claim_words(at("realm_access.roles")) == std::vector<std::string>{"viewer", "admin"});
        CHECK(claim_words(at("https://x.y/roles")) == std::vector<std::string>{"p", "q"});
        CHECK(claim_text(at("a.b")) == "1");
        CHECK(claim_text(at("a.c.d")) == "true");
        CHECK(claim_text(at("l")) == "x,y");
        for (const char* none :
             {"m", "n", "a", "zz", "a.z", "", ".", "a.c.d.e", "realm_access.roles"}) {
            CAPTURE(none);
            CHECK_FALSE(claim_text(at(none)));
        }
    }

    TEST_CASE("headers are made of claims, or the token is refused") {
        const Signer signer("HS256");
        const KeySet keys = KeySet::read(signer.jwks("k"), Origin::file);
        Settings s = settings("HS256");
        s.headers = {"X-User: sub", "X-Mail:  email"}, s.claims = {"tenant"};
        Token t;
        REQUIRE(t.read(signer.token(claims(R"(,"tenant":"t1","roles":"a b")")), 8192) == nullptr);
        const Outcome o = Policy(s).check(t, keys, kNow);
        REQUIRE_FALSE(o.why);
        CHECK(o.who.fields == std::vector<std::pair<std::string, std::string>>{{"X-User", "ali"}});
        CHECK(o.who.claims == std::vector<std::pair<std::string, std::string>>{{"tenant", "t1"}});
        CHECK(o.who.roles == std::vector<std::string>{"a", "b"});
        CHECK(o.until == static_cast<int64_t>(kNow) + 90);
        CHECK(refusal(s, keys, signer.token(claims(R"(,"email":"a\r\nX-Admin: 1")"))) ==
              "a claim cannot be the value of a field");
        for (const char* bad :
             {"X-User", "X-User:", "Host: sub", "a b: sub", "Content-Length: sub"}) {
            s.headers = {bad};
            CHECK_THROWS_AS(Policy{s}, mh::failure);
        }
    }

    TEST_CASE("query parameters and cookies: found once, removed wherever they are") {
        std::string out;
        CHECK(query_value("a=1&token=x.y&b", "token", out) == Found::one);
        CHECK(out == "x.y");
        CHECK(query_value("to%6ben=x%2Ey", "token", out) == Found::one);
        CHECK(out == "x.y");
        CHECK(query_value("token=a&token=b", "token", out) == Found::several);
        CHECK(query_value("tokens=a", "token", out) == Found::none);
        CHECK(query_value("", "token", out) == Found::none);
        CHECK(without_query("a=%31&to%6ben=x&&b&token", "token") == "a=%31&&b");
        CHECK(cookie_value("a=1; jwt=\"x\"; b=2", "jwt", out) == Found::one);
        CHECK(out == "x");
        CHECK(cookie_value("jwt=", "jwt", out) == Found::one);
        CHECK(cookie_value("jwt=a; jwt=b", "jwt", out) == Found::several);
        CHECK(cookie_value("xjwt=a; JWT=b; jwt", "jwt", out) == Found::none);
        CHECK(without_cookie("a=1; jwt=x;;b=2", "jwt") == "a=1; b=2");
        CHECK(without_cookie("jwt=x", "jwt") == "");
    }

    TEST_CASE("max-age") {
        using std::chrono::seconds;
        CHECK(max_age("public, max-age=600") == seconds(600));
        CHECK(max_age("Max-Age = 5") == seconds(5));
        CHECK(max_age("max-age=600, no-store") == seconds(0));
        for (const char* nothing :
             {"", "public", "max-age", "max-age=x", "max-age=-1", "max-age=99999999999"})
            CHECK_FALSE(max_age(nothing));
    }
}
