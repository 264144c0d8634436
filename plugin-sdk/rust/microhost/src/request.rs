// SPDX-License-Identifier: Apache-2.0
//! The request in flight. Views end with the borrow they come from, so that none outlives the hook or the next edit.
use crate::host::{call, guarded, http, lend, log, view, Status};
use crate::sys;
use crate::Verdict;
use std::marker::PhantomData;
use std::os::raw::c_void;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Request = sys::MH_DIR_REQUEST as isize,
    Response = sys::MH_DIR_RESPONSE as isize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// Replaces all fields of that name.
    Set = sys::MH_EDIT_SET as isize,
    Add = sys::MH_EDIT_ADD as isize,
    Remove = sys::MH_EDIT_REMOVE as isize,
}

pub struct Header<'a> {
    /// As the sender spelt it.
    pub name: &'a [u8],
    pub value: &'a [u8],
    /// `sys::MH_H_*`, or 0.
    pub id: u32,
}

/// Who is asking.
pub struct Principal<'a> {
    pub subject: &'a str,
    pub issuer: &'a str,
    pub roles: Vec<&'a str>,
}

/// Lent for one hook.
pub struct Request<'a> {
    r: *mut sys::mh_req,
    hook: PhantomData<&'a mut sys::mh_req>,
}

const NONE: sys::mh_str = sys::mh_str { ptr: std::ptr::null(), len: 0 };

fn text(s: sys::mh_str) -> &'static str {
    std::str::from_utf8(unsafe { view(s.ptr as *const u8, s.len) }).unwrap_or("")
}

impl<'a> Request<'a> {
    /// # Safety
    /// Within a hook for `r`, for as long as that takes.
    pub(crate) unsafe fn new(r: *mut sys::mh_req) -> Self {
        Request { r, hook: PhantomData }
    }

    fn found(&self, status: sys::mh_status, s: sys::mh_str) -> Option<&[u8]> {
        (status == sys::MH_OK).then(|| unsafe { view(s.ptr as *const u8, s.len) })
    }

    /// First field of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.field(Direction::Request, name)
    }
    pub fn response_header(&self, name: &str) -> Option<&[u8]> {
        self.field(Direction::Response, name)
    }
    /// Absent where it is not UTF-8: who decides about access asks `header` what is there.
    pub fn header_str(&self, name: &str) -> Option<&str> {
        self.header(name).and_then(|v| std::str::from_utf8(v).ok())
    }
    fn field(&self, direction: Direction, name: &str) -> Option<&[u8]> {
        let mut out = NONE;
        let s = unsafe { call!(http(), header_named, self.r, direction as u32, lend(name.as_bytes()), &mut out) };
        self.found(s, out)
    }

    /// All fields in order.
    pub fn headers(&self, direction: Direction) -> impl Iterator<Item = Header<'_>> {
        let (mut list, mut n) = (std::ptr::null(), 0u32);
        let s = unsafe { call!(http(), headers, self.r, direction as u32, &mut list, &mut n) };
        let fields: &[sys::mh_header] =
            if s == sys::MH_OK && n > 0 { unsafe { std::slice::from_raw_parts(list, n as usize) } } else { &[] };
        fields.iter().map(|h| unsafe {
            Header {
                name: view(h.name.ptr as *const u8, h.name.len),
                value: view(h.value.ptr as *const u8, h.value.len),
                id: h.id,
            }
        })
    }

    /// Refused: what is no field, and fields that frame the message.
    pub fn edit(&mut self, direction: Direction, edit: Edit, name: &str, value: &str) -> Result<(), Status> {
        let (name, value) = (lend(name.as_bytes()), lend(value.as_bytes()));
        Status::check(unsafe { call!(http(), header_edit, self.r, direction as u32, edit as u32, name, value) })
    }
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), Status> {
        self.edit(Direction::Request, Edit::Set, name, value)
    }
    pub fn set_response_header(&mut self, name: &str, value: &str) -> Result<(), Status> {
        self.edit(Direction::Response, Edit::Set, name, value)
    }

    /// `sys::MH_ATTR_*`.
    pub fn attribute(&self, which: u32) -> Option<&[u8]> {
        let mut out = NONE;
        let s = unsafe { call!(http(), attr, self.r, which, &mut out) };
        self.found(s, out)
    }
    fn attribute_str(&self, which: u32) -> &str {
        std::str::from_utf8(self.attribute(which).unwrap_or_default()).unwrap_or("")
    }
    pub fn method(&self) -> &str {
        self.attribute_str(sys::MH_ATTR_METHOD)
    }
    pub fn path(&self) -> &str {
        self.attribute_str(sys::MH_ATTR_PATH)
    }
    pub fn query(&self) -> &str {
        self.attribute_str(sys::MH_ATTR_QUERY)
    }
    pub fn client_ip(&self) -> &str {
        self.attribute_str(sys::MH_ATTR_CLIENT_IP)
    }
    /// `sys::MH_REQ_*`.
    pub fn flags(&self) -> u32 {
        unsafe { call!(http(), flags, self.r) }
    }
    /// Of the response; 0 before there is one.
    pub fn status(&self) -> u32 {
        unsafe { call!(http(), status, self.r) }
    }
    /// Another path and query for the handler.
    pub fn rewrite(&mut self, path: &str, query: &str) -> Result<(), Status> {
        Status::check(unsafe { call!(http(), rewrite, self.r, lend(path.as_bytes()), lend(query.as_bytes())) })
    }
    /// A value for the filters and the handler that come later (`com.acme.tenant`).
    pub fn set_note(&mut self, name: &str, value: &str) -> Result<(), Status> {
        Status::check(unsafe { call!(http(), attribute_set, self.r, lend(name.as_bytes()), lend(value.as_bytes())) })
    }
    pub fn note(&self, name: &str) -> Option<&[u8]> {
        let mut out = NONE;
        let s = unsafe { call!(http(), attribute_get, self.r, lend(name.as_bytes()), &mut out) };
        self.found(s, out)
    }

    /// `None` while nobody is authenticated.
    pub fn principal(&self) -> Option<Principal<'_>> {
        let p = unsafe { call!(http(), principal, self.r).as_ref() }?;
        let roles = (0..p.n_roles as usize).map(|i| text(unsafe { *p.roles.add(i) })).collect();
        Some(Principal { subject: text(p.subject), issuer: text(p.issuer), roles })
    }
    /// Says who asks. For filters of the phase authn.
    pub fn set_principal(&mut self, subject: &str, issuer: &str, roles: &[&str]) -> Result<(), Status> {
        let roles: Vec<sys::mh_str> = roles.iter().map(|r| lend(r.as_bytes())).collect();
        let p = sys::mh_principal {
            size: std::mem::size_of::<sys::mh_principal>() as u32,
            n_roles: roles.len() as u32,
            subject: lend(subject.as_bytes()),
            issuer: lend(issuer.as_bytes()),
            roles: roles.as_ptr(),
            claims: std::ptr::null(),
            n_claims: 0,
            reserved: 0,
        };
        Status::check(unsafe { call!(http(), principal_set, self.r, &p) })
    }

    /// Answers; return what this returns. `Fail` when an answer has begun already.
    pub fn respond(&mut self, status: u32, headers: &[(&str, &str)], body: &[u8]) -> Verdict {
        let fields: Vec<sys::mh_kv> =
            headers.iter().map(|(k, v)| sys::mh_kv { key: lend(k.as_bytes()), val: lend(v.as_bytes()) }).collect();
        let seg = sys::mh_seg { ptr: body.as_ptr(), len: body.len() };
        let s = unsafe { call!(http(), respond, self.r, status, fields.as_ptr(), fields.len() as u32, &seg, 1) };
        if s == sys::MH_OK {
            Verdict::Respond
        } else {
            Verdict::Fail
        }
    }
    /// The error JSON of the gateway. `id`: who says so.
    pub fn respond_error(&mut self, status: u32, id: &str, detail: &str, headers: &[(&str, &str)]) -> Verdict {
        let body = format!(
            r#"{{"id":{},"code":{},"detail":{},"status":"{}"}}"#,
            quoted(id),
            status,
            quoted(detail),
            reason(status)
        );
        let mut fields = vec![("Content-Type", "application/json")];
        fields.extend_from_slice(headers);
        self.respond(status, &fields, body.as_bytes())
    }
    /// In a body hook: what the next one gets instead of the bytes of this call.
    pub fn replace_body(&mut self, direction: Direction, bytes: &[u8]) -> Result<(), Status> {
        let seg = sys::mh_seg { ptr: bytes.as_ptr(), len: bytes.len() };
        Status::check(unsafe { call!(http(), body_replace, self.r, direction as u32, &seg, 1) })
    }

    /// Return `Verdict::Pending` afterwards. `None` when the request is over or waits already.
    pub fn suspend(&mut self, timeout_ms: u32) -> Option<Token> {
        let t = unsafe { call!(http(), suspend, self.r, timeout_ms) };
        (t != 0).then(|| Token(t))
    }
    /// Until its deadline; `u32::MAX` without one.
    pub fn time_left_ms(&self) -> u32 {
        unsafe { call!(http(), time_left_ms, self.r) }
    }
    /// A line with the request's id.
    pub fn log(&self, level: log::Level, text: &str) {
        log::write_for(self.r, level, text)
    }
}

/// Reason phrases of the statuses that filters answer with.
fn reason(status: u32) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    }
}

/// As a JSON string, with its quotes.
fn quoted(s: &str) -> String {
    let mut out = String::from("\"");
    for c in s.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => out += &format!("\\u{:04x}", c as u32),
            c => out.push(c),
        }
    }
    out + "\""
}

/// A suspended request. Goes to any thread; can be old without harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(pub(crate) sys::mh_token);

type Posted = Box<dyn FnOnce(&mut Request) + Send>;

impl Token {
    /// Goes on. An error when the request ended, timed out or went on already.
    pub fn resume(self, v: Verdict) -> Result<(), Status> {
        Status::check(unsafe { call!(http(), resume, self.0, v as sys::mh_verdict) })
    }
    /// Runs `f` on the request's own loop while it waits; otherwise drops it. Resume from there, or answer.
    pub fn post(self, f: impl FnOnce(&mut Request) + Send + 'static) -> Result<(), Status> {
        unsafe extern "C" fn run(r: *mut sys::mh_req, arg: *mut c_void) {
            let f = Box::from_raw(arg as *mut Posted);
            guarded((), || f(&mut Request::new(r)))
        }
        unsafe extern "C" fn forget(arg: *mut c_void) {
            guarded((), || drop(Box::from_raw(arg as *mut Posted)))
        }
        let arg = Box::into_raw(Box::new(Box::new(f) as Posted)) as *mut c_void;
        Status::check(unsafe { call!(http(), post, self.0, Some(run), arg, Some(forget)) })
    }
}
