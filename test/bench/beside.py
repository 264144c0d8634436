#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the bench kit does not measure, next to nginx: TLS, two loops, a slow node. The gateway calls a mucp service, nginx does
a plain proxy_pass to the same; wrk is the client. Ratios of the same rounds, their median.

usage: beside.py [--rounds 5] [--seconds 2] [--prefix .cache/prefix/release] [CASE...]

    tls        64 connections that stay, over TLS 1.3; proxy on cpu 0, the others on cpu 1
    handshake  a TLS handshake for each request
    loops      64 connections without TLS, two loops against two workers, on the same two cpus as the client
    slow       three nodes, one of which takes 100 ms; least-loaded against least_conn; latency matters here, not CPU
"""
import argparse
import contextlib
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "test/integration")]

SUBJECT = "/CN=localhost"
NGINX = """
daemon off; worker_processes {workers}; pid {folder}/nginx.pid; error_log {folder}/nginx.err warn;
events {{ worker_connections 4096; multi_accept on; accept_mutex off; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream nodes {{ {balance} {nodes} keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 3600s; }}
  proxy_http_version 1.1; proxy_set_header Connection "";
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; ssl_protocols TLSv1.2 TLSv1.3;
  server {{ listen 127.0.0.1:{port}{ssl} reuseport backlog=4096; location / {{ proxy_pass http://nodes; }} }}
}}
"""
BACKEND = """
daemon off; worker_processes 1; pid {folder}/backend.pid; error_log {folder}/backend.err warn;
events {{ worker_connections 8192; multi_accept on; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s; client_body_temp_path {folder}/bbody;
  proxy_temp_path {folder}/bproxy; fastcgi_temp_path {folder}/bfastcgi; uwsgi_temp_path {folder}/buwsgi; scgi_temp_path {folder}/bscgi;
  default_type application/json;
  {servers}
}}
"""
ANSWER = '{"msg":"%s"}' % ("x" * 118)
SLOW_NODE = """
import asyncio, sys
async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            length = [int(l.split(b":")[1]) for l in head.lower().split(b"\\r\\n") if l.startswith(b"content-length:")]
            if length and length[0]:
                await reader.readexactly(length[0])
            await asyncio.sleep(0.1)
            body = sys.argv[2].encode()
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    await server.serve_forever()
asyncio.run(main())
"""


def free_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


@contextlib.contextmanager
def on_cpus(cpus):
    """What starts in here runs there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def running(command, port):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for_port(port, process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def wait_for_port(port, process):
    import socket

    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                sys.exit(f"beside: {process.args[0]} does not listen on {port}")
            time.sleep(0.02)


def nginx(text, folder, name, port):
    path = folder / f"{name}.conf"
    path.write_text(text)
    return running(["nginx", "-p", str(folder), "-c", str(path)], port)


def cpu_seconds(pid):
    """User and system time of a process and its children."""
    found, ticks = [pid], os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for each in [*found, *map(int, children)]:
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / ticks


def load(url, seconds, headers=()):
    """{"rps", "p50", "p99"}, times in ms, of wrk with 64 connections."""
    command = ["wrk", "-t", "1", "-c", "64", "-d", f"{seconds}s", "--latency", url]
    for header in headers:
        command += ["-H", header]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if re.search(r"Non-2xx|Socket errors: (?!connect 0, read 0, write 0, timeout 0)", text):
        sys.exit(f"beside: requests failed:\n{text}")
    unit = {"us": 1e-3, "ms": 1, "s": 1000}

    def percentile(which):
        number, name = re.search(rf"{which}%\s+([\d.]+)(us|ms|s)", text).groups()
        return float(number) * unit[name]

    requests = int(re.search(r"(\d+) requests in", text)[1])
    return {"requests": requests, "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
            "p50": percentile(50), "p99": percentile(99)}


def measure(pid, url, seconds, headers):
    load(url, 1, headers)
    before = cpu_seconds(pid)
    got = load(url, seconds, headers)
    got["cpu_us"] = (cpu_seconds(pid) - before) * 1e6 / got["requests"]
    return got


def gateway(harness, tls, loops, nodes, folder):
    """The program with the service in its registry; its listener's port is port()."""
    listener = {"module": "api", "address": "127.0.0.1:0"}
    if tls:
        listener["tls"] = {"cert": str(folder / "cert.pem"), "key": str(folder / "key.pem")}
    host = harness.Microhost({
        "host": {"loops": loops, "access_log": False},
        "load": ["api.so"],
        "listeners": {"edge": listener},
        "modules": {"api": {"handler": "rpc", "namespace": "go.micro.api"}},
    })
    host.folder.joinpath("runtime").mkdir(mode=0o700, exist_ok=True)
    for number, port in enumerate(nodes):
        host.register("go.micro.api.bench", f"127.0.0.1:{port}", node=f"bench-{number}", ttl_s=86400)
    return host


def run_case(name, options, folder):
    import harness

    tls, loops, slow = name in ("tls", "handshake"), 2 if name == "loops" else 1, name == "slow"
    headers = ["Connection: close"] if name == "handshake" else []
    both = os.sched_getaffinity(0)
    proxies, others = (both, both) if loops == 2 else ({min(both)}, both - {min(both)})
    fast = [free_port() for _ in range(2 if slow else 1)]
    nodes = fast + ([free_port()] if slow else [])
    servers = "".join(f"server {{ listen 127.0.0.1:{p} backlog=4096; location / {{ return 200 '{ANSWER}'; }} }}\n" for p in fast)
    port, results = free_port(), {"nginx": [], "microhost": []}
    text = NGINX.format(workers=loops, folder=folder, port=port, ssl=" ssl" if tls else "",
                        balance="least_conn;" if slow else "", nodes=" ".join(f"server 127.0.0.1:{p};" for p in nodes))
    with contextlib.ExitStack() as stack:
        with on_cpus(others):
            stack.enter_context(nginx(BACKEND.format(folder=folder, servers=servers), folder, "backend", fast[0]))
            if slow:
                stack.enter_context(running([sys.executable, "-c", SLOW_NODE, str(nodes[-1]), ANSWER], nodes[-1]))
        with on_cpus(proxies):
            peer = stack.enter_context(nginx(text, folder, "nginx", port))
            host = stack.enter_context(gateway(harness, tls, loops, nodes, folder))
        scheme = "https" if tls else "http"
        measured = {"nginx": (peer.pid, f"{scheme}://127.0.0.1:{port}/"),
                    "microhost": (host.pid, f"{scheme}://127.0.0.1:{host.port('edge')}/bench/say/hello")}
        with on_cpus(others):
            for _ in range(options.rounds):
                for who, (pid, url) in measured.items():
                    results[who].append(measure(pid, url, options.seconds, headers))
    return results


def show(name, results):
    print(f"\n{name}")
    for who, rounds in results.items():
        middle = {key: statistics.median(r[key] for r in rounds) for key in ("cpu_us", "rps", "p50", "p99")}
        print(f"  {who:<10}{middle['cpu_us']:8.1f} us CPU a request {middle['rps']:9.0f} requests/s   "
              f"p50 {middle['p50']:7.2f} ms   p99 {middle['p99']:7.2f} ms")
    for key, what in ("cpu_us", "CPU"), ("rps", "requests/s"), ("p99", "p99"):
        ratios = sorted(a[key] / b[key] for a, b in zip(results["microhost"], results["nginx"]))
        print(f"  microhost / nginx, {what}: {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--prefix", type=Path, default=ROOT / ".cache/prefix/release")
    parser.add_argument("cases", nargs="*", default=["tls", "handshake", "loops", "slow"])
    options = parser.parse_args()
    import peers

    os.environ["MICROHOST_PREFIX"] = str(options.prefix.resolve())
    for package in ("nginx-core", "wrk"):
        os.environ.update(peers.ready(package))
    for name in options.cases:
        if name not in ("tls", "handshake", "loops", "slow"):
            parser.error(f"there is no case {name}")
        with tempfile.TemporaryDirectory(prefix="microhost-beside-") as made:
            folder = Path(made)
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                            "-subj", SUBJECT, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                           check=True, capture_output=True)
            show(name, run_case(name, options, folder))


if __name__ == "__main__":
    main()
