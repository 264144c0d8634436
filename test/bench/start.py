#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From the start of the program to its first answer, next to nginx, alone and with the module that runs Lua: the gateway alone, and
with one filter of every module of the pack in front of it. All of them call the same node. Ratios of the same rounds, their median.

usage: start.py [--rounds 15] [--prefix .cache/prefix/release]
"""
import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "test/integration"), str(Path(__file__).parent)]

#: one of each; those that would refuse the request are asked on another path only
ELSEWHERE = {"path_prefix": "/elsewhere"}
PACK = {
    "auth-basic": {"match": ELSEWHERE, "config": {"file": "{folder}/users"}},
    "auth-jwt": {"match": ELSEWHERE, "config": {"secret_file": "{folder}/secret"}},
    "auth-service": {"match": ELSEWHERE, "config": {"service": "go.micro.srv.door"}},
    "rate-limit": {"config": {"rate": "100000/s"}},
    "cors": {"config": {}},
    "headers": {"config": {"security": True}},
    "compress": {"config": {}},
    "ip-allow": {"config": {"rules": ["127.0.0.1"]}},
    "router": {"config": {"rules": [{"path": "/healthz", "to": {"status": 200, "body": "ok"}}]}},
}
NGINX_MODULES = "usr/lib/nginx/modules"
LUA = ["libnginx-mod-http-lua", "lua-resty-core"]
USER = "jane:$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1\n"


def configuration(port, pack):
    config = {
        "host": {"loops": 1, "access_log": False},
        "load": ["api.so", *(f"{name}.so" for name in pack)],
        "listeners": {"edge": {"module": "api", "address": f"127.0.0.1:{port}"}},
        "modules": {"api": {"handler": "rpc", "namespace": "go.micro.api"}},
    }
    if pack:
        config["filters"] = {f"the-{name}": {"use": name, **how} for name, how in pack.items()}
    return config


def answered(port, process, name):
    """Asks until it is answered with 200."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as asked:
                asked.sendall(b"GET /bench/say/hello HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n")
                answer = asked.recv(4096)
            if not answer.startswith(b"HTTP/1.1 200 "):
                sys.exit(f"start: {name} answered {answer[:200]!r}")
            return
        except ConnectionError:
            if process.poll() is not None:
                sys.exit(f"start: {name} ended")
            time.sleep(0.0002)


def milliseconds(name, command, port, env):
    begin = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        answered(port, process, name)
        return (time.perf_counter() - begin) * 1e3
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def register(runtime, port):
    folder = runtime / "registry/v1"
    folder.mkdir(parents=True, mode=0o700)
    runtime.chmod(0o700)
    node = {"id": "bench-1", "address": f"127.0.0.1:{port}", "metadata": {"protocol": "mucp"}}
    text = {"format": 1, "ttl_s": 86400, "name": "go.micro.api.bench", "version": "1", "nodes": [node]}
    (folder / "bench-1.json").write_text(json.dumps(text))


def nginx_conf(folder, port, node, modules=()):
    """Forwards to the node, with a process of its own. Returns the command."""
    import beside
    import peers

    text = beside.NGINX.format(workers=1, folder=folder, port=port, ssl="", balance="", nodes=f"server 127.0.0.1:{node};")
    files = [next(f for root in (peers.TREE, Path("/")) if (f := root / NGINX_MODULES / f"{module}.so").exists()) for module in modules]
    loads = [f"load_module {file};" for file in files]
    path = folder / f"nginx-{port}.conf"
    path.write_text("\n".join([*loads, *(line for line in text.splitlines() if "ssl_" not in line)]))
    return ["nginx", "-p", str(folder), "-c", str(path)]


def measure(options, folder, with_lua):
    import beside
    import harness

    node, ports = beside.free_port(), [beside.free_port() for _ in range(4)]
    server = f"server {{ listen 127.0.0.1:{node} backlog=4096; location / {{ return 200 '{beside.ANSWER}'; }} }}\n"
    (folder / "users").write_text(USER)
    (folder / "secret").write_text("x" * 64)
    pack = json.loads(json.dumps(PACK).replace("{folder}", str(folder)))
    env = harness.clean_environment(folder)
    register(folder / "runtime", node)
    subjects = {"nginx": (nginx_conf(folder, ports[0], node), ports[0])}
    if with_lua:
        modules = ["ndk_http_module", "ngx_http_lua_module"]
        subjects["nginx with Lua"] = (nginx_conf(folder, ports[3], node, modules), ports[3])
    for name, port, with_pack in ("gateway", ports[1], {}), ("gateway and pack", ports[2], pack):
        path = folder / f"{port}.json"
        path.write_text(json.dumps(configuration(port, with_pack)))
        subjects[name] = ([str(harness.PROGRAM), "--config", str(path)], port)
    times = {name: [] for name in subjects}
    with beside.nginx(beside.BACKEND.format(folder=folder, servers=server), folder, "backend", node):
        for round_ in range(options.rounds + 1):  # the first one warms caches
            for name, (command, port) in subjects.items():
                took = milliseconds(name, command, port, env)
                if round_:
                    times[name].append(took)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--prefix", type=Path, default=ROOT / ".cache/prefix/release")
    options = parser.parse_args()
    import bench
    import peers

    os.environ["MICROHOST_PREFIX"] = str(options.prefix.resolve())
    os.environ.update(peers.ready("nginx-core"))
    with_lua = True
    try:
        peers.ready(*LUA)
    except peers.Missing as problem:
        with_lua = False
        print(f"start: without nginx's Lua: {problem}", file=sys.stderr)
    # Copies of modules and sockets lie in the runtime folder, which on a real machine is in memory: /run
    memory = next((folder for folder in ("/dev/shm", "/run") if os.access(folder, os.W_OK)), None)
    with tempfile.TemporaryDirectory(prefix="microhost-start-", dir=memory) as made, bench.linked_modules():
        times = measure(options, Path(made), with_lua)
    for name, each in times.items():
        ratios = sorted(a / b for a, b in zip(each, times["nginx"]))
        print(f"{name:<17}{statistics.median(each):6.1f} ms ({min(each):.1f} to {max(each):.1f})   "
              f"/ nginx {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
