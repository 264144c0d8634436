#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A service that needs nothing but HTTP: it registers with the proxy, and again before its time is over.

usage: sidecar.py [NAME [PROXY]]
"""
import json, os, sys, threading, time, urllib.request
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

name = sys.argv[1] if len(sys.argv) > 1 else "go.micro.srv.greeter"
proxy = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8081"
server = ThreadingHTTPServer(("127.0.0.1", 0), Greeter)
threading.Thread(target=server.serve_forever, daemon=True).start()
service = {"name": name, "version": "1.0.0", "endpoints": [{"name": "Say.Hello"}],
           "nodes": [{"id": f"{name}-{os.getpid()}", "address": f"127.0.0.1:{server.server_port}",
                      "metadata": {"protocol": "mucp"}}]}

def registry(method, query=""):
    body, kind = json.dumps(service).encode(), {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{proxy}/registry{query}", body, kind, method=method), timeout=5).close()

registry("POST", "?ttl=800ms")
print("registered", flush=True)
try:
    while True:
        time.sleep(0.25)
        registry("POST", "?ttl=800ms")  # who is killed is gone within a second
except KeyboardInterrupt:
    registry("DELETE")
