// SPDX-License-Identifier: Apache-2.0
/// How the pages without script look: light and dark as the reader's system is.
#pragma once

#include <string_view>

namespace microhost::web {

inline constexpr std::string_view kPlainStyle =
    R"css(:root { color-scheme: light dark; background: light-dark(#fff, #16181d); font: 16px/1.5 -apple-system, "Segoe UI", Roboto, Cantarell, Ubuntu, "Noto Sans", "DejaVu Sans", system-ui, sans-serif; }
body { max-width: 72rem; margin: 0 auto; padding: 0 1rem 3rem; }
nav { display: flex; gap: 1rem; padding: 1rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
nav a:first-child { font-weight: 700; }
a { color: light-dark(#0550ae, #79b8ff); }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); overflow-wrap: anywhere; }
th { overflow-wrap: normal; }
th, td { min-width: 5.5rem; }
button { white-space: nowrap; }
main { overflow-x: auto; }
small { display: block; opacity: .8; }
code { font: .9em ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; }
)css";

}  // namespace microhost::web
