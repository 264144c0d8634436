#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The long tests of ./dev test --all: fuzzers, the kits in MICROHOST_KITS (default: ../shared/kits), a short soak.

usage: kits.py [STEP]     one step by hand, for example: kits.py smuggling; also those that --all leaves out: kits.py "faults through web"
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

TEST = Path(__file__).resolve().parent
ROOT = TEST.parent
KITS = Path(os.environ.get("MICROHOST_KITS") or ROOT.parent / "shared/kits")
sys.path[:0] = [str(TEST), str(TEST / "integration")]

import peers

# What strangers, and files of strangers, are read by gets more time than the rest.
FUZZED_LONGER = ("request_head", "response_head", "chunked", "path", "config", "manifest")
FUZZ_SECONDS, FUZZ_SECONDS_LONGER = (int(os.environ.get("MICROHOST_FUZZ_SECONDS", default)) for default in ("10", "45"))
SOAK_SECONDS = int(os.environ.get("MICROHOST_SOAK_SECONDS", "45"))


def kit_folder(name):
    folder = KITS / name
    if not folder.is_dir():
        raise unittest.SkipTest(f"there is no {folder} (MICROHOST_KITS says where the kits are)")
    return folder


def program():
    import harness

    if not harness.PROGRAM.exists():
        raise unittest.SkipTest("microhost is not built yet")
    return harness


def say(command, env=None, timeout=900):
    """Runs it, shows its output as it comes. None when it exits with 0, else the last lines."""
    process = subprocess.Popen([str(c) for c in command], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace", start_new_session=True)
    lines, deadline = [], time.monotonic() + timeout
    for line in process.stdout:
        lines.append(line.rstrip())
        print(f"    {threading.current_thread().name}: {lines[-1][:160]}", flush=True)
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
            lines.append(f"stopped after {timeout} s")
            break
    status = process.wait()
    return None if status == 0 else "\n".join([*lines[-60:], f"exit status {status}"])


# ---- kits/http: forward.so sends everything to the kit's own upstream


def free_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def forwarding(harness, backend, args=()):
    """The program as the kit wants it: test/hostile/http-kit.json says how."""
    text = (TEST / "hostile/http-kit.json").read_text()
    return harness.Microhost(text.replace("@BACKEND_PORT@", str(backend)), *args)


def http_kit(script, *more):
    folder, harness, backend = kit_folder("http"), program(), free_port()
    env = with_peers("python3-h11", "python3-gunicorn", "nodejs")
    with forwarding(harness, backend) as host, tempfile.TemporaryDirectory() as out:
        command = ["/usr/bin/python3", folder / script, "127.0.0.1", host.port(), backend, "--out", out, *more]
        return say(command, env)


# The same for the reverse proxy of web.so, where the kit is the web service "kit": its paths are below that name.
BELOW = [TEST / "hostile/prefixed.py", "kit"]


def through_web(harness):
    return harness.Microhost((TEST / "hostile/http-kit-web.json").read_text())


def be_web_service(harness, host, backend):
    host.register("go.micro.web.kit", f"127.0.0.1:{backend}", endpoints=(), ttl_s=600)
    harness.wait_for(lambda: "go.micro.web.kit" in host.get("/services").text, 5, "the kit as a service")


def web_kit(script, *more):
    folder, harness, backend = kit_folder("http"), program(), free_port()
    env = with_peers("python3-h11", "python3-gunicorn", "nodejs")
    with through_web(harness) as host, tempfile.TemporaryDirectory() as out:
        be_web_service(harness, host, backend)
        command = ["/usr/bin/python3", *BELOW, folder / script, "127.0.0.1", host.port(), backend]
        return say([*command, "--out", out, *more], env)


def with_peers(*packages):
    try:
        return peers.ready(*packages)
    except peers.Missing as problem:
        raise unittest.SkipTest(str(problem)) from None


def lifecycle(web=False):
    """The kit stops the program itself; about 100 connections come from its limit on open files."""
    folder, harness, backend = kit_folder("http"), program(), free_port()
    host = through_web(harness) if web else forwarding(harness, backend)
    host.start()
    if web:
        be_web_service(harness, host, backend)
    limit_open_files(host.pid, 128)
    try:
        pid_file = host.folder / "pid"
        pid_file.write_text(str(host.pid))
        command = ["/usr/bin/python3", *(BELOW if web else []), folder / "lifecycle.py", "127.0.0.1", host.port(), backend, "--out", host.folder]
        command += ["--pid-file", pid_file, "--reload", f"kill -HUP {host.pid}", "--stop", f"kill -TERM {host.pid}"]
        with reaping(host):
            problem = say(command, peers.environment())
        return problem or (f"{host.process.returncode} is not 0\n{host.stderr}" if host.process.poll() else None)
    finally:
        host.kill()
        host._clean()


def reaping(host):
    """The kit takes a process for alive until its parent has waited for it."""
    import contextlib

    @contextlib.contextmanager
    def waiting():
        threading.Thread(target=host.process.wait, daemon=True).start()
        yield

    return waiting()


def limit_open_files(pid, count):
    """Both limits, of the running program: at its start it raises the soft one itself."""
    import resource

    resource.prlimit(pid, resource.RLIMIT_NOFILE, (count, count))


# ---- kits/bad-modules


def bad_modules(*mode):
    folder, harness = kit_folder("bad-modules"), program()
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as out:
        problem = say([folder / "make-bad-plugins.sh", "--out", made], timeout=120)
        if problem:
            return problem
        command = [folder / "probe-plugin-host.sh", "--out", out, made, harness.PROGRAM, *mode, "{}"]
        problem = say(command, timeout=400)
        return problem or wrong_verdicts(folder, dict(
            line.split("\t") for line in (Path(out) / "host.txt").read_text().splitlines()), "--trial" in mode)


def wrong_verdicts(folder, verdicts, trial):
    """The README's table: which files must be refused, and that the good one is not."""
    import fnmatch

    rows = [r.split("|") for r in (folder / "README.md").read_text().splitlines() if r.startswith("| `check")]
    patterns = [word for row in rows[: 1 + trial] for word in row[2].replace("`", " ").split() if "_" in word or word.isalnum()]
    # words of the sentence in the second row are no file names
    patterns = [p for p in patterns if p not in ("all", "of", "these", "and")]
    wrong = [f"{name}: {verdict}" for name, verdict in verdicts.items()
             if verdict == "ok" and any(fnmatch.fnmatch(name.removesuffix(".so"), p) for p in patterns)]
    if verdicts.get("good.so") != "ok":
        wrong.append(f"good.so: {verdicts.get('good.so')}")
    return "\n".join(["not as the kit's README wants it:", *wrong]) if wrong else None


# ---- the others


def fuzz(build):
    sys.path.insert(0, str(TEST / "fuzz"))
    import fuzz as fuzzers

    def seconds(name):
        return FUZZ_SECONDS_LONGER if name in FUZZED_LONGER else FUZZ_SECONDS

    problems = fuzzers.run(build, seconds, seed=1)  # what is found here can be found again
    if problems is None:
        return f"there are no fuzz targets in {build}: ./dev build asan"
    return "\n".join(problems) or None


def soak():
    program()
    return say([sys.executable, TEST / "soak.py", "--seconds", SOAK_SECONDS], timeout=SOAK_SECONDS + 60)


def chaos(kind):
    """Under a sanitizer: what chaos.py cannot see itself."""
    import run

    prefix = ROOT / ".cache/prefix" / kind
    if not (prefix / "bin/microhost").exists():
        raise unittest.SkipTest(f"there is no {kind} build")
    build = ROOT / "build" / kind
    return say([*run.without_aslr(build), sys.executable, TEST / "chaos.py"], run.environment(build), timeout=600)


def swaps():
    program()
    return say([sys.executable, TEST / "swaps.py", "--swaps", 60], timeout=300)


def steps(build, asan_build):
    """Lists of (name, function): the fuzzers; what waits more than it computes and may run beside them; what has to have the machine
    for itself. A function returns None or what is wrong, or raises SkipTest."""
    os.environ.setdefault("MICROHOST_PREFIX", str(ROOT / ".cache/prefix" / build.name))
    computing = [
        ("swaps", swaps),
        ("chaos under asan", lambda: chaos("asan")),
        ("chaos under tsan", lambda: chaos("tsan")),
    ]
    waiting = [
        ("smuggling", lambda: http_kit("smuggling.py")),
        ("smuggling through web", lambda: web_kit("smuggling.py")),
        ("faults", lambda: http_kit("faults.py")),
        ("lifecycle", lifecycle),
        ("lifecycle through web", lambda: lifecycle(web=True)),
        ("bad modules: start", lambda: bad_modules("--check_config", "--load")),
        ("bad modules: check", lambda: bad_modules("check")),
        ("bad modules: trial", lambda: bad_modules("check", "--trial")),
        ("soak", soak),
    ]
    return [("fuzz", lambda: fuzz(asan_build))], waiting, computing


# What --all leaves out for the time it takes.
BY_HAND = [("faults through web", lambda: web_kit("faults.py"))]


def main():
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    status = 0
    for name, function in [*sum(steps(ROOT / "build/dev", ROOT / "build/asan"), []), *BY_HAND]:
        if part not in name:
            continue
        try:
            problem = function()
        except unittest.SkipTest as reason:
            problem = f"skipped: {reason}"
        print(f"{name}: {problem or 'ok'}")
        status |= bool(problem)
    return status


if __name__ == "__main__":
    sys.exit(main())
