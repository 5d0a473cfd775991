"""An HTTP/1.1 client over a bare socket that keeps every byte and every chunk boundary."""

import json
import socket
import ssl
import struct
import time


class Closed(Exception):
    """The server ended the connection before the message was whole."""

    def __init__(self, received):
        super().__init__(f"closed after {received[:200]!r}")
        self.received = received


class Reply:
    """One answer. `complete` tells a proper end from a cut one; `chunks` are the chunks as framed."""

    def __init__(self, status, reason, headers):
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = b""
        self.chunks = []
        self.complete = False
        self.seconds = 0.0

    def header(self, name):
        values = self.all(name)
        return values[0] if values else None

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The error object, after checking that it is OpenAI's: always the four keys."""
        error = self.json["error"]
        assert set(error) == {"message", "type", "param", "code"}, error
        assert isinstance(error["message"], str) and error["message"]
        assert isinstance(error["type"], str)
        assert error["param"] is None or isinstance(error["param"], str)
        assert error["code"] is None or isinstance(error["code"], str)
        return error

    @property
    def text(self):
        """The answer's text: of a whole chat answer, or of the stream's deltas."""
        if (self.header("content-type") or "").startswith("text/event-stream"):
            return "".join(
                choice.get("delta", {}).get("content") or choice.get("text") or ""
                for event in self.json_events()
                for choice in event.get("choices", [])
            )
        choice = self.json["choices"][0]
        return choice["message"]["content"] if "message" in choice else choice["text"]

    def events(self):
        """The payload of each event, `[DONE]` included, comments left out."""
        found = []
        for block in self.body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n"):
            lines = [line[5:].lstrip(b" ") for line in block.split(b"\n") if line.startswith(b"data:")]
            if lines:
                found.append(b"\n".join(lines))
        return found

    def json_events(self):
        return [json.loads(event) for event in self.events() if event != b"[DONE]"]

    @property
    def done(self):
        return b"[DONE]" in self.events()

    @property
    def finish_reasons(self):
        return [
            choice["finish_reason"]
            for event in self.json_events()
            for choice in event.get("choices", [])
            if choice.get("finish_reason")
        ]

    @property
    def error_events(self):
        return [event["error"] for event in self.json_events() if "error" in event]

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r} complete={self.complete}>"


class Connection:
    """One connection to `port`; `timeout` bounds every wait."""

    def __init__(self, port, timeout=20.0, tls=None, host="127.0.0.1", server_name="localhost"):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
        self.timeout = timeout
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_request(self, method, target, headers=(), body=None, host="localhost"):
        names = {name.lower() for name, _ in headers}
        lines = [f"{method} {target} HTTP/1.1"]
        if host is not None and "host" not in names:
            lines.append(f"Host: {host}")
        lines += [f"{name}: {value}" for name, value in headers]
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b""))

    def receive(self):
        """More bytes into the buffer; False at the end of the stream."""
        try:
            data = self.socket.recv(1 << 16)
        except (ConnectionResetError, ssl.SSLEOFError, BrokenPipeError):
            return False
        self.buffer += data
        return bool(data)

    def take_until(self, marker):
        while marker not in self.buffer:
            if not self.receive():
                raise Closed(self.buffer)
        taken, _, self.buffer = self.buffer.partition(marker)
        return taken

    def take(self, count):
        parts, length = [self.buffer], len(self.buffer)
        while length < count:
            self.buffer = b""
            if not self.receive():
                raise Closed(b"".join(parts))
            parts.append(self.buffer)
            length += len(self.buffer)
        whole = b"".join(parts)
        self.buffer = whole[count:]
        return whole[:count]

    def read_head(self):
        """The head of the final answer; interim ones are passed over."""
        while True:
            lines = self.take_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
            version, code, *reason = lines[0].split(" ", 2)
            assert version in ("HTTP/1.1", "HTTP/1.0"), lines[0]
            reply = Reply(int(code), reason[0] if reason else "", [])
            for line in lines[1:]:
                name, _, value = line.partition(":")
                reply.headers.append((name, value.strip()))
            if reply.status >= 200:
                return reply

    def read_chunk(self):
        """The next chunk; empty at the end of the body."""
        size = int(self.take_until(b"\r\n").split(b";")[0], 16)
        data = self.take(size)
        assert self.take(2) == b"\r\n"
        return data

    def read_start(self):
        """The head and the first chunk of a streamed answer; `read_body` takes it from there."""
        reply = self.read_head()
        reply.body += self.read_chunk()
        return reply

    def read_body(self, reply, head_only=False):
        """The rest of the answer. A cut body leaves `complete` false."""
        try:
            if head_only or reply.status in (204, 304):
                pass
            elif (reply.header("transfer-encoding") or "").lower() == "chunked":
                while data := self.read_chunk():
                    reply.chunks.append(data)
                    reply.body += data
            elif (length := reply.header("content-length")) is not None:
                reply.body = self.take(int(length))
            else:
                while self.receive():
                    pass
                reply.body, self.buffer = self.buffer, b""
            reply.complete = True
        except Closed as cut:
            reply.body += cut.received
        return reply

    def read_reply(self, head_only=False):
        began = time.monotonic()
        reply = self.read_body(self.read_head(), head_only)
        reply.seconds = time.monotonic() - began
        return reply

    def read_to_end(self):
        """Everything until the server closes."""
        while self.receive():
            pass
        return self.buffer

    def is_closed_by_server(self):
        """Waits for the server to close; True when it did so without another byte."""
        return not self.receive()


class Client:
    """Requests on fresh connections, as most tests want them. `key` goes out as a bearer."""

    def __init__(self, port, key=None, timeout=20.0):
        self.port = port
        self.key = key
        self.timeout = timeout

    def connect(self):
        return Connection(self.port, self.timeout)

    def headers(self, extra=(), json_body=True):
        headers = list(extra)
        names = {name.lower() for name, _ in headers}
        if self.key and "authorization" not in names:
            headers.append(("Authorization", f"Bearer {self.key}"))
        if json_body and "content-type" not in names:
            headers.append(("Content-Type", "application/json"))
        return headers

    def send(self, connection, target, body, headers=()):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        connection.send_request("POST", target, self.headers(headers), body)

    def post(self, target, body, headers=()):
        began = time.monotonic()
        with self.connect() as connection:
            self.send(connection, target, body, headers)
            reply = connection.read_reply()
        reply.seconds = time.monotonic() - began
        return reply

    def request(self, method, target, headers=(), body=None):
        with self.connect() as connection:
            connection.send_request(method, target, self.headers(headers, body is not None), body)
            return connection.read_reply(head_only=method == "HEAD")

    def get(self, target, headers=()):
        return self.request("GET", target, headers)

    def chat(self, model, stream=False, headers=(), **more):
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}
        if stream:
            body["stream"] = True
        return self.post("/v1/chat/completions", body, headers)

    def open_chat(self, model, stream=True, headers=(), **more):
        """Sends a chat request and leaves the answer to the caller: a connection to read from."""
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}
        if stream:
            body["stream"] = True
        connection = self.connect()
        self.send(connection, "/v1/chat/completions", body, headers)
        return connection
