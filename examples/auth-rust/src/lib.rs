// SPDX-License-Identifier: Apache-2.0
//! Lets requests in that bear a token of a file.
use microhost::{log, Failure, Filter, Phase, Request, Verdict};

microhost::options! {
    struct Options {
        /// File of tokens, one a line: TOKEN [SUBJECT [ROLE,ROLE]]
        file: String,
        /// What WWW-Authenticate names
        realm: String = "microhost",
    }
}

struct Bearer {
    token: String,
    subject: String,
    roles: Vec<String>,
}

impl Bearer {
    fn from_line(line: &str) -> Option<Bearer> {
        let mut words = line.split_whitespace();
        let token = words.next().filter(|w| !w.starts_with('#'))?.to_string();
        let subject = words.next().unwrap_or_default().to_string();
        let roles = words.next().unwrap_or_default().split(',').filter(|r| !r.is_empty()).map(str::to_string).collect();
        Some(Bearer { token, subject, roles })
    }
}

/// The time depends on the lengths alone.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| std::hint::black_box(difference | (x ^ y))) == 0
}

struct AuthRust {
    bearers: Vec<Bearer>,
    challenge: String,
}

impl AuthRust {
    /// All of them are compared, so that the time tells nothing about which one it was.
    fn find(&self, token: &[u8]) -> Option<&Bearer> {
        self.bearers.iter().fold(None, |found, b| if same(b.token.as_bytes(), token) { Some(b) } else { found })
    }

    fn refuse(&self, r: &mut Request, detail: &str) -> Verdict {
        r.respond_error(401, "auth-rust", detail, &[("WWW-Authenticate", &self.challenge)])
    }
}

impl Filter for AuthRust {
    type Options = Options;
    const PHASE: Phase = Phase::AUTHN;

    fn new(options: Options) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(&options.file)
            .map_err(|e| Failure::new("/file", format!("the token file {}: {}", options.file, e)))?;
        let bearers: Vec<_> = text.lines().filter_map(Bearer::from_line).collect();
        if bearers.is_empty() {
            log::warn(&format!("{} has no token: nobody gets in", options.file));
        }
        Ok(AuthRust { bearers, challenge: format!("Bearer realm={:?}", options.realm) })
    }

    fn on_request(&self, r: &mut Request) -> Verdict {
        let field = match r.header("authorization") {
            Some(field) => field,
            None => return self.refuse(r, "a token is required"),
        };
        let bearer = match field.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case(b"bearer ") => self.find(&field[7..]),
            _ => None,
        };
        let bearer = match bearer {
            Some(bearer) => bearer,
            None => return self.refuse(r, "the token is not valid"),
        };
        let roles: Vec<&str> = bearer.roles.iter().map(String::as_str).collect();
        if !bearer.subject.is_empty() && r.set_principal(&bearer.subject, "auth-rust", &roles).is_err() {
            return Verdict::Fail;
        }
        Verdict::Detach
    }
}

microhost::plugin! {
    id: "auth-rust",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Lets requests in that bear a token of a file",
    filter: AuthRust,
}
