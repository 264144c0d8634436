#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
import atexit, json, os, signal, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Greeter(BaseHTTPRequestHandler):
    protocol_version, wbufsize = "HTTP/1.1", -1
    def do_POST(self):  # every call is POST /, the endpoint is in Micro-Endpoint
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null") or {}
        reply = json.dumps({"msg": "Hello " + request.get("name", "stranger")}).encode()
        self.send_response(200)
        for header in ("Content-Type", "application/json"), ("Content-Length", len(reply)): self.send_header(*header)
        self.end_headers()
        self.wfile.write(reply)

name, pid = sys.argv[1] if len(sys.argv) > 1 else "go.micro.api.greeter", os.getpid()
server = ThreadingHTTPServer(("127.0.0.1", 0), Greeter)
node = {"id": f"{name}-{pid}", "address": f"127.0.0.1:{server.server_port}", "metadata": {"protocol": "mucp"}}
service = {"format": 1, "name": name, "version": "1.0.0", "metadata": None, "nodes": [node], "ttl_s": 10, "owner_pid": pid,
           "endpoints": [{"name": "Say.Hello", "request": None, "response": None, "metadata": None}]}
runtime = os.environ.get("MICROHOST_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR", "/run") + "/microhost"
path = f"{runtime}/registry/v1/{node['id']}.json"
os.makedirs(os.path.dirname(path), exist_ok=True)
with open(path + ".tmp", "w") as file: json.dump(service, file)
os.rename(path + ".tmp", path)  # there at once, and whole
atexit.register(os.unlink, path)
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
server.service_actions = lambda: os.utime(path)  # the heartbeat: called twice a second
server.serve_forever()
