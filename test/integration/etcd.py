# SPDX-License-Identifier: Apache-2.0
"""etcd from Debian, unpacked beside the build: started on free ports in a folder of its own, stopped, frozen, killed, begun anew.

    with etcd.Etcd() as store:
        store.ctl("put", "/micro/registry/a/a-1", etcd.service("a", "a-1", "127.0.0.1:1"))
"""
import base64
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import harness
import wire

sys.path.append(str(harness.ROOT / "test"))

import peers  # noqa: E402

FOLDER = "/micro/registry/"


def environment():
    """To run etcd and etcdctl with. Downloaded by --all only; what is there already is used always."""
    try:
        env = peers.ready("etcd-server", "etcd-client") if "MICROHOST_ALL" in os.environ else peers.environment()
    except peers.Missing as problem:
        raise unittest.SkipTest(str(problem)) from None
    if not shutil.which("etcd", path=env["PATH"]) or not shutil.which("etcdctl", path=env["PATH"]):
        raise unittest.SkipTest("needs etcd: test/peers.py etcd-server etcd-client unpacks it, and --all does so")
    return env


def service(name, node, address, version="1.0.0", endpoints=("Say.Hello",), **metadata):
    """As go-micro writes it: keys in this order, no spaces."""
    metadata = {"broker": "http", "protocol": "mucp", "registry": "etcd", "server": "mucp", "transport": "http", **metadata}
    value = {"name": name, "version": version, "metadata": None,
             "endpoints": [{"name": e, "request": None, "response": None, "metadata": {}} for e in endpoints],
             "nodes": [{"id": node, "address": address, "metadata": metadata}]}
    return json.dumps(value, separators=(",", ":"))


def key(name, node):
    return f"{FOLDER}{name}/{node}"


def free_ports(count):
    found = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in found]
    for sock in found:
        sock.close()
    return ports


class Etcd:
    """One member. `tls`: {"cert", "key", "ca"} for its clients, who then need a certificate of that authority."""

    def __init__(self, *args, tls=None):
        self.env, self.args, self.tls = environment(), args, tls
        self.folder = Path(tempfile.mkdtemp(prefix="microhost-etcd-"))
        self.port, self.peer_port = free_ports(2)
        self.user, self.process = None, None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def data(self):
        return self.folder / "data"

    def start(self):
        url, peer = f"{'https' if self.tls else 'http'}://{self.address}", f"http://127.0.0.1:{self.peer_port}"
        command = ["etcd", "--name", "one", "--data-dir", self.data, "--listen-client-urls", url, "--advertise-client-urls", url,
                   "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"one={peer}",
                   "--logger", "zap", "--log-level", "warn", *self.args]
        if self.tls:
            command += ["--cert-file", self.tls["cert"], "--key-file", self.tls["key"], "--trusted-ca-file", self.tls["ca"],
                        "--client-cert-auth"]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([str(c) for c in command], env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        harness.wait_for(self._healthy, 20, f"etcd on {self.address}")

    def _healthy(self):
        if self.process.poll() is not None:
            raise AssertionError(f"etcd ended with {self.process.returncode}\n{(self.folder / 'log').read_text()[-2000:]}")
        return self._run("get", "/", check=False).returncode == 0

    def _run(self, *args, check=True, **options):
        command = ["etcdctl", "--endpoints", f"{'https://' if self.tls else ''}{self.address}", "--dial-timeout", "2s",
                   "--command-timeout", "10s"]
        if self.tls:
            command += ["--cacert", self.tls["ca"], "--cert", self.tls["cert"], "--key", self.tls["key"]]
        if self.user:
            command += ["--user", self.user]
        return subprocess.run([*command, *map(str, args)], env={**self.env, "ETCDCTL_API": "3"}, check=check, capture_output=True,
                              text=True, **options)

    def ctl(self, *args):
        """etcdctl; what it prints."""
        return self._run(*args).stdout

    def put(self, name, node, address, **more):
        self.ctl("put", key(name, node), service(name, node, address, **more))

    def put_many(self, pairs):
        """In one step, and without a process."""
        puts = [{"request_put": {"key": base64.b64encode(k.encode()).decode(), "value": base64.b64encode(v.encode()).decode()}}
                for k, v in pairs]
        with wire.Client(self.port) as client:
            answer = client.request("POST", "/v3/kv/txn", (), json.dumps({"success": puts}).encode())
        assert answer.status == 200, answer.body

    def get_json(self, at):
        """The key as etcd tells of it: its value is base64."""
        return json.loads(self.ctl("get", "-w", "json", at))["kvs"][0]

    def get(self, at):
        return self.ctl("get", "--print-value-only", at).rstrip("\n")

    def keys(self):
        return self.ctl("get", "--prefix", "--keys-only", FOLDER).split()

    # ---- how it fails

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.thaw()
        self.process.kill()
        self.process.wait()

    def begin_anew(self):
        """On the same port, without any data."""
        self.kill()
        shutil.rmtree(self.data)
        self.start()

    @contextlib.contextmanager
    def elsewhere(self):
        """The same data on another port, while nobody listens on this one."""
        self.kill()
        here, (self.port,) = self.port, free_ports(1)
        self.start()
        yield self
        self.kill()
        self.port = here
        self.start()

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
