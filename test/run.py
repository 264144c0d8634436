#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests and counts them: what meson compiled, and the Python files named *_test.py beside this file.

usage: run.py --build build/dev [--only meson,integration,docs,check,abi,browser,chat] [--all] [NAME]

NAME is a part of a test's name ("a missing file", "host/json", "greeter"), in any case. A compiled test that is a doctest
program counts with its cases; "abi" is those of meson's that are named so. Exit status 77 of a compiled test, or unittest's skip, is a skip: always printed with
its reason. The last line is "N passed, N failed"; the exit status is 1 when something failed.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TEST = Path(__file__).resolve().parent
ROOT = TEST.parent
sys.path.insert(0, str(TEST))

DOCTEST = re.compile(r"test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed")
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}
SLOWER = {"asan": "4", "tsan": "10"}
# They wait for programs of others most of their time. Under a sanitizer the same code meets servers that the tests play.
OTHERS_SERVERS = ("bot_hipchat_test.py", "bot_irc_test.py", "bot_telegram_test.py", "bot_xmpp_test.py")
# Of a group. More is no accident.
MOST_ONLY_ALONE = 2
BOLD, RED, PLAIN = ("\033[1m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


class Count:
    """What became of a group of tests."""

    def __init__(self, name):
        self.name, self.passed, self.failures, self.skips, self.only_alone = name, 0, [], [], []
        self.began, self.seconds = time.monotonic(), 0.0

    def add(self, passed=0, failures=(), skips=()):
        self.passed += passed
        self.failures += failures
        self.skips += skips
        self.seconds = time.monotonic() - self.began

    def show(self):
        color = RED if self.failures else ""
        print(f"{color}{self.name:<24}{self.passed:>5} passed {len(self.failures):>4} failed  {self.seconds:6.1f} s{PLAIN}")
        for name, reason in self.skips:
            print(f"    skipped: {name}: {reason}")
        for name, text in self.only_alone:
            print(f"    failed beside others, passed alone: {name}\n" + indent(shorten(text)))
        for name, text in self.failures:
            print(f"{RED}  FAILED {name}{PLAIN}\n" + indent(shorten(text)))
        sys.stdout.flush()
        return self


def indent(text):
    return "\n".join("    | " + line for line in text.rstrip().splitlines())


def shorten(text, lines=60):
    found = text.splitlines()
    if len(found) > lines:
        found = found[: lines // 2] + [f"... {len(found) - lines} lines ..."] + found[-lines // 2 :]
    return "\n".join(found)


def environment(build):
    kind = build.name
    prefix = ROOT / ".cache/prefix" / kind
    return {**SANITIZERS, **os.environ, "MICROHOST_PREFIX": str(prefix), "MICROHOST_BUILD": str(build),
            "MICROHOST_SLOW": SLOWER.get(kind, "1")}


def run(command, env, timeout, cwd=ROOT):
    """(exit status, output); status None when it took too long. A test in Python says where it was then (faulthandler)."""
    with subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        try:
            out = process.communicate(timeout=timeout)[0].decode("utf-8", "replace")
            return process.returncode, out
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            text = rest_of(process)
        finally:
            process.kill()
    return None, f"{text}\nstill running after {timeout:.0f} s"


def rest_of(process, seconds=10):
    """What it still says. What it started may hold its output open for longer."""
    try:
        return process.communicate(timeout=seconds)[0].decode("utf-8", "replace")
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode("utf-8", "replace")


# ---- what meson compiled


def without_aslr(build):
    """Older ThreadSanitizers cannot live with the address space of newer kernels."""
    command = ["setarch", os.uname().machine, "-R"]
    works = build.name == "tsan" and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if works else []


def doctest_filters(program, env, part):
    """The options that select the cases whose suite, file or name contains part; None when there are none."""
    for option in ("-ts", "-tc", "-sf"):
        _, text = run([*program, "-ltc", f"{option}=*{part}*"], env, 60)
        if not re.search(r"passing the current filters: 0\b", text):
            return [f"{option}=*{part}*"]
    return None


def one_compiled(test, build, part, shard=None):
    """shard: (k, n) for the k-th of n equal parts of the cases of a doctest program."""
    name, env = test["name"], {**environment(build), **test["env"]}
    command = without_aslr(build) + test["cmd"]
    if part and is_doctest(test):
        filters = doctest_filters(command, env, part)
        if filters is None:
            return {}
        command = [*command, *filters]
    elif part and part.lower() not in name.lower():
        return {}
    if shard:
        _, text = run([*command, "--count"], env, 60)
        cases = re.search(r"passing the current filters: (\d+)", text)
        if not cases:
            return {"failures": [(name, text)]}
        k, n, known = *shard, int(cases[1])
        first, last = known * k // n + 1, known * (k + 1) // n
        command = [*command, f"--first={first}", f"--last={last}"]
    # meson's timeouts are for plain builds
    status, text = run(command, env, test["timeout"] * int(SLOWER.get(build.name, 1)), test["workdir"] or build)
    cases = DOCTEST.search(text)
    if status == 77:
        return {"skips": [(name, text.strip().splitlines()[-1] if text.strip() else "exit status 77")]}
    if not cases:
        return {"passed": 1} if status == 0 else {"failures": [(name, f"{text}\nexit status {status}")]}
    failures = doctest_failures(text) if status else []
    if status and not failures:
        failures = [(name, f"{text}\nexit status {status}")]
    # It counts what another part runs as passed.
    return {"passed": last - first + 1 - int(cases[3]) if shard else int(cases[2]), "failures": failures}


def is_doctest(test):
    return test["name"] == "unit" or "doctest" in test["suite"]


def doctest_failures(text):
    """[(case, its report)] out of doctest's console report, where a line of = ends each."""
    found = {}
    for report in re.split(r"^=+$", text, flags=re.M):
        case = re.search(r"TEST CASE:\s*(.+)", report)
        if case and ("ERROR" in report or "should have failed" in report):
            found.setdefault(case[1], []).append(report.strip())
    return [(case, "\n".join(reports)) for case, reports in found.items()]


def compiled(build, part, prefix=""):
    result = Count(f"compiled ({build.name})")
    listed = subprocess.run(["meson", "introspect", "--tests", str(build)], capture_output=True, text=True)
    if listed.returncode:
        result.add(failures=[("meson introspect", listed.stdout + listed.stderr)])
        return result
    wanted = [test for test in json.loads(listed.stdout) if test["name"].startswith(prefix)]
    # Most of the unit tests' time is waiting.
    parts = [(test, shard) for test in wanted
             for shard in ([(k, 6) for k in range(6)] if test["name"] == "unit" and not part else [None])]
    parts.sort(key=lambda p: p[0]["name"] != "unit")
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(lambda p: one_compiled(p[0], build, part, p[1]), parts):
            result.add(**found)
    return result


# ---- Python files; each in a process of its own


class Collector(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.found = {"passed": 0, "failures": [], "skips": []}

    def addSuccess(self, test):
        self.found["passed"] += 1

    def addFailure(self, test, problem):
        self.found["failures"].append((self.name(test), self._exc_info_to_string(problem, test)))

    addError = addFailure

    def addSubTest(self, test, subtest, problem):
        if problem:
            self.addFailure(subtest, problem)

    def addSkip(self, test, reason):
        self.found["skips"].append((self.name(test), reason))

    @staticmethod
    def name(test):
        path, _, subtest = test.id().partition(" ")
        return f"{path.rpartition('.')[2].replace('_', ' ').removeprefix('test ')} {subtest}".strip()


def one_file(path, part):
    """The child's side: prints what it found as JSON on the last line of its standard output."""
    out, sys.stdout = sys.stdout, sys.stderr
    sys.path[:0] = [str(path.parent), str(TEST / "integration")]
    suite = unittest.defaultTestLoader.loadTestsFromName(path.stem)
    wanted = [t for t in flat(suite) if part.lower() in (t.id() + " " + t.id().replace("_", " ")).lower()]
    collector = Collector()
    unittest.TestSuite(wanted).run(collector)
    print("\n" + json.dumps(collector.found), file=out)


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


def python(folder, build, part, timeout=300, without=(), again=False):
    """again: a file with failures gets a second chance when all others are through."""
    result = Count(f"{folder} ({build.name})")

    def file(path):
        command = [sys.executable, "-X", "faulthandler", __file__, "--file", str(path), part]
        status, text = run(command, environment(build), timeout * int(SLOWER.get(build.name, 1)))
        last = text.rstrip().rpartition("\n")[2]
        if status or not last.startswith("{"):
            return {"failures": [(path.name, f"{text}\nexit status {status}")]}
        found = json.loads(last)
        if found["failures"] and (said := text.rstrip().rpartition("\n")[0].strip()):
            found["failures"][-1][1] += f"\nwhat {path.name} printed:\n{said}"
        return found

    paths = sorted(p for p in (TEST / folder).glob("*_test.py") if p.name not in without)
    with ThreadPoolExecutor(4) as pool:  # most of them wait most of their time
        everything = list(pool.map(file, paths))
    for path, found in zip(paths, everything):
        if again and found["failures"] and "passed" in found and len(result.only_alone) < MOST_ONLY_ALONE:
            result.only_alone += mended_alone(found, file(path))
        result.add(**found)
    return result


def mended_alone(found, again):
    """Moves those failures of `found` to its passes that a second run, with the machine to itself, does not have. On a machine that is
    busy a test fails by its own impatience more often than by a fault; both are shown, and want to be mended. What a sanitizer has
    seen, and how a process ended, stays a failure."""
    if "passed" not in again:
        return []
    still = {name for name, _ in again["failures"]}
    moved = [(name, text) for name, text in found["failures"]
             if name not in still and not re.search("Sanitizer|runtime error:|exit status|ended with", text)]
    found["failures"] = [f for f in found["failures"] if tuple(f) not in moved]
    found["passed"] += len(moved)
    return moved


# ---- the long ones


def together(groups, at_once=2):
    """Runs them, at most so many at a time, and shows each in its turn. Their counts."""
    with ThreadPoolExecutor(at_once) as pool:
        return [count.show() for count in pool.map(lambda group: group(), list(groups))]


def longer(build, part):
    import kits

    asan, tsan = (build.parent / kind for kind in ("asan", "tsan"))
    counts = together([lambda: browser(build, part), page, lambda: python("chat", build, part)])
    counts += together([lambda: compiled(asan, part),
                        lambda: python("integration", asan, part, without=OTHERS_SERVERS, again=True),
                        lambda: compiled(tsan, part)], 1)
    fuzzers, waiting, computing = kits.steps(build, asan)
    with ThreadPoolExecutor(2) as pool:  # what the fuzzers leave is enough for what waits
        lanes = [pool.submit(lambda lane=lane: [kit(*step) for step in lane]) for lane in (fuzzers, waiting)]
        counts += [count.show() for lane in lanes for count in lane.result()]
    return counts + together([lambda step=step: kit(*step) for step in computing], 1)


def browser(build, part):
    """In a process of its own, as the files are: what it needs has its own environment."""
    result = Count(f"browser ({build.name})")
    status, text = run([sys.executable, str(TEST / "browser/browser.py"), "--json", part], environment(build), 300)
    last = text.rstrip().rpartition("\n")[2]
    result.add(**(json.loads(last) if last.startswith("{") else {"failures": [("browser.py", f"{text}\nexit status {status}")]}))
    return result


def page():
    """What the dashboard's page computes, without a browser."""
    result = Count("page")
    status, text = run(["node", "--test", *map(str, sorted(ROOT.glob("modules/web/ui/test/*.test.mjs")))], os.environ, 60)
    passed = re.search(r"^# pass (\d+)$", text, re.M)
    if status == 0 and passed:
        result.add(passed=int(passed[1]))
    else:
        result.add(failures=[("node --test", f"{text}\nexit status {status}")])
    return result


def kit(name, function):
    """A step of kits.py: returns None when it passed, a text when not; unittest.SkipTest when it cannot run."""
    result = Count(name)
    threading.current_thread().name = name
    try:
        problem = function()
        result.add(**({"failures": [(name, problem)]} if problem else {"passed": 1}))
    except unittest.SkipTest as reason:
        result.add(skips=[(name, str(reason))])
    except Exception as problem:
        result.add(failures=[(name, repr(problem))])
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/dev")
    parser.add_argument("--only", default="meson,check,docs,integration")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("name", nargs="?", default="")
    options = parser.parse_args()
    # Ignored where a shell has put us into the background, and inherited by what a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if options.file:
        return one_file(options.file, options.name)
    if options.all:
        os.environ["MICROHOST_ALL"] = "1"  # the files skip what is slow without it
    build = options.build.resolve()
    only = options.only.split(",")
    groups = [lambda: compiled(build, options.name)] if "meson" in only else []
    if "abi" in only:
        groups.append(lambda: compiled(build, options.name, "abi "))
    for folder in ("docs", "check", "chat"):  # chat: needs node, or servers of Debian
        if folder in only:
            groups.append(lambda folder=folder: python(folder, build, options.name))
    if "browser" in only:
        groups += [page, lambda: browser(build, options.name)]
    counts = together(groups)
    if "integration" in only:  # keeps the machine busy by itself
        counts += together([lambda: python("integration", build, options.name, again=True)])
    if options.all:
        counts += longer(build, options.name)
    passed, failed = sum(c.passed for c in counts), sum(len(c.failures) for c in counts)
    skipped = sum(len(c.skips) for c in counts)
    if options.name and not passed + failed + skipped:
        sys.exit(f"no test has {options.name!r} in its name")
    if skipped:
        print(f"{skipped} skipped, see above")
    print(f"{BOLD}{passed} passed, {failed} failed{PLAIN}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
