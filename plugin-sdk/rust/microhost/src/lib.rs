// SPDX-License-Identifier: Apache-2.0
//! Filters for microhost in Rust, without `unsafe`.
//!
//! ```
//! use microhost::{sys, Failure, Filter, Phase, Request, Verdict};
//!
//! microhost::options! {
//!     struct Options {
//!         /// Field that must be there
//!         field: String = "X-Tenant",
//!     }
//! }
//!
//! struct Tenant(Options);
//!
//! impl Filter for Tenant {
//!     type Options = Options;
//!     const PHASE: Phase = Phase::AUTHZ; // missing or broken: 503, never a way around
//!
//!     fn new(options: Options) -> Result<Self, Failure> {
//!         Ok(Tenant(options))
//!     }
//!     fn on_request(&self, r: &mut Request) -> Verdict {
//!         match r.header(&self.0.field) {
//!             Some(_) => Verdict::Detach,
//!             None => r.respond_error(400, "com.acme.tenant", "a tenant is required", &[]),
//!         }
//!     }
//! }
//!
//! microhost::plugin! { id: "com.acme.tenant", version: "1.0.0", summary: "Wants a tenant", filter: Tenant }
//! ```
//!
//! The crate's type is `cdylib`. A panic goes no further than the hook it came from: the request is treated as the filter's
//! `on_error` says, and the host's log has a line. That needs unwinding, which is the default (no `panic = "abort"`).
pub use microhost_sys as sys;

mod filter;
mod host;
#[doc(hidden)]
pub mod json;
mod options;
mod request;

#[doc(hidden)]
pub use filter::{create, manifest_of};
pub use filter::{Body, Filter, Phase, Verdict};
pub use host::{log, Failure, Status};
pub use options::{Config, Options, Value};
pub use request::{Direction, Edit, Header, Principal, Request, Token};

/// Defines the manifest and the entry. Once per module, at file scope.
#[macro_export]
macro_rules! plugin {
    (id: $id:expr, version: $version:expr, summary: $summary:expr, filter: $filter:ty $(,)?) => {
        const _: () = {
            use $crate::json::Part::*;
            const PARTS: &[$crate::json::Part] = &[
                Raw("{\"id\":"),
                Text($id),
                Raw(",\"version\":"),
                Text($version),
                Raw(",\"summary\":"),
                Text($summary),
                All(&$crate::manifest_of::<$filter>()),
                Raw(",\"name\":"),
                Text($id),
                Raw("}]}"),
            ];
            const LENGTH: usize = $crate::json::length(PARTS);

            #[used]
            #[link_section = ".mh_manifest"]
            static MANIFEST: [u8; LENGTH] = $crate::json::text(PARTS);

            #[no_mangle]
            pub static mh_module_entry: $crate::sys::mh_module_entry_t = $crate::sys::mh_module_entry_t {
                magic: $crate::sys::MH_MAGIC,
                abi_epoch: $crate::sys::MH_ABI_EPOCH,
                size: ::std::mem::size_of::<$crate::sys::mh_module_entry_t>() as u32,
                header_version: $crate::sys::MH_HEADER_VERSION,
                manifest_json: &MANIFEST as *const [u8; LENGTH] as *const _,
                create: Some($crate::create::<$filter>),
            };
        };
    };
}
