// SPDX-License-Identifier: Apache-2.0
/// Answers that only the control thread can give: about modules, the log, the configuration, what passed.
#pragma once

#include <microhost/request.hpp>

#include <functional>
#include <string>

namespace microhost::web {

struct Reply {
    unsigned status = 200;
    std::string title;  ///< of a page; empty: the answer is JSON, of a problem too
    std::string body;   ///< HTML or JSON; of a problem (status >= 400) one sentence
};

/// Calls make() on [main], then answers on the request's loop. 504 when [main] is busy for too long.
mh_status answer_from_main(mh::request r, std::function<Reply()> make);

/// Answers with that; wants_json() decides how a problem is told.
mh_status answer_reply(mh::request r, const Reply& reply);

}  // namespace microhost::web
