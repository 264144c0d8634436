// SPDX-License-Identifier: Apache-2.0
//! The frozen border of microhost, as the C headers beside it (`../include/microhost`) have it: same names, same order. What each
//! thing means, who owns what and on which thread it may be called is said there, once. `test/abi/rust.py` holds both against
//! each other: sizes, offsets, numbers, and the type of every member.
//!
//! A word that Rust keeps for itself has `_` behind it (`impl_`, `loop_`). Ids end with their NUL, as `mh_host.get` wants them.
#![allow(non_camel_case_types)]

mod names;

pub use names::*;
use std::os::raw::{c_char, c_void};

// ---- base.h

pub const MH_OK: mh_status = 0;
pub const MH_PENDING: mh_status = 1;
pub const MH_E_UNSUPPORTED: mh_status = -1;
pub const MH_E_INVALID: mh_status = -2;
pub const MH_E_NOMEM: mh_status = -3;
pub const MH_E_GONE: mh_status = -4;
pub const MH_E_TIMEOUT: mh_status = -5;
pub const MH_E_CANCELLED: mh_status = -6;
pub const MH_E_LIMIT: mh_status = -7;
pub const MH_E_DENIED: mh_status = -8;
pub const MH_E_BUSY: mh_status = -9;
pub const MH_E_WRONG_THREAD: mh_status = -10;
pub const MH_E_PANIC: mh_status = -11;
pub const MH_E_IO: mh_status = -12;
pub const MH_E_EXISTS: mh_status = -13;
pub const MH_E_NOT_FOUND: mh_status = -14;
pub const MH_E_UNAVAILABLE: mh_status = -15;
pub const MH_E_UNREACHABLE: mh_status = -16;
pub type mh_status = i32;
pub type mh_token = u64;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mh_str {
    pub ptr: *const c_char,
    pub len: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mh_seg {
    pub ptr: *const u8,
    pub len: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mh_kv {
    pub key: mh_str,
    pub val: mh_str,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mh_header {
    pub name: mh_str,
    pub value: mh_str,
    pub id: u32,
    pub flags: u32,
}

#[repr(C)]
pub struct mh_req {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct mh_json_value {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct mh_config {
    _opaque: [u8; 0],
}

// ---- core.h

#[repr(C)]
pub struct mh_host {
    pub size: u32,
    pub abi_epoch: u32,
    pub name: *const c_char,
    pub version: *const c_char,
    pub impl_: *mut c_void,
    pub get: Option<unsafe extern "C" fn(h: *const mh_host, interface_id: *const c_char) -> *const c_void>,
    pub contribute: Option<
        unsafe extern "C" fn(h: *const mh_host, point_id: *const c_char, descriptor: *const c_void) -> mh_status,
    >,
    pub publish: Option<unsafe extern "C" fn(h: *const mh_host) -> mh_status>,
    pub error: Option<unsafe extern "C" fn(h: *const mh_host, code: mh_status, where_: mh_str, text: mh_str)>,
}

pub const MH_MODULE_PINNED: u32 = 1 << 0;
pub const MH_MODULE_NO_RELOAD: u32 = 1 << 1;
pub const MH_MODULE_SPAWNS_THREADS: u32 = 1 << 2;
#[repr(C)]
pub struct mh_module {
    pub size: u32,
    pub flags: u32,
    pub impl_: *mut c_void,
    pub start: Option<unsafe extern "C" fn(m: *const mh_module) -> mh_status>,
    pub shard_create: Option<unsafe extern "C" fn(m: *const mh_module, loop_: u32) -> *mut c_void>,
    pub shard_destroy: Option<unsafe extern "C" fn(m: *const mh_module, shard: *mut c_void)>,
    pub drain: Option<unsafe extern "C" fn(m: *const mh_module, deadline_ns: u64)>,
    pub destroy: Option<unsafe extern "C" fn(m: *const mh_module)>,
    pub get: Option<unsafe extern "C" fn(m: *const mh_module, interface_id: *const c_char) -> *const c_void>,
}

// ---- entry.h

pub const MH_MAGIC: u32 = 0x314d484d;
pub const MH_ABI_EPOCH: u32 = 1;
pub const MH_HEADER_VERSION: u32 = 202611;
#[repr(C)]
pub struct mh_module_entry_t {
    pub magic: u32,
    pub abi_epoch: u32,
    pub size: u32,
    pub header_version: u32,
    pub manifest_json: *const c_char,
    pub create: Option<unsafe extern "C" fn(host: *const mh_host, out: *mut *const mh_module) -> mh_status>,
}

// ---- log.h

pub const MH_LOG: &[u8] = b"mh.log/1\0";
pub const MH_LOG_DEBUG: i32 = 0;
pub const MH_LOG_INFO: i32 = 1;
pub const MH_LOG_WARN: i32 = 2;
pub const MH_LOG_ERROR: i32 = 3;
#[repr(C)]
pub struct mh_log {
    pub size: u32,
    pub reserved: u32,
    pub level: Option<unsafe extern "C" fn(h: *const mh_host) -> i32>,
    pub write: Option<unsafe extern "C" fn(h: *const mh_host, level: i32, text: mh_str, fields: *const mh_kv, n: u32)>,
    pub write_req: Option<
        unsafe extern "C" fn(h: *const mh_host, r: *mut mh_req, level: i32, text: mh_str, fields: *const mh_kv, n: u32),
    >,
}

// ---- config.h

pub const MH_CONFIG: &[u8] = b"mh.config/1\0";
#[repr(C)]
pub struct mh_config_api {
    pub size: u32,
    pub reserved: u32,
    pub module: Option<unsafe extern "C" fn(h: *const mh_host) -> *const mh_config>,
    pub string: Option<unsafe extern "C" fn(c: *const mh_config, path: *const c_char, out: *mut mh_str) -> mh_status>,
    pub integer: Option<unsafe extern "C" fn(c: *const mh_config, path: *const c_char, out: *mut i64) -> mh_status>,
    pub number: Option<unsafe extern "C" fn(c: *const mh_config, path: *const c_char, out: *mut f64) -> mh_status>,
    pub boolean: Option<unsafe extern "C" fn(c: *const mh_config, path: *const c_char, out: *mut i32) -> mh_status>,
    pub duration_ms: Option<unsafe extern "C" fn(c: *const mh_config, path: *const c_char, out: *mut u64) -> mh_status>,
    pub count: Option<unsafe extern "C" fn(c: *const mh_config, path: *const c_char, out: *mut u32) -> mh_status>,
    pub string_at: Option<
        unsafe extern "C" fn(c: *const mh_config, path: *const c_char, index: u32, out: *mut mh_str) -> mh_status,
    >,
    pub json: Option<unsafe extern "C" fn(c: *const mh_config) -> *const mh_json_value>,
}

pub const MH_CONFIG_SINK: &[u8] = b"mh.config.sink/1\0";
#[repr(C)]
pub struct mh_config_sink {
    pub size: u32,
    pub reserved: u32,
    pub prepare:
        Option<unsafe extern "C" fn(m: *const mh_module, c: *const mh_config, cookie: *mut *mut c_void) -> mh_status>,
    pub commit: Option<unsafe extern "C" fn(m: *const mh_module, cookie: *mut c_void)>,
    pub abort: Option<unsafe extern "C" fn(m: *const mh_module, cookie: *mut c_void)>,
}

// ---- http_request.h

pub const MH_HTTP_REQUEST: &[u8] = b"mh.http.request/1\0";
pub const MH_DIR_REQUEST: u32 = 0;
pub const MH_DIR_RESPONSE: u32 = 1;
pub const MH_EDIT_SET: u32 = 0;
pub const MH_EDIT_ADD: u32 = 1;
pub const MH_EDIT_REMOVE: u32 = 2;
pub const MH_ATTR_METHOD: u32 = 1;
pub const MH_ATTR_PATH: u32 = 2;
pub const MH_ATTR_QUERY: u32 = 3;
pub const MH_ATTR_AUTHORITY: u32 = 4;
pub const MH_ATTR_SCHEME: u32 = 5;
pub const MH_ATTR_CLIENT_IP: u32 = 6;
pub const MH_ATTR_PEER_IP: u32 = 7;
pub const MH_ATTR_LISTENER: u32 = 8;
pub const MH_ATTR_REQUEST_ID: u32 = 9;
pub const MH_ATTR_TRACEPARENT: u32 = 10;
pub const MH_ATTR_TLS_SNI: u32 = 11;
pub const MH_ATTR_TLS_SUBJECT: u32 = 12;
pub const MH_ATTR_VERSION: u32 = 13;
pub const MH_ATTR_ROUTE: u32 = 14;
pub const MH_REQ_TLS: u32 = 1 << 0;
pub const MH_REQ_TRUSTED_PEER: u32 = 1 << 1;
pub const MH_REQ_UPGRADE: u32 = 1 << 2;
pub const MH_REQ_HAS_BODY: u32 = 1 << 3;
pub const MH_REQ_ANSWERED: u32 = 1 << 4;
pub const MH_V_CONTINUE: mh_verdict = 0;
pub const MH_V_PENDING: mh_verdict = 1;
pub const MH_V_RESPOND: mh_verdict = 2;
pub const MH_V_DETACH: mh_verdict = 3;
pub const MH_V_FAIL: mh_verdict = -1;
pub type mh_verdict = i32;
#[repr(C)]
pub struct mh_principal {
    pub size: u32,
    pub n_roles: u32,
    pub subject: mh_str,
    pub issuer: mh_str,
    pub roles: *const mh_str,
    pub claims: *const mh_kv,
    pub n_claims: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct mh_http_request {
    pub size: u32,
    pub reserved: u32,
    pub header: Option<unsafe extern "C" fn(r: *mut mh_req, dir: u32, id: u32, out: *mut mh_str) -> mh_status>,
    pub header_named:
        Option<unsafe extern "C" fn(r: *mut mh_req, dir: u32, name: mh_str, out: *mut mh_str) -> mh_status>,
    pub headers:
        Option<unsafe extern "C" fn(r: *mut mh_req, dir: u32, out: *mut *const mh_header, n: *mut u32) -> mh_status>,
    pub header_edit:
        Option<unsafe extern "C" fn(r: *mut mh_req, dir: u32, op: u32, name: mh_str, value: mh_str) -> mh_status>,
    pub attr: Option<unsafe extern "C" fn(r: *mut mh_req, attr: u32, out: *mut mh_str) -> mh_status>,
    pub flags: Option<unsafe extern "C" fn(r: *mut mh_req) -> u32>,
    pub status: Option<unsafe extern "C" fn(r: *mut mh_req) -> u32>,
    pub rewrite: Option<unsafe extern "C" fn(r: *mut mh_req, path: mh_str, query: mh_str) -> mh_status>,
    pub route_set: Option<unsafe extern "C" fn(r: *mut mh_req, route: mh_str) -> mh_status>,
    pub respond: Option<
        unsafe extern "C" fn(
            r: *mut mh_req,
            status: u32,
            headers: *const mh_kv,
            n: u32,
            body: *const mh_seg,
            n_body: u32,
        ) -> mh_status,
    >,
    pub alloc: Option<unsafe extern "C" fn(r: *mut mh_req, bytes: usize, align: usize) -> *mut c_void>,
    pub slot: Option<unsafe extern "C" fn(r: *mut mh_req) -> *mut *mut c_void>,
    pub attribute_set: Option<unsafe extern "C" fn(r: *mut mh_req, name: mh_str, value: mh_str) -> mh_status>,
    pub attribute_get: Option<unsafe extern "C" fn(r: *mut mh_req, name: mh_str, out: *mut mh_str) -> mh_status>,
    pub principal_set: Option<unsafe extern "C" fn(r: *mut mh_req, p: *const mh_principal) -> mh_status>,
    pub principal: Option<unsafe extern "C" fn(r: *mut mh_req) -> *const mh_principal>,
    pub suspend: Option<unsafe extern "C" fn(r: *mut mh_req, timeout_ms: u32) -> mh_token>,
    pub resume: Option<unsafe extern "C" fn(t: mh_token, v: mh_verdict) -> mh_status>,
    pub post: Option<
        unsafe extern "C" fn(
            t: mh_token,
            fn_: Option<unsafe extern "C" fn(r: *mut mh_req, arg: *mut c_void)>,
            arg: *mut c_void,
            drop: Option<unsafe extern "C" fn(arg: *mut c_void)>,
        ) -> mh_status,
    >,
    pub collect: Option<
        unsafe extern "C" fn(
            r: *mut mh_req,
            max: u64,
            fn_: Option<unsafe extern "C" fn(r: *mut mh_req, user: *mut c_void, s: mh_status, body: mh_seg)>,
            user: *mut c_void,
        ) -> mh_status,
    >,
    pub body_pause: Option<unsafe extern "C" fn(r: *mut mh_req, dir: u32) -> mh_status>,
    pub body_resume: Option<unsafe extern "C" fn(r: *mut mh_req, dir: u32) -> mh_status>,
    pub body_replace: Option<unsafe extern "C" fn(r: *mut mh_req, dir: u32, v: *const mh_seg, n: u32) -> mh_status>,
    pub time_left_ms: Option<unsafe extern "C" fn(r: *mut mh_req) -> u32>,
    pub now_ns: Option<unsafe extern "C" fn(r: *mut mh_req) -> u64>,
    pub loop_: Option<unsafe extern "C" fn(r: *mut mh_req) -> u32>,
}

// ---- http_filter.h

pub const MH_HTTP_FILTER: &[u8] = b"mh.http.filter/1\0";
pub const MH_PHASE_EARLY: u32 = 100;
pub const MH_PHASE_AUTHN: u32 = 200;
pub const MH_PHASE_AUTHZ: u32 = 300;
pub const MH_PHASE_LIMIT: u32 = 400;
pub const MH_PHASE_ROUTE: u32 = 500;
pub const MH_PHASE_TRANSFORM: u32 = 600;
pub const MH_PHASE_UPSTREAM: u32 = 700;
pub const MH_PHASE_RESPONSE: u32 = 800;
pub const MH_PHASE_LOG: u32 = 900;
pub const MH_I_REQUEST: u32 = 1 << 0;
pub const MH_I_REQUEST_BODY: u32 = 1 << 1;
pub const MH_I_REQUEST_BODY_FULL: u32 = 1 << 2;
pub const MH_I_RESPONSE: u32 = 1 << 3;
pub const MH_I_RESPONSE_BODY: u32 = 1 << 4;
pub const MH_I_RESPONSE_BODY_FULL: u32 = 1 << 5;
pub const MH_I_DONE: u32 = 1 << 6;
#[repr(C)]
pub struct mh_filter_instance {
    pub size: u32,
    pub shadow: u32,
    pub name: mh_str,
    pub config: *const mh_config,
}

#[repr(C)]
pub struct mh_http_filter {
    pub size: u32,
    pub interests: u32,
    pub phase: u32,
    pub max_body: u32,
    pub name: *const c_char,
    pub after: *const *const c_char,
    pub before: *const *const c_char,
    pub user: *mut c_void,
    pub instance_create: Option<
        unsafe extern "C" fn(user: *mut c_void, i: *const mh_filter_instance, instance: *mut *mut c_void) -> mh_status,
    >,
    pub instance_destroy: Option<unsafe extern "C" fn(user: *mut c_void, instance: *mut c_void)>,
    pub shard_create: Option<unsafe extern "C" fn(instance: *mut c_void, loop_: u32) -> *mut c_void>,
    pub shard_destroy: Option<unsafe extern "C" fn(instance: *mut c_void, shard: *mut c_void)>,
    pub on_request:
        Option<unsafe extern "C" fn(shard: *mut c_void, r: *mut mh_req, h: *const mh_header, n: u32) -> mh_verdict>,
    pub on_request_body: Option<
        unsafe extern "C" fn(shard: *mut c_void, r: *mut mh_req, v: *const mh_seg, n: u32, fin: u32) -> mh_verdict,
    >,
    pub on_response: Option<
        unsafe extern "C" fn(
            shard: *mut c_void,
            r: *mut mh_req,
            status: u32,
            h: *const mh_header,
            n: u32,
        ) -> mh_verdict,
    >,
    pub on_response_body: Option<
        unsafe extern "C" fn(shard: *mut c_void, r: *mut mh_req, v: *const mh_seg, n: u32, fin: u32) -> mh_verdict,
    >,
    pub on_cancel: Option<unsafe extern "C" fn(shard: *mut c_void, r: *mut mh_req, t: mh_token, why: mh_status)>,
    pub on_done: Option<unsafe extern "C" fn(shard: *mut c_void, r: *mut mh_req, outcome: mh_status)>,
}

unsafe impl Sync for mh_module_entry_t {}
