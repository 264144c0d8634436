// SPDX-License-Identifier: Apache-2.0
//! A filter that refuses requests without a certain field. Change what you like: it is yours, under any licence.
use microhost::{Failure, Filter, Phase, Request, Verdict};

microhost::options! {
    struct Options {
        /// Field that must be there
        field: String = "X-Tenant",
    }
}

struct Plugin {
    options: Options,
}

impl Filter for Plugin {
    type Options = Options;
    const PHASE: Phase = Phase::EARLY;

    fn new(options: Options) -> Result<Self, Failure> {
        Ok(Plugin { options })
    }

    fn on_request(&self, r: &mut Request) -> Verdict {
        match r.header(&self.options.field) {
            Some(_) => Verdict::Detach,
            None => r.respond_error(400, "@ID@", "a field is missing", &[]),
        }
    }
}

microhost::plugin! {
    id: "@ID@",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Refuses requests without a field",
    filter: Plugin,
}
