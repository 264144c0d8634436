# SPDX-License-Identifier: Apache-2.0
"""A user of XMPP by slixmpp, for prosody.py: commands come as lines of JSON, and what happens goes out the same way.
usage: xmpp_user.py JID PASSWORD PORT CA_FILE"""
import asyncio
import json
import sys

import slixmpp
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

UNLOCK = "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>"


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


class User(slixmpp.ClientXMPP):
    def __init__(self, jid, password, port, ca):
        super().__init__(jid, password)
        self.ca_certs = ca
        self.rooms = {}
        for plugin in ("xep_0030", "xep_0045", "xep_0199", "xep_0249"):
            self.register_plugin(plugin)
        self.add_event_handler("session_start", self.on_start)
        self.add_event_handler("failed_auth", lambda _: tell("refused"))
        self.add_event_handler("message", self.on_message)
        self.register_handler(Callback("presence of a room", MatchXPath("{jabber:client}presence"), self.on_presence))
        self.add_event_handler("disconnected", lambda _: tell("disconnected"))
        self.connect(("127.0.0.1", port))

    async def on_start(self, _):
        self.send_presence()
        reader = asyncio.StreamReader(1 << 20)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        tell("online")
        while line := await reader.readline():
            self.do(json.loads(line))

    def on_message(self, m):
        if m["type"] == "groupchat":
            room, nick = m["from"].bare, m["from"].resource
            if m["body"]:
                tell("message", type="groupchat", room=room, nick=nick, own=nick == self.rooms.get(room), body=m["body"])
        elif m["body"]:
            tell("message", type=m["type"], sender=str(m["from"]), body=m["body"])

    def on_presence(self, p):
        room, nick = p["from"].bare, p["from"].resource
        codes = [s.get("code") for s in p.xml.iter("{http://jabber.org/protocol/muc#user}status")]
        if p["type"] == "error":
            return tell("error", room=room)
        gone = p["type"] == "unavailable"
        if "110" in codes:
            self.rooms[room] = nick
            if "201" in codes:  # a new room is locked
                self.send_raw(f"<iq type='set' id='unlock' to='{room}'>{UNLOCK}</iq>")
            return tell("left" if gone else "joined", room=room, nick=nick)
        tell("gone" if gone else "there", room=room, nick=nick)

    def do(self, c):
        if c["do"] == "say":
            self.send_message(mto=c["to"], mbody=c["body"], mtype=c["type"])
        elif c["do"] == "join":
            self.rooms[c["room"]] = c["nick"]
            p = self.make_presence(pto=f"{c['room']}/{c['nick']}")
            p.xml.append(slixmpp.xmlstream.ET.fromstring("<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"))
            p.send()
        elif c["do"] == "leave":
            self.send_presence(pto=f"{c['room']}/{self.rooms[c['room']]}", ptype="unavailable")
        elif c["do"] == "raw":
            self.send_raw(c["xml"])


asyncio.set_event_loop(asyncio.new_event_loop())
address, secret, where, authority = sys.argv[1:]
User(address, secret, int(where), authority).process(forever=True)
