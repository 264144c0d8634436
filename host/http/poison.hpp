// SPDX-License-Identifier: Apache-2.0
/// For those who write modules: with MICROHOST_POISON=1 whatever a filter or handler is lent for a hook is a copy that cannot be
/// read any more when the hook has returned, so that a view that was kept is found at the line that uses it. Costs nothing
/// otherwise: the tables that modules get are exchanged when the program starts.
#pragma once

namespace microhost::module {
class InterfaceTable;
class Points;
}  // namespace microhost::module

namespace microhost::http {

/// True when it is asked for and was done. Thread: main, before the first module.
bool poison_what_is_lent(module::InterfaceTable& interfaces, module::Points& points);

}  // namespace microhost::http
