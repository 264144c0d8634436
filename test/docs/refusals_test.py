# SPDX-License-Identifier: Apache-2.0
"""docs/plugins/refusals.md has every line that refuses a module, and no other; some of them are provoked and looked up."""
import re
import shutil
import unittest

import harness
import tool

PAGE = harness.ROOT / "docs/plugins/refusals.md"
MODULE = harness.ROOT / "host/module"
# What judges a file before and while it is loaded; each literal that begins an error there is a refusal.
JUDGES = ("file", "elf", "elf_dynamic", "elf_tables", "check", "manifest", "go_runtime", "search", "loader", "library",
          "generation", "generation_life", "contribution", "cache", "module_set")
WARNERS = ("host/tool/judge.cpp", "host/tool/traces.cpp")

LITERAL = r'"(?:[^"\\]|\\.)*"'
TEXT = rf"((?:{LITERAL}\s*)+)"
ERROR = re.compile(rf"(?<!log\.)(?<!log_\.)\b(?:error|fail)\(\s*(?:fmt::format\(\s*)?{TEXT}")
RETURNED = re.compile(rf"return fmt::format\(\s*{TEXT}")
WARNING = re.compile(rf'(?:"([a-z ]+)",\s*(?:fmt::format\(\s*)?{TEXT})')
FIELD = re.compile(r"\{(?::[^{}]*)?\}")


def joined(literals):
    """Neighbouring C++ literals as one text."""
    return "".join(part[1:-1] for part in re.findall(LITERAL, literals)).replace('\\"', '"').replace("\\\\", "\\")


def shape(template):
    """The text with "..." for each field, as the page writes it; fields that touch are one."""
    text = FIELD.sub("...", template)
    return re.sub(r"^\.\.\.: (?=.)", "", text)  # the file's name


def says(text):
    """Whether there is more to it than fields."""
    return re.search(r"\w", text.replace("...", "")) is not None


def source(name):
    return (MODULE / f"{name}.cpp").read_text()


def refusals():
    for name in JUDGES:
        for match in ERROR.finditer(source(name)):
            text = shape(joined(match[1]))
            if says(text):
                in_manifest = name == "manifest" and not text.startswith("manifest: ")
                yield "manifest: " + text if in_manifest else text
    child = source("child")
    trouble = child[child.index("ChildEnd::trouble()"):]
    for pattern, text in ((RETURNED, trouble), (ERROR, child)):
        for match in pattern.finditer(text):
            yield shape(joined(match[1]))


def warnings():
    for name in WARNERS:
        for match in WARNING.finditer((harness.ROOT / name).read_text()):
            yield f"{match[1]}: {shape(joined(match[2]))}"


def listed(section=""):
    """The lines of the page, from the first column of its tables."""
    text = PAGE.read_text()
    text = text.partition("## Warnings")[2] if section == "Warnings" else text.partition("## Warnings")[0]
    for row in re.findall(r"^\| (`.*?`) \|", text, re.M):
        yield from re.findall(r"`([^`]+)`", row)


def stands_for(line, text):
    """Whether a line of the page, with its dots, can be that text."""
    pattern = ".*".join(re.escape(part) for part in re.split(r"\.{3,}", line))
    return re.fullmatch(pattern, text, re.S) is not None


def same(line, template):
    """Whether they are alike but for what stands in the place of fields, quotes around it among that."""
    return stands_for(line, template) or stands_for(template, line)


class Refusals(unittest.TestCase):
    def test_every_refusal_of_the_sources_is_on_the_page(self):
        lines = list(listed())
        self.assertGreater(len(lines), 80)
        self.assertEqual([text for text in refusals() if not any(same(line, text) for line in lines)], [])

    def test_every_line_of_the_page_is_in_the_sources(self):
        # Not the calls only: some are put together from literals that stand elsewhere.
        files = [*MODULE.glob("*.cpp"), *(harness.ROOT / "host/json").glob("schema*.cpp"), harness.ROOT / "host/tool/trial_child.cpp"]
        literals = [part for file in files for part in re.findall(TEXT, file.read_text())]
        words = "\n".join(shape(joined(part)) for part in literals)
        known = [text for text in refusals() if text != "manifest: ..."]
        wrong = []
        for line in listed():
            if any(same(line, text) for text in known):
                continue
            parts = [p.strip(' :;,"') for p in re.split(r"\.{3,}", line.removeprefix("manifest: "))]
            if not all(p in words for p in parts if re.search(r"\w", p)):
                wrong.append(line)
        self.assertEqual(wrong, [])

    def test_the_warnings_are_those_of_check(self):
        lines, texts = list(listed("Warnings")), list(warnings())
        self.assertGreater(len(texts), 12)
        self.assertEqual([text for text in texts if not any(same(line, text) for line in lines)], [])
        self.assertEqual([line for line in lines if not any(same(line, text) for text in texts)], [])


IDLE = "static const mh_module idle = {.size = sizeof idle};\n"
CREATE = IDLE + "static mh_status create(const mh_host *h, const mh_module **out) { *out = &idle; return MH_OK; }\n"


@unittest.skipUnless(harness.PROGRAM.exists(), "microhost is not built yet")
class Provoked(tool.Case):
    """What the program prints is a line of the page."""

    def refused(self, *arguments, begins):
        text = self.run_verb("check", *arguments, status=1)
        line = next(row for row in text.splitlines() if row.startswith("refused "))
        line = re.sub(r"^refused +\S+: ", "", line)
        self.assertTrue(line.startswith(begins), line)
        self.assertTrue(any(stands_for(known, line) for known in listed()), f"not on the page: {line}")

    def manifest(self, text, begins, head=CREATE):
        self.refused(self.compile("x", f"{head}MH_MODULE(MH_MANIFEST({text}), create)"), begins=begins)

    def test_files(self):
        path = self.module("good")
        text = path.read_bytes()
        self.refused("nowhere.so", begins="no such file")
        self.refused("/dev/null", begins="not a regular file but a device")
        for name, content, begins in (("none", b"", "empty file"), ("word", b"hello\n", "not an ELF file"),
                                      ("half", text[: len(text) // 2], "cut off"), ("head", text[:40], "cut off"),
                                      ("narrow", text[:4] + b"\1" + text[5:], "not a 64-bit file"),
                                      ("arm", text[:18] + b"\x28\0" + text[20:], "built for 32-bit ARM"),
                                      ("object", text[:16] + b"\1\0" + text[18:], "not a shared object (ELF type 1)")):
            (self.folder / f"{name}.so").write_bytes(content)
            self.refused(f"{name}.so", begins=begins)
        for mode, begins in ((0o646, "everybody may write"), (0o4755, "is set-user-ID")):
            path.chmod(mode)
            self.refused(path, begins=begins)

    def test_links(self):
        (self.folder / "a.so").symlink_to("b.so")
        (self.folder / "b.so").symlink_to("a.so")
        self.refused("a.so", begins="a link where a file is expected")

    def test_manifests(self):
        self.manifest('{"id": "x"', "manifest: not JSON: ")
        self.manifest("[]", "manifest: must be an object")
        self.manifest('{"id": "x"}', 'manifest: key "version" is missing')
        good = '"id": "x", "version": "1.0.0", "abi": {"epoch": 1}'
        self.manifest('{"id": "X y", "version": "1.0.0", "abi": {"epoch": 1}}', 'manifest: id "X y" must be')
        self.manifest('{"id": "x", "version": "v1", "abi": {"epoch": 1}}', 'manifest: version "v1" is not')
        self.manifest('{"id": "x", "version": "1.0.0", "abi": {}}', 'manifest: key "abi/epoch"')
        self.manifest('{"id": "x", "version": "1.0.0", "abi": {"epoch": 2}}', "manifest: it is built for ABI epoch 2")
        for more, begins in (('"requires": [1]', 'manifest: key "requires" must hold strings'),
                             ('"filters": [1]', 'manifest: key "filters" must hold objects'),
                             ('"filters": {}', 'manifest: key "filters" must be'),
                             ('"filters": [{"phase": "autn"}]', 'manifest: filter "x": unknown phase "autn"'),
                             ('"filters": [{"on_error": "shut"}]', 'manifest: filter "x": on_error "shut"'),
                             ('"config_schema": {"minimun": 1}', "manifest: config_schema: /minimun: this keyword is not supported"),
                             ('"requires": ["mh.config/9"]', "needs mh.config/9, this host serves"),
                             ('"requires": ["com.acme.queue/1"]', "needs com.acme.queue/1, this host does not serve it"),
                             ('"requires": ["module:nobody"]', "requires module:nobody: module "),
                             ('"requires": ["module:No"]', 'requires "module:No", which is no module id')):
            self.manifest(f"{{{good}, {more}}}", begins)

    def test_entries(self):
        section = '__attribute__((section(".mh_manifest"), used)) static const char text[] = "{}";\n'
        symbol = '__asm__("mh_module_entry")'  # entry.h has the name already
        for source, begins in (
                ("int f(void) { return 1; }", "manifest: no section .mh_manifest"),
                (section, "no symbol mh_module_entry"),
                (f"{section}MH_EXPORT void f(void) {symbol}; void f(void) {{}}", "mh_module_entry is a function"),
                (f"{section}MH_EXPORT int x {symbol} = 1;", "mh_module_entry has 4 bytes"),
                (f"{section}MH_EXPORT char x[64] {symbol} = {{1}};", "mh_module_entry begins with "),
                (f"{section}MH_EXPORT unsigned x[16] {symbol} = {{MH_MAGIC, 7}};", "built for ABI epoch 7"),
                (f"{section}MH_EXPORT unsigned x[16] {symbol} = {{MH_MAGIC, 1, 999}};", "mh_module_entry says it has 999 bytes")):
            self.refused(self.compile("x", source), begins=begins)

    def test_lives(self):
        for name, body, begins in (
                ("crash", "*(volatile int *)0 = 1;", "crashed in a trial (SIGSEGV in its create())"),
                ("hang", "for (;;) __asm__ volatile(\"\");", "hangs: its create() did not return"),
                ("leave", "extern void exit(int); exit(3);", "ended the process in a trial (exit status 3 in its create())"),
                ("fail", "return MH_E_NOMEM;", "create() failed: "),
                ("null", "*out = 0; return MH_OK;", "create() succeeded but handed out no module"),
                ("wild", "*out = (void *)8; return MH_OK;", "create() handed out a pointer that leads nowhere")):
            self.refused("--trial", "--limit", "2000", self.module(name, body), begins=begins)

    def test_sets(self):
        self.module("one", identity="twin")
        self.module("two", identity="twin")
        self.refused("one.so", "two.so", begins='module "twin" is already loaded from')
        self.module("ring-a", requires='["module:ring-b"]')
        self.module("ring-b", requires='["module:ring-a"]')
        self.refused("ring-a.so", begins="modules require each other in a circle")
        shutil.copy(self.folder / "one.so", self.folder / "other.so")
        self.module("user", requires='["module:other"]')
        self.refused("user.so", begins="requires module:other, but the id of")


if __name__ == "__main__":
    unittest.main()
