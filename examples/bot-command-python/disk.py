#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The chat command "disk [PATH]", as a service: go.micro.bot.disk with Command.Help and Command.Exec."""
import atexit, base64, json, os, shutil, signal, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def disk(path="/"):
    total, used, free = shutil.disk_usage(path)
    return f"{path}: {used / total:.0%} used, {free / 1e9:.1f} GB free of {total / 1e9:.1f} GB"


class Command(BaseHTTPRequestHandler):
    protocol_version, wbufsize = "HTTP/1.1", -1

    def do_POST(self):  # every call is POST /, the endpoint is in Micro-Endpoint
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null") or {}
        if self.headers["Micro-Endpoint"] == "Command.Help":
            answer = {"usage": "disk [path]", "description": "Shows how full a disk is"}
        else:
            try:  # args[0] is the command's own word
                answer = {"result": base64.b64encode(disk(*request["args"][1:2]).encode()).decode(), "error": ""}
            except OSError as problem:
                answer = {"result": "", "error": str(problem)}
        reply = json.dumps(answer).encode()
        self.send_response(200)
        for header in ("Content-Type", "application/json"), ("Content-Length", len(reply)): self.send_header(*header)
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass


name, pid = "go.micro.bot.disk", os.getpid()
server = ThreadingHTTPServer(("127.0.0.1", 0), Command)
# It only reads: everybody may. Without "role" it would be for operators, who are asked whether they mean it.
node = {"id": f"{name}-{pid}", "address": f"127.0.0.1:{server.server_port}", "metadata": {"protocol": "mucp", "role": "viewer"}}
endpoints = [{"name": e, "request": None, "response": None, "metadata": None} for e in ("Command.Help", "Command.Exec")]
service = {"format": 1, "name": name, "version": "1.0.0", "metadata": None, "nodes": [node], "ttl_s": 10, "owner_pid": pid,
           "endpoints": endpoints}
runtime = os.environ.get("MICROHOST_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR", "/run") + "/microhost"
path = f"{runtime}/registry/v1/{node['id']}.json"
os.makedirs(os.path.dirname(path), exist_ok=True)
with open(path + ".tmp", "w") as file: json.dump(service, file)
os.rename(path + ".tmp", path)  # there at once, and whole
atexit.register(os.unlink, path)
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
server.service_actions = lambda: os.utime(path)  # the heartbeat: called twice a second
server.serve_forever()
