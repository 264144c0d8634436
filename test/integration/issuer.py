# SPDX-License-Identifier: Apache-2.0
"""Who signs tokens, and publishes the keys for them."""
import base64
import hashlib
import hmac
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import wire


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An ES256, ES384 or RS256 key, made and used by openssl's command line, or a secret for HS256."""

    def __init__(self, algorithm="ES256", kid="k1"):
        self.algorithm, self.kid, self.folder = algorithm, kid, Path(tempfile.mkdtemp(prefix="microhost-issuer-"))
        self.secret = hashlib.sha256(str(self.folder).encode()).hexdigest()
        if algorithm[0] != "H":
            kind = ["rsa:2048"] if algorithm[0] == "R" else ["ec", "-pkeyopt", f"ec_paramgen_curve:P-{algorithm[2:]}"]
            kind = [kind[0].split(":")[0], *(["-pkeyopt", "rsa_keygen_bits:2048"] if algorithm[0] == "R" else kind[1:])]
            self.openssl("genpkey", "-algorithm", *kind, "-out", "key.pem")
            self.pem = self.openssl("pkey", "-in", "key.pem", "-pubout").decode()

    def openssl(self, *args, stdin=b""):
        return subprocess.run(["openssl", *args], cwd=self.folder, input=stdin, check=True, capture_output=True).stdout

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def jwk(self):
        """Of an elliptic curve: the last bytes of the public key are its point."""
        size = int(self.algorithm[2:]) // 8
        point = self.openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER")[-2 * size:]
        return {"kty": "EC", "crv": f"P-{self.algorithm[2:]}", "kid": self.kid, "use": "sig", "alg": self.algorithm,
                "x": base64url(point[:size]), "y": base64url(point[size:])}

    def sign(self, text):
        if self.algorithm[0] == "H":
            return hmac.new(self.secret.encode(), text, hashlib.sha256).digest()
        signature = self.openssl("dgst", f"-sha{self.algorithm[2:]}", "-sign", "key.pem", stdin=text)
        return signature if self.algorithm[0] == "R" else raw_ecdsa(signature, int(self.algorithm[2:]) // 8)

    def token(self, header=None, exp=60, **claims):
        head = {"alg": self.algorithm, "kid": self.kid, **(header or {})}
        body = {"sub": "ali", "exp": int(time.time()) + exp, **claims}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (head, body))
        return text + "." + base64url(self.sign(text.encode()))

    def bearer(self, *args, **claims):
        return [("Authorization", "Bearer " + self.token(*args, **claims))]


def raw_ecdsa(der, size):
    """R and S side by side, from SEQUENCE { INTEGER, INTEGER } of less than 128 bytes."""
    r_end = 4 + der[3]
    r, s = der[4:r_end], der[r_end + 2:]
    return b"".join(n.lstrip(b"\0").rjust(size, b"\0") for n in (r, s))


class Jwks(wire.Upstream):
    """Publishes the keys of issuers; `reply` is another answer instead; asked: how often it was asked."""

    def __init__(self, *issuers, cache="", gate=None):
        self.issuers, self.cache, self.reply, self.gate = list(issuers), cache, None, gate
        super().__init__(self.publish)

    def publish(self, request, _):
        if self.gate:
            self.gate.wait(wire.TIMEOUT)
        headers = [("Cache-Control", self.cache)] if self.cache else []
        return self.reply or wire.answer(json.dumps({"keys": [i.jwk() for i in self.issuers]}), headers=headers)

    @property
    def asked(self):
        return len(self.requests)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/keys?x=1"
