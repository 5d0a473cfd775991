"""A scripted upstream: HTTP/1.1 over bare sockets, free to misbehave at every step of an exchange.

What it answers is decided per request by a script (see `replies`): the next one in `queue`, else the
one for the request's model in `models`, else the one for its path in `paths`, else `default`. It
writes down every connection and request it saw, bytes and times, for the tests to look at.

Runs its own event loop in a thread; everything public may be called from the test's thread.
"""

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import threading
import time

MAX_HEAD = 1 << 20


class PeerGone(Exception):
    """The client of this exchange closed or reset its connection."""


class Received:
    """One request as it arrived."""

    def __init__(self, connection, head, body):
        self.connection = connection
        self.head = head
        self.body = body
        self.arrived = time.monotonic()
        self.answered = None  # when the script ended with the connection alive
        self.gone = None  # when the peer left before that
        lines = head.split(b"\r\n")
        self.method, self.target, self.version = (part.decode("latin-1") for part in lines[0].split(b" ", 2))
        self.headers = []
        for line in lines[1:]:
            if line:
                name, _, value = line.partition(b":")
                self.headers.append((name.decode("latin-1"), value.strip().decode("latin-1")))

    def header(self, name):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    @property
    def path(self):
        return self.target.split("?", 1)[0]

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def model(self):
        with contextlib.suppress(ValueError, AttributeError):
            return self.json.get("model")
        return None

    @property
    def running(self):
        return self.answered is None and self.gone is None


class Connection:
    """One accepted connection."""

    def __init__(self, number):
        self.number = number
        self.opened = time.monotonic()
        self.closed = None
        self.bytes_in = 0
        self.requests = []
        self.dirty = False  # bytes arrived that belong to no request, or before their turn


class Link(asyncio.Protocol):
    """The wire side of one connection: a buffer in, a transport out, and the moment the peer left."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.buffer = bytearray()
        self.arrived = asyncio.Event()
        self.gone = asyncio.Event()
        self.can_write = asyncio.Event()
        self.can_write.set()
        self.closing = False
        self.task = None

    def connection_made(self, transport):
        self.transport = transport
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=256 * 1024)
        self.record = self.upstream._opened(self)
        self.task = asyncio.ensure_future(self.upstream._serve(self))

    def data_received(self, data):
        self.record.bytes_in += len(data)
        if self.upstream.wire is not None:
            self.upstream.wire += data
        self.buffer += data
        self.arrived.set()

    def eof_received(self):
        self.peer_left()
        return False

    def connection_lost(self, _error):
        self.peer_left()
        self.upstream._closed(self)

    def pause_writing(self):
        self.can_write.clear()

    def resume_writing(self):
        self.can_write.set()

    def peer_left(self):
        self.gone.set()
        self.arrived.set()
        self.can_write.set()
        for request in self.record.requests:
            if request.running and not self.closing:
                request.gone = time.monotonic()
        self.upstream._changed()

    async def until(self, marker, start=0):
        """Waits until `marker` is buffered; the offset behind it, or None when the peer left first."""
        while True:
            found = self.buffer.find(marker, start)
            if found >= 0:
                return found + len(marker)
            if self.gone.is_set() or len(self.buffer) > MAX_HEAD:
                return None
            self.arrived.clear()
            await self.arrived.wait()

    async def at_least(self, count):
        while len(self.buffer) < count:
            if self.gone.is_set():
                return False
            self.arrived.clear()
            await self.arrived.wait()
        return True

    def take(self, count):
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken


class Turn:
    """What a script is given: the request, and ways to answer it or not."""

    def __init__(self, upstream, link, request):
        self.upstream = upstream
        self.link = link
        self.request = request

    async def send(self, data):
        if self.link.gone.is_set() or self.link.transport.is_closing():
            raise PeerGone
        self.link.transport.write(data)
        await self.link.can_write.wait()
        if self.link.gone.is_set():
            raise PeerGone

    async def chunk(self, data):
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def end_chunks(self):
        await self.send(b"0\r\n\r\n")

    async def pause(self, seconds):
        """Waits, but not longer than the peer does."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.link.gone.wait(), seconds)
            raise PeerGone

    async def stall(self):
        """Says nothing more until the peer gives up."""
        await self.link.gone.wait()
        raise PeerGone

    async def until(self, event):
        """Waits for a threading.Event of the test, or until the peer leaves."""
        while not event.is_set():
            await self.pause(0.005)

    async def cut(self):
        """Sends what is buffered, then an orderly end of file."""
        self._ends()
        self.link.transport.close()
        raise PeerGone

    async def reset(self):
        """RST."""
        self._ends()
        raw = self.link.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.link.transport.abort()
        raise PeerGone

    def _ends(self):
        self.link.closing = True
        self.request.answered = time.monotonic()


class Upstream:
    """A server on a free loopback port; see the module's description."""

    def __init__(self, name="fake", default=None, tls=None, host="127.0.0.1", port=0, keeps_bytes=False):
        from . import replies

        self.name = name
        self.default = default or replies.well_behaved()
        self.queue = []
        self.models = {}
        self.paths = {}
        self.on_accept = None  # coroutine function of the link, before anything is read
        self.connections = []
        self.requests = []
        self.wire = bytearray() if keeps_bytes else None  # every byte that came, of whatever it is a part
        self.errors = []
        self._condition = threading.Condition()
        self._links = set()
        self._tls = tls
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self._socket.listen(1024)
        self.host = host
        self.port = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait()

    # --- what tests call

    @property
    def base(self):
        scheme = "https" if self._tls else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}/v1"

    @property
    def origin(self):
        return self.base[: -len("/v1")]

    def next(self, *scripts):
        """The next requests are answered by these, one each."""
        with self._condition:
            self.queue.extend(scripts)

    def forget(self):
        """Forgets what was seen and what was planned; connections stay."""
        with self._condition:
            self.queue.clear()
            self.requests.clear()

    def wait_for(self, holds, timeout=10.0):
        """Waits until `holds(self)`, looked at after each event here. Returns its last value."""
        end = time.monotonic() + timeout
        with self._condition:
            while not (value := holds(self)):
                left = end - time.monotonic()
                if left <= 0:
                    return value
                self._condition.wait(min(left, 0.05))
            return value

    def wait_for_requests(self, count, timeout=10.0):
        assert self.wait_for(lambda seen: len(seen.requests) >= count, timeout), (
            f"{self.name}: {len(self.requests)} requests, expected {count}"
        )
        return self.requests

    def open_connections(self):
        return [connection for connection in self.connections if connection.closed is None]

    def running(self):
        """Requests that are neither answered nor left by the peer."""
        return [request for request in self.requests if request.running]

    def close_idle(self):
        """Ends all connections that have no request running (what a server does after a while)."""

        async def close():
            for link in list(self._links):
                if not any(request.running for request in link.record.requests):
                    link.closing = True
                    link.transport.close()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)

    def write_to_idle(self, data):
        """Sends bytes that nobody asked for on all idle connections."""

        async def write():
            for link in list(self._links):
                if not any(request.running for request in link.record.requests):
                    link.transport.write(data)

        asyncio.run_coroutine_threadsafe(write(), self._loop).result(10)

    def close(self):
        async def stop():
            self._server.close()
            for link in list(self._links):
                link.closing = True
                link.transport.abort()
            tasks = [link.task for link in self._links if link.task]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._loop.stop()

        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(stop(), self._loop)
            self._thread.join(10)
        assert not self.errors, self.errors

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- inside

    def _run(self, started):
        asyncio.set_event_loop(self._loop)

        async def listen():
            self._server = await self._loop.create_server(
                lambda: Link(self), sock=self._socket, ssl=self._tls, backlog=1024
            )
            started.set()

        self._loop.run_until_complete(listen())
        self._loop.run_forever()
        self._loop.close()

    def _changed(self):
        with self._condition:
            self._condition.notify_all()

    def _opened(self, link):
        self._links.add(link)
        record = Connection(len(self.connections) + 1)
        with self._condition:
            self.connections.append(record)
            self._condition.notify_all()
        return record

    def _closed(self, link):
        self._links.discard(link)
        with self._condition:
            link.record.closed = time.monotonic()
            self._condition.notify_all()

    async def _serve(self, link):
        try:
            if self.on_accept:
                await self.on_accept(link)
            while not link.gone.is_set():
                if not await self._one_request(link):
                    break
        except (PeerGone, asyncio.CancelledError):
            pass
        except Exception as error:  # a broken script must fail the test, not hang it
            self.errors.append(error)
            link.transport.abort()
        finally:
            if not link.transport.is_closing():
                link.transport.close()

    async def _one_request(self, link):
        head_end = await link.until(b"\r\n\r\n")
        if head_end is None:
            link.record.dirty = link.record.dirty or bool(link.buffer)
            return False
        head = link.take(head_end)
        fields = {}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip()
        body = await self._body(link, fields)
        if body is None:
            link.record.dirty = True
            return False

        request = Received(link.record.number, head, body)
        with self._condition:
            link.record.dirty = link.record.dirty or bool(link.buffer)
            link.record.requests.append(request)
            self.requests.append(request)
            script = self._script_for(request)
            self._condition.notify_all()
        try:
            await script(Turn(self, link, request))
        except PeerGone:
            with self._condition:
                if request.running:
                    request.gone = time.monotonic()
                self._condition.notify_all()
            return False
        with self._condition:
            request.answered = time.monotonic()
            self._condition.notify_all()
        return fields.get(b"connection", b"").lower() != b"close"

    async def _body(self, link, fields):
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            whole = b""
            while True:
                end = await link.until(b"\r\n")
                if end is None:
                    return None
                size = int(link.take(end).split(b";")[0], 16)
                if not await link.at_least(size + 2):
                    return None
                whole += link.take(size + 2)[:-2]
                if size == 0:
                    return whole
        length = int(fields.get(b"content-length", b"0"))
        if not await link.at_least(length):
            return None
        return link.take(length)

    def _script_for(self, request):
        if self.queue:
            return self.queue.pop(0)
        if request.model in self.models:
            return self.models[request.model]
        return self.paths.get(request.path, self.default)


class Port:
    """A port that nobody else gets for as long as this lives."""

    queue = None  # how many connections may wait to be accepted; without one they are refused

    def __init__(self):
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        if self.queue is not None:
            self._socket.listen(self.queue)
        self.port = self._socket.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}/v1"

    def close(self):
        self._socket.close()


class ClosedPort(Port):
    """A port that refuses connections."""


class SilentPort(Port):
    """A port that accepts (in the kernel) and never reads."""

    queue = 64


class BlackHole(Port):
    """A port whose connections are never completed: its queue is full and nobody accepts."""

    queue = 0

    def __init__(self):
        super().__init__()
        self._fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(("127.0.0.1", self.port))
            self._fillers.append(filler)

    def close(self):
        for filler in self._fillers:
            filler.close()
        super().close()


def server_tls(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
