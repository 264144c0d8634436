// SPDX-License-Identifier: Apache-2.0
//! The host as this module sees it: its tables, its log, and how failures and panics get over the border.
use crate::sys;
use std::fmt;
use std::os::raw::c_char;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

/// What a function of the border answered, when that was an error: `MH_E_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub sys::mh_status);

impl Status {
    pub(crate) fn check(s: sys::mh_status) -> Result<(), Status> {
        if s == sys::MH_OK {
            Ok(())
        } else {
            Err(Status(s))
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.0)
    }
}

/// Why a filter cannot be made: the operator reads the text as it is, so say what, where and what to do.
#[derive(Debug)]
pub struct Failure {
    pub text: String,
    /// JSON pointer into the configuration (`/file`), or empty.
    pub at: String,
    pub status: Status,
}

impl Failure {
    pub fn new(at: &str, text: impl Into<String>) -> Self {
        Failure { text: text.into(), at: at.to_string(), status: Status(sys::MH_E_INVALID) }
    }
}

pub(crate) fn lend(s: &[u8]) -> sys::mh_str {
    sys::mh_str { ptr: s.as_ptr() as *const c_char, len: s.len() }
}

/// # Safety
/// The bytes live for `'a`.
pub(crate) unsafe fn view<'a>(ptr: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(ptr, len)
    }
}

static HOST: AtomicPtr<sys::mh_host> = AtomicPtr::new(std::ptr::null_mut());
static HTTP: AtomicPtr<sys::mh_http_request> = AtomicPtr::new(std::ptr::null_mut());
static CONFIG: AtomicPtr<sys::mh_config_api> = AtomicPtr::new(std::ptr::null_mut());
static LOG: AtomicPtr<sys::mh_log> = AtomicPtr::new(std::ptr::null_mut());

pub(crate) fn host() -> &'static sys::mh_host {
    unsafe { &*HOST.load(Relaxed) }
}
pub(crate) fn http() -> &'static sys::mh_http_request {
    unsafe { &*HTTP.load(Relaxed) }
}
pub(crate) fn config() -> &'static sys::mh_config_api {
    unsafe { &*CONFIG.load(Relaxed) }
}

/// A function of a table. `enter` has seen that the table is long enough for it.
macro_rules! call {
    ($table:expr, $function:ident $(, $argument:expr)* $(,)?) => {
        ($table.$function.expect(stringify!($function)))($($argument),*)
    };
}
pub(crate) use call;

/// Remembers the host and its tables; what is missing is told.
pub(crate) unsafe fn enter(h: *const sys::mh_host) -> Result<(), sys::mh_status> {
    HOST.store(h as *mut _, Relaxed);
    LOG.store(find(sys::MH_LOG, std::mem::size_of::<sys::mh_log>()).unwrap_or(std::ptr::null_mut()), Relaxed);
    HTTP.store(find(sys::MH_HTTP_REQUEST, std::mem::size_of::<sys::mh_http_request>())?, Relaxed);
    CONFIG.store(find(sys::MH_CONFIG, std::mem::size_of::<sys::mh_config_api>())?, Relaxed);
    // std is linked into this module alone, and its hook with it: a panic is a line in the host's log, not on stderr.
    panic::set_hook(Box::new(|what| log::error(&what.to_string().replace('\n', " "))));
    Ok(())
}

unsafe fn find<T>(id: &[u8], size: usize) -> Result<*mut T, sys::mh_status> {
    let table = call!(host(), get, host(), id.as_ptr() as *const c_char);
    if !table.is_null() && *(table as *const u32) as usize >= size {
        return Ok(table as *mut T);
    }
    let name = String::from_utf8_lossy(&id[..id.len() - 1]);
    tell(sys::MH_E_UNSUPPORTED, "", &format!("this host has no {}, or an older one", name));
    Err(sys::MH_E_UNSUPPORTED)
}

/// host->error: why the failure that is about to be returned happened.
pub(crate) fn tell(status: sys::mh_status, at: &str, text: &str) {
    unsafe { call!(host(), error, host(), status, lend(at.as_bytes()), lend(text.as_bytes())) }
}

/// Runs `f` at the border: a panic goes no further. It is in the log already; `or` is the answer then.
pub(crate) fn guarded<T>(or: T, f: impl FnOnce() -> T) -> T {
    panic::catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|what| {
        let text = match what.downcast::<String>() {
            Ok(text) => *text,
            Err(what) => match what.downcast::<&'static str>() {
                Ok(text) => text.to_string(),
                Err(what) => {
                    std::mem::forget(what); // to drop it could panic again
                    "panic".to_string()
                }
            },
        };
        tell(sys::MH_E_PANIC, "", &text);
        or
    })
}

/// Structured lines that never block. The host adds time, module and, with a request, its id.
pub mod log {
    use super::*;

    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Level {
        Debug = sys::MH_LOG_DEBUG as isize,
        Info = sys::MH_LOG_INFO as isize,
        Warn = sys::MH_LOG_WARN as isize,
        Error = sys::MH_LOG_ERROR as isize,
    }

    fn table() -> Option<&'static sys::mh_log> {
        unsafe { LOG.load(Relaxed).as_ref() }
    }

    /// Whether lines of that level are written now: ask before formatting an expensive one.
    pub fn enabled(level: Level) -> bool {
        table().map_or(false, |t| unsafe { call!(t, level, host()) } <= level as i32)
    }

    pub fn write(level: Level, text: &str, fields: &[(&str, &str)]) {
        let fields: Vec<sys::mh_kv> =
            fields.iter().map(|(k, v)| sys::mh_kv { key: lend(k.as_bytes()), val: lend(v.as_bytes()) }).collect();
        if let Some(t) = table() {
            let n = fields.len() as u32;
            unsafe { call!(t, write, host(), level as i32, lend(text.as_bytes()), fields.as_ptr(), n) }
        }
    }

    pub(crate) fn write_for(r: *mut sys::mh_req, level: Level, text: &str) {
        if let Some(t) = table() {
            unsafe { call!(t, write_req, host(), r, level as i32, lend(text.as_bytes()), std::ptr::null(), 0) }
        }
    }

    pub fn debug(text: &str) {
        write(Level::Debug, text, &[])
    }
    pub fn info(text: &str) {
        write(Level::Info, text, &[])
    }
    pub fn warn(text: &str) {
        write(Level::Warn, text, &[])
    }
    pub fn error(text: &str) {
        write(Level::Error, text, &[])
    }
}
