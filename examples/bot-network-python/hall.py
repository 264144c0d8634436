#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A chat network of one's own: lines such as "ada: microhost ping" on standard input are said in the room "hall", and what the bot
answers is printed. What is said goes to the bot as events, what it answers comes as calls of Input.Send.

usage: hall.py INSTANCE [SECRET_FILE]     INSTANCE: the --name of the microhost that has the bot
"""
import atexit, http.client, json, os, pathlib, signal, socket, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

name, pid, instance = "go.micro.net.hall", os.getpid(), sys.argv[1]
secret = pathlib.Path(sys.argv[2]).read_text().strip() if len(sys.argv) > 2 else ""
runtime = os.environ.get("MICROHOST_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR", "/run") + "/microhost"


class Answers(BaseHTTPRequestHandler):
    protocol_version, wbufsize = "HTTP/1.1", -1

    def do_POST(self):  # Input.Send {"network", "room", "peer", "thread", "text"}
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print(f"{said['room'] or said['peer']}> {said['text']}", flush=True)
        self.send_response(200)
        for header in ("Content-Type", "application/json"), ("Content-Length", 2): self.send_header(*header)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


class Control(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(f"{runtime}/instances/{instance}/control.sock")


def say(who, text):
    # The secret makes the bot believe who speaks. A real network has checked that: a name on a line proves nothing.
    event = {"network": "hall", "room": "hall", "peer": who, "name": who, "identity": who, "secret": secret, "text": text}
    control = Control("localhost")
    control.request("POST", "/v1/commands/publish", json.dumps({"args": {"topic": "go.micro.bot.input", "message": json.dumps(event)}}))
    answer = control.getresponse().read().decode()
    if '"exit":0' not in answer:
        print(answer, file=sys.stderr)
    control.close()


server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
node = {"id": f"{name}-{pid}", "address": f"127.0.0.1:{server.server_port}", "metadata": {"protocol": "mucp"}}
service = {"format": 1, "name": name, "version": "1.0.0", "metadata": None, "nodes": [node], "ttl_s": 10, "owner_pid": pid,
           "endpoints": [{"name": "Input.Send", "request": None, "response": None, "metadata": None}]}
path = f"{runtime}/registry/v1/{node['id']}.json"
os.makedirs(os.path.dirname(path), exist_ok=True)
with open(path + ".tmp", "w") as file: json.dump(service, file)
os.rename(path + ".tmp", path)  # there at once, and whole
atexit.register(os.unlink, path)
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
server.service_actions = lambda: os.utime(path)  # the heartbeat: called twice a second
threading.Thread(target=server.serve_forever, daemon=True).start()
for line in sys.stdin:
    who, _, text = line.strip().partition(": ")
    if text:
        say(who, text)
signal.pause()  # answers may still come: Ctrl-C ends it
