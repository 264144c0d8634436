# SPDX-License-Identifier: Apache-2.0
"""A go-micro service as it was on the wire: registrations and answers of real ones, byte for byte."""
import wire

# What go-micro 1.18.0 and 2.9.1 wrote into etcd; {address} was that of the machine.
NODE_1_18 = (
    '{{"name":"go.micro.srv.greeter","version":"1.2.3","metadata":null,"endpoints":[{{"name":"Say.Hello","request":{{"name":"Request",'
    '"type":"Request","values":[{{"name":"name","type":"string","values":null}}]}},"response":{{"name":"Response","type":"Response",'
    '"values":[{{"name":"msg","type":"string","values":null}}]}},"metadata":{{}}}},{{"name":"Say.Stream","request":{{"name":"Context",'
    '"type":"Context","values":null}},"response":{{"name":"Stream","type":"Stream","values":null}},"metadata":{{"stream":"true"}}}},'
    '{{"name":"Streamer.ServerStream","request":{{"name":"Context","type":"Context","values":null}},"response":{{"name":"Stream",'
    '"type":"Stream","values":null}},"metadata":{{"stream":"true"}}}},{{"name":"Streamer.Stream","request":{{"name":"Context",'
    '"type":"Context","values":null}},"response":{{"name":"Stream","type":"Stream","values":null}},"metadata":{{"stream":"true"}}}}],'
    '"nodes":[{{"id":"go.micro.srv.greeter-greeter-1","address":"{address}","metadata":{{"broker":"http","protocol":"mucp",'
    '"region":"test","registry":"etcd","server":"mucp","transport":"http"}}}}]}}')
NODE_2_9 = (
    '{{"name":"go.micro.service.greeter","version":"2.0.0","metadata":null,"endpoints":[{{"name":"Say.Hello","request":{{"name":'
    '"Request","type":"Request","values":[{{"name":"name","type":"string","values":null}}]}},"response":{{"name":"Response","type":'
    '"Response","values":[{{"name":"msg","type":"string","values":null}}]}},"metadata":{{}}}},{{"name":"Streamer.ServerStream",'
    '"request":{{"name":"Context","type":"Context","values":null}},"response":{{"name":"Stream","type":"Stream","values":null}},'
    '"metadata":{{"stream":"true"}}}},{{"name":"Streamer.Stream","request":{{"name":"Context","type":"Context","values":null}},'
    '"response":{{"name":"Stream","type":"Stream","values":null}},"metadata":{{"stream":"true"}}}}],"nodes":[{{"id":'
    '"go.micro.service.greeter-v2-1","address":"{address}","metadata":{{"broker":"http","protocol":"{protocol}","registry":"etcd",'
    '"server":"{protocol}","transport":"{protocol}"}}}}]}}')

# What the service of 1.18.0 answered to Say.Hello {"name":"John"} over JSON.
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
    b"Micro-Endpoint: Say.Hello\r\nMicro-From-Service: go.micro.server\r\nMicro-Id: 0\r\nMicro-Method: Say.Hello\r\n"
    b"Micro-Service: go.micro.srv.greeter\r\nTimeout: 5000000000\r\nUser-Agent: Go-http-client/1.1\r\nX-From-Id: script\r\n"
    b'X-Micro-Id: 0\r\nX-User-Id: john\r\n\r\n{"msg":"Hello John"}\n')


class Greeter(wire.Upstream):
    """Answers each call so, but for the id, which belongs to the call."""

    def __init__(self, answer=ANSWER):
        self.answer = answer
        super().__init__(self.reply)

    def reply(self, request, _):
        number = request.get("Micro-Id", "0").encode()
        return self.answer.replace(b"Micro-Id: 0\r\n", b"Micro-Id: " + number + b"\r\n")
