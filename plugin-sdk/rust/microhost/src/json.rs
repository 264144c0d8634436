// SPDX-License-Identifier: Apache-2.0
//! The manifest, written while compiling. For the macros; nobody else needs it.

pub enum Part {
    Raw(&'static str),
    /// In quotes, escaped, without blanks in front.
    Text(&'static str),
    /// An interface id of the sys layer: with its NUL, which is left out.
    Id(&'static [u8]),
    /// Unless it would be the first in its brackets.
    Comma,
    All(&'static [Part]),
    If(bool, &'static [Part]),
}

/// Counts what does not fit, so that one of length 0 tells the length.
struct Writer<const N: usize> {
    bytes: [u8; N],
    len: usize,
    last: u8,
}

impl<const N: usize> Writer<N> {
    const fn byte(mut self, b: u8) -> Self {
        if self.len < N {
            self.bytes[self.len] = b;
        }
        self.len += 1;
        self.last = b;
        self
    }

    const fn raw(mut self, text: &[u8], end: usize) -> Self {
        let mut i = 0;
        while i < end {
            self = self.byte(text[i]);
            i += 1;
        }
        self
    }

    const fn text(mut self, text: &[u8]) -> Self {
        self = self.byte(b'"');
        let (mut i, mut begun) = (0, false);
        while i < text.len() {
            let b = text[i];
            i += 1;
            if b == b' ' && !begun {
                continue;
            }
            begun = true;
            if b == b'"' || b == b'\\' {
                self = self.byte(b'\\');
            }
            self = self.byte(if b < b' ' { b' ' } else { b });
        }
        self.byte(b'"')
    }

    const fn put(mut self, parts: &[Part]) -> Self {
        let mut i = 0;
        while i < parts.len() {
            self = match &parts[i] {
                Part::Raw(s) => self.raw(s.as_bytes(), s.len()),
                Part::Text(s) => self.text(s.as_bytes()),
                Part::Id(s) => self.byte(b'"').raw(s, s.len() - 1).byte(b'"'),
                Part::Comma if self.last == b'{' || self.last == b'[' => self,
                Part::Comma => self.byte(b','),
                Part::All(inner) | Part::If(true, inner) => self.put(inner),
                Part::If(false, _) => self,
            };
            i += 1;
        }
        self
    }
}

/// Bytes with the NUL at the end.
pub const fn length(parts: &[Part]) -> usize {
    let w = Writer::<0> { bytes: [], len: 0, last: 0 };
    w.put(parts).len + 1
}

/// `N` is its length.
pub const fn text<const N: usize>(parts: &[Part]) -> [u8; N] {
    let w = Writer::<N> { bytes: [0; N], len: 0, last: 0 };
    w.put(parts).bytes
}
