// SPDX-License-Identifier: Apache-2.0
//! A filter's options: names, types, defaults and texts stand in one place; the schema of the manifest is made of them.
use crate::host::{call, config, view, Failure};
use crate::json::Part;
use crate::sys;
use std::os::raw::c_char;
use std::time::Duration;

/// What `options!` makes of a struct. `()`: none.
pub trait Options: Sized {
    #[doc(hidden)]
    const SCHEMA: &'static [Part];
    #[doc(hidden)]
    fn read(from: &Config) -> Result<Self, Failure>;
}

impl Options for () {
    const SCHEMA: &'static [Part] = &[Part::Raw(r#"{"type":"object","additionalProperties":false}"#)];
    fn read(_: &Config) -> Result<Self, Failure> {
        Ok(())
    }
}

/// The configuration of an instance: validated, defaults filled in.
pub struct Config(pub(crate) *const sys::mh_config);

impl Config {
    /// `path` ends with NUL: keys joined with ".".
    pub fn get<T: Value>(&self, path: &'static str) -> Result<T, Failure> {
        let name = path.trim_end_matches('\0');
        assert!(name.len() < path.len(), "a path ends with NUL");
        unsafe { T::read(self.0, path.as_ptr() as *const c_char) }.map_err(|s| {
            let what = if s == sys::MH_E_NOT_FOUND { "a value is required" } else { "the value has the wrong type" };
            Failure::new(&format!("/{}", name.replace('.', "/")), format!("{}: {}", name, what))
        })
    }
}

/// A type that an option may have.
pub trait Value: Sized {
    /// The beginning of its schema: more members and a brace follow.
    const SCHEMA: &'static str;
    /// # Safety
    /// `c` is what the host lent, `path` ends with NUL.
    unsafe fn read(c: *const sys::mh_config, path: *const c_char) -> Result<Self, sys::mh_status>;
}

/// Calls a getter whose last argument is where the value goes.
macro_rules! get {
    ($getter:ident, $zero:expr, $c:expr, $path:expr $(, $more:expr)*) => {{
        let mut out = $zero;
        match call!(config(), $getter, $c, $path $(, $more)*, &mut out) {
            sys::MH_OK => Ok(out),
            status => Err(status),
        }
    }};
}

const NOTHING: sys::mh_str = sys::mh_str { ptr: std::ptr::null(), len: 0 };

unsafe fn owned(s: sys::mh_str) -> String {
    String::from_utf8_lossy(view(s.ptr as *const u8, s.len)).into_owned()
}

impl Value for String {
    const SCHEMA: &'static str = r#"{"type":"string""#;
    unsafe fn read(c: *const sys::mh_config, path: *const c_char) -> Result<Self, sys::mh_status> {
        let s: Result<sys::mh_str, _> = get!(string, NOTHING, c, path);
        s.map(|s| owned(s))
    }
}

impl Value for i64 {
    const SCHEMA: &'static str = r#"{"type":"integer""#;
    unsafe fn read(c: *const sys::mh_config, path: *const c_char) -> Result<Self, sys::mh_status> {
        get!(integer, 0, c, path)
    }
}

impl Value for f64 {
    const SCHEMA: &'static str = r#"{"type":"number""#;
    unsafe fn read(c: *const sys::mh_config, path: *const c_char) -> Result<Self, sys::mh_status> {
        get!(number, 0.0, c, path)
    }
}

impl Value for bool {
    const SCHEMA: &'static str = r#"{"type":"boolean""#;
    unsafe fn read(c: *const sys::mh_config, path: *const c_char) -> Result<Self, sys::mh_status> {
        get!(boolean, 0, c, path).map(|yes| yes != 0)
    }
}

/// "500ms", "10s", or a number of seconds.
impl Value for Duration {
    const SCHEMA: &'static str = r#"{"type":["string","number"]"#;
    unsafe fn read(c: *const sys::mh_config, path: *const c_char) -> Result<Self, sys::mh_status> {
        get!(duration_ms, 0, c, path).map(Duration::from_millis)
    }
}

impl Value for Vec<String> {
    const SCHEMA: &'static str = r#"{"type":"array","items":{"type":"string"}"#;
    unsafe fn read(c: *const sys::mh_config, path: *const c_char) -> Result<Self, sys::mh_status> {
        let n: u32 = get!(count, 0, c, path)?;
        (0..n).map(|i| get!(string_at, NOTHING, c, path, i).map(|s| owned(s))).collect()
    }
}

/// Makes a struct the options of a filter. A field without a value is required. Its text is the comment above it.
///
/// ```
/// microhost::options! {
///     struct Options {
///         /// File of tokens, one a line
///         file: String,
///         /// Requests a second
///         rate: i64 = 5,
///         /// How long to wait for an answer
///         timeout: std::time::Duration = "500ms",
///         /// Roles that may come in
///         roles: Vec<String> = [],
///     }
/// }
/// ```
#[macro_export]
macro_rules! options {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[doc = $doc:literal])* $field_vis:vis $field:ident : $type:ty $(= $default:expr)?),* $(,)?
    }) => {
        $(#[$meta])* $vis struct $name { $($(#[doc = $doc])* $field_vis $field: $type),* }

        impl $crate::Options for $name {
            const SCHEMA: &'static [$crate::json::Part] = {
                use $crate::json::Part::*;
                &[
                    Raw("{\"type\":\"object\",\"properties\":{"),
                    $(
                        Comma, Text(stringify!($field)), Raw(":"), Raw(<$type as $crate::Value>::SCHEMA),
                        Raw(",\"description\":"), Text(concat!($($doc),*)),
                        $(Raw(",\"default\":"), Raw(stringify!($default)),)?
                        Raw("}"),
                    )*
                    Raw("}"),
                    If(false $(|| $crate::is_required!($($default)?))*, &[
                        Raw(",\"required\":["),
                        $(If($crate::is_required!($($default)?), &[Comma, Text(stringify!($field))]),)*
                        Raw("]"),
                    ]),
                    Raw(",\"additionalProperties\":false}"),
                ]
            };
            fn read(from: &$crate::Config) -> Result<Self, $crate::Failure> {
                Ok(Self { $($field: from.get(concat!(stringify!($field), "\0"))?),* })
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! is_required {
    () => {
        true
    };
    ($default:expr) => {
        false
    };
}
