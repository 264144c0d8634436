// SPDX-License-Identifier: Apache-2.0
//! A filter as a trait, and the table of C functions around it.
use crate::host::{enter, guarded, host, tell, view, Failure, Status};
use crate::json::Part;
use crate::options::{Config, Options};
use crate::request::{Request, Token};
use crate::sys;
use std::os::raw::{c_char, c_void};

/// What a hook answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Continue = sys::MH_V_CONTINUE as isize,
    /// `suspend` was called; the token's `resume` goes on.
    Pending = sys::MH_V_PENDING as isize,
    /// What `respond` returned.
    Respond = sys::MH_V_RESPOND as isize,
    /// Go on, and no further hook of this filter for this request.
    Detach = sys::MH_V_DETACH as isize,
    /// Cannot decide: the instance's `on_error` applies. So it is with a panic.
    Fail = sys::MH_V_FAIL as isize,
}

/// Where in the order. Filters of authn, authz and limit fail closed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Phase(pub u32);

#[rustfmt::skip]
impl Phase {
    pub const EARLY: Phase = Phase(sys::MH_PHASE_EARLY);
    pub const AUTHN: Phase = Phase(sys::MH_PHASE_AUTHN);
    pub const AUTHZ: Phase = Phase(sys::MH_PHASE_AUTHZ);
    pub const LIMIT: Phase = Phase(sys::MH_PHASE_LIMIT);
    pub const ROUTE: Phase = Phase(sys::MH_PHASE_ROUTE);
    pub const TRANSFORM: Phase = Phase(sys::MH_PHASE_TRANSFORM);
    pub const UPSTREAM: Phase = Phase(sys::MH_PHASE_UPSTREAM);
    pub const RESPONSE: Phase = Phase(sys::MH_PHASE_RESPONSE);
    pub const LOG: Phase = Phase(sys::MH_PHASE_LOG);

    #[doc(hidden)]
    pub const fn name(self) -> &'static str {
        match self.0 {
            sys::MH_PHASE_EARLY => "early",
            sys::MH_PHASE_AUTHN => "authn",
            sys::MH_PHASE_AUTHZ => "authz",
            sys::MH_PHASE_LIMIT => "limit",
            sys::MH_PHASE_ROUTE => "route",
            sys::MH_PHASE_TRANSFORM => "transform",
            sys::MH_PHASE_UPSTREAM => "upstream",
            sys::MH_PHASE_RESPONSE => "response",
            _ => "log",
        }
    }
}

/// Bytes of a body as they pass.
pub struct Body<'a> {
    pieces: &'a [sys::mh_seg],
    /// These are the final ones.
    pub last: bool,
}

impl<'a> Body<'a> {
    pub fn pieces(&self) -> impl Iterator<Item = &'a [u8]> {
        self.pieces.iter().map(|p| unsafe { view(p.ptr, p.len) })
    }
    pub fn to_vec(&self) -> Vec<u8> {
        self.pieces().collect::<Vec<_>>().concat()
    }
}

/// One object for each configured instance. All loops share it, so what it changes is atomic or behind a lock.
pub trait Filter: Sized + Send + Sync + 'static {
    type Options: Options;
    const PHASE: Phase = Phase::TRANSFORM;
    /// Hooks to call, `sys::MH_I_*`. The others cost nothing.
    const INTERESTS: u32 = sys::MH_I_REQUEST;
    /// Bytes, for the `*_FULL` interests.
    const MAX_BODY: u32 = 1024 * 1024;
    /// Of the module, `sys::MH_MODULE_*`.
    const FLAGS: u32 = 0;

    fn new(options: Self::Options) -> Result<Self, Failure>;

    fn on_request(&self, _: &mut Request) -> Verdict {
        Verdict::Continue
    }
    fn on_request_body(&self, _: &mut Request, _: &Body) -> Verdict {
        Verdict::Continue
    }
    fn on_response(&self, _: &mut Request) -> Verdict {
        Verdict::Continue
    }
    fn on_response_body(&self, _: &mut Request, _: &Body) -> Verdict {
        Verdict::Continue
    }
    /// A suspended request is over; `Status(MH_E_TIMEOUT)` or `Status(MH_E_CANCELLED)`.
    fn on_cancel(&self, _: &mut Request, _: Token, _: Status) {}
    /// After the last byte. Needs `MH_I_DONE`.
    fn on_done(&self, _: &mut Request, _: Result<(), Status>) {}
}

unsafe extern "C" fn instance_create<F: Filter>(
    _: *mut c_void,
    i: *const sys::mh_filter_instance,
    out: *mut *mut c_void,
) -> sys::mh_status {
    guarded(sys::MH_E_PANIC, || match F::Options::read(&Config((*i).config)).and_then(F::new) {
        Ok(filter) => {
            *out = Box::into_raw(Box::new(filter)) as *mut c_void;
            sys::MH_OK
        }
        Err(f) => {
            tell(f.status.0, &f.at, &f.text);
            f.status.0
        }
    })
}

unsafe extern "C" fn instance_destroy<F: Filter>(_: *mut c_void, instance: *mut c_void) {
    guarded((), || drop(Box::from_raw(instance as *mut F)))
}

unsafe fn hook<F: Filter>(
    filter: *mut c_void,
    r: *mut sys::mh_req,
    f: impl FnOnce(&F, &mut Request) -> Verdict,
) -> i32 {
    guarded(Verdict::Fail, || f(&*(filter as *const F), &mut Request::new(r))) as i32
}

unsafe fn body<'a>(v: *const sys::mh_seg, n: u32, last: u32) -> Body<'a> {
    Body { pieces: if n == 0 { &[] } else { std::slice::from_raw_parts(v, n as usize) }, last: last != 0 }
}

type Segs = *const sys::mh_seg;
type Fields = *const sys::mh_header;

unsafe extern "C" fn on_request<F: Filter>(f: *mut c_void, r: *mut sys::mh_req, _: Fields, _: u32) -> i32 {
    hook(f, r, F::on_request)
}
unsafe extern "C" fn on_request_body<F: Filter>(
    f: *mut c_void,
    r: *mut sys::mh_req,
    v: Segs,
    n: u32,
    last: u32,
) -> i32 {
    hook(f, r, |filter: &F, r| filter.on_request_body(r, &body(v, n, last)))
}
unsafe extern "C" fn on_response<F: Filter>(f: *mut c_void, r: *mut sys::mh_req, _: u32, _: Fields, _: u32) -> i32 {
    hook(f, r, F::on_response)
}
unsafe extern "C" fn on_response_body<F: Filter>(
    f: *mut c_void,
    r: *mut sys::mh_req,
    v: Segs,
    n: u32,
    last: u32,
) -> i32 {
    hook(f, r, |filter: &F, r| filter.on_response_body(r, &body(v, n, last)))
}
unsafe extern "C" fn on_cancel<F: Filter>(f: *mut c_void, r: *mut sys::mh_req, t: sys::mh_token, why: sys::mh_status) {
    guarded((), || (*(f as *const F)).on_cancel(&mut Request::new(r), Token(t), Status(why)))
}
unsafe extern "C" fn on_done<F: Filter>(f: *mut c_void, r: *mut sys::mh_req, outcome: sys::mh_status) {
    guarded((), || (*(f as *const F)).on_done(&mut Request::new(r), Status::check(outcome)))
}

/// What each filter has once: tables that live as long as the module.
trait Tables: Filter {
    const FILTER: &'static sys::mh_http_filter;
    const MODULE: &'static sys::mh_module;
}

impl<F: Filter> Tables for F {
    const FILTER: &'static sys::mh_http_filter = &sys::mh_http_filter {
        size: std::mem::size_of::<sys::mh_http_filter>() as u32,
        interests: F::INTERESTS,
        phase: F::PHASE.0,
        max_body: F::MAX_BODY,
        name: std::ptr::null(),
        after: std::ptr::null(),
        before: std::ptr::null(),
        user: std::ptr::null_mut(),
        instance_create: Some(instance_create::<F>),
        instance_destroy: Some(instance_destroy::<F>),
        shard_create: None,
        shard_destroy: None,
        on_request: Some(on_request::<F>),
        on_request_body: Some(on_request_body::<F>),
        on_response: Some(on_response::<F>),
        on_response_body: Some(on_response_body::<F>),
        on_cancel: Some(on_cancel::<F>),
        on_done: Some(on_done::<F>),
    };
    const MODULE: &'static sys::mh_module = &sys::mh_module {
        size: std::mem::size_of::<sys::mh_module>() as u32,
        flags: F::FLAGS,
        impl_: std::ptr::null_mut(),
        start: None,
        shard_create: None,
        shard_destroy: None,
        drain: None,
        destroy: None,
        get: None,
    };
}

/// The entry's `create`.
#[doc(hidden)]
pub unsafe extern "C" fn create<F: Filter>(h: *const sys::mh_host, out: *mut *const sys::mh_module) -> sys::mh_status {
    if let Err(status) = enter(h) {
        return status;
    }
    *out = F::MODULE;
    let filter = F::FILTER as *const sys::mh_http_filter as *const c_void;
    crate::host::call!(host(), contribute, host(), sys::MH_HTTP_FILTER.as_ptr() as *const c_char, filter)
}

/// The manifest's parts behind id, version and summary.
#[doc(hidden)]
pub const fn manifest_of<F: Filter>() -> [Part; 8] {
    use Part::*;
    [
        Raw(r#","abi":{"epoch":1},"requires":["#),
        Id(sys::MH_HTTP_REQUEST),
        Comma,
        Id(sys::MH_CONFIG),
        Raw(r#"],"config_schema":"#),
        All(F::Options::SCHEMA),
        Raw(r#","filters":[{"phase":"#),
        Text(F::PHASE.name()),
    ]
}
