# SPDX-License-Identifier: Apache-2.0
"""Who may include whom, and which library enters through which door."""
import re
import unittest
from pathlib import Path

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
# library -> where its headers may be included
DOORS = {
    r"rapidjson/": ["host/json"],
    r"llhttp": ["host/http/h1"],
    r"boost/dll": ["host/module/library.cpp"],
    r"openssl/": ["host/net", "host/http/websocket_handshake.cpp", "host/module/verdicts.cpp", "modules/shared/secret.cpp", "modules/web/sessions.cpp",
                  "modules/auth-jwt", "modules/bot/inputs/scram.cpp"],
    r"crypt\.h": ["modules/shared/password_hash.cpp", "host/tool/passwd.cpp"],
    r"expat\.h": ["modules/bot/inputs/xmpp"],
    r"wslay/": ["host/http"],
    r"CLI/": ["host"],
    r"histedit\.h": ["modules/cli/editor.cpp"],
    r"zlib\.h": ["modules/compress", "modules/registry-mdns", "modules/web"],
}
MODULES = r"(api|web|proxy|bot|cli)"


def includes(*folders):
    for name in tree.sources(*folders):
        for number, line in tree.lines(name):
            if found := INCLUDE.match(line):
                yield name, number, found[1], found[2]


class Layers(unittest.TestCase):
    def none(self, wrong):
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_modules_and_examples_include_only_the_sdk_and_their_own(self):
        wrong = []
        for name, number, kind, target in includes("modules", "examples"):
            own = (tree.ROOT / name).parent / target
            host = re.search(r"(^|/)host/", target) or (kind == '"' and not own.exists() and (tree.ROOT / "host" / target).exists())
            sibling = own.exists() and not self.may_see(name, own.resolve().relative_to(tree.ROOT))
            if host or sibling:
                wrong.append(f"{name}:{number}: {target}")
        self.none(wrong)

    def may_see(self, name, other):
        top = Path(*name.parts[:2])
        return other.is_relative_to(top) or other.is_relative_to("modules/shared") or other.is_relative_to("plugin-sdk")

    def test_the_host_includes_no_module_and_not_the_glue(self):
        pattern = re.compile(r"(^|/)(modules|examples|plugin-sdk|test)/|microhost/.*\.hpp")
        self.none([f"{n}:{i}: {t}" for n, i, _, t in includes("host") if pattern.search(t)])

    def test_the_host_names_no_module(self):
        names = tree.sources("host")
        self.none(tree.hits(re.compile(rf'"{MODULES}(\.so)?"|[a-z]*lib{MODULES}\.so'), names))

    def test_the_sdk_headers_are_plain_c(self):
        allowed = re.compile(r"^(stdint\.h|stddef\.h|microhost/[a-z0-9_/]+\.h)$")
        wrong = [f"{n}:{i}: {t}" for n, i, _, t in includes("plugin-sdk/include") if not allowed.match(t)]
        pattern = re.compile(r"^(?!\s*(/\*|\*))[^\n]*?(std::|\bbool\b|\btemplate\s*<)[^*]*$")
        wrong += tree.hits(pattern, tree.sources("plugin-sdk/include"))
        self.none(wrong)

    def test_the_whole_c_border_stays_readable(self):
        sizes = [len(tree.lines(n)) for n in tree.sources("plugin-sdk/include") if n.name != "http_names.h"]
        self.assertLess(sum(sizes), 3300)

    def test_each_library_enters_through_its_door(self):
        wrong = []
        for name, number, _, target in includes("host", "modules"):
            for library, doors in DOORS.items():
                if re.match(library, target) and not any(name.is_relative_to(door) for door in doors):
                    wrong.append(f"{name}:{number}: {target} belongs into {' or '.join(doors)}")
        self.none(wrong)

    def test_no_module_is_linked_to_the_host(self):
        builds = [f.relative_to(tree.ROOT) for f in tree.files() if f.name == "meson.build"]
        guests = [b for b in builds if b.is_relative_to("modules") or b.is_relative_to("examples")]
        pattern = re.compile(r"^[^#]*\bhost_(dep|lib|inc)\b")
        self.none(tree.hits(pattern, guests))


if __name__ == "__main__":
    unittest.main()
