"""Lets a library that blocks ask its service over HTTP from a few threads: bounded in time, size and number.

Such libraries speak through `requests`, whose timeouts hold for each piece that arrives, so that a server which sends a
byte now and then keeps a thread for ever. Here every call has a moment at which its connection is shut under it.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Generic, TypeVar

import requests
import requests.adapters
from requests import PreparedRequest, Response
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from bot.errors import LeftAloneError, ServiceError, UnavailableError
from bot.songs.network.web import MAX_BYTES

THREADS = 8  # made only as they are needed
WAITING = 64  # calls that may wait for a thread
_SHORT = 4096  # bytes of an error's body that are kept
_PIECE = 16_384  # bytes unpacked at a time, so that no small packed body can become a huge one at once
_IDLE = 15.0  # seconds after which a connection may have died unnoticed, and a new one is made

_PATIENCE = 0.4  # of the deadline: who waited longer for a thread cannot tell that the service is slow

Client = TypeVar("Client")
Result = TypeVar("Result")

_thread = threading.local()  # in a thread of ours: `call` while one runs, `client` and `session` from the first one on


class AnsweredError(Exception):
    """An answer with another status than 200; what it means is for the provider to say."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Take the status, the headers and the first bytes of the body."""
        super().__init__(f"status {status}")
        self.status, self.headers, self.body = status, headers, body


class _Call:
    """One call in a thread, and the connection that it speaks over."""

    def __init__(self) -> None:
        self.asked = time.monotonic()
        self.begun: float | None = None  # when a thread took it
        self.over = False  # nobody waits for it any more
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def speaks_over(self, connection: socket.socket | None) -> None:
        """Note the connection that a thread is about to wait for; None where it waits for none."""
        with self._lock:
            self._socket = connection
            self._shut_if_over()

    def give_up(self) -> None:
        """Free the thread: whatever it waits for ends now."""
        with self._lock:
            self.over = True
            self._shut_if_over()

    def _shut_if_over(self) -> None:
        if self.over and self._socket:
            with contextlib.suppress(OSError):  # it may have ended by itself
                # Not the method of an encrypted socket, which would take its state away from the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Noted:
    """A connection that tells the call which speaks over it."""

    sock: Any

    def request(self, *args: Any, **options: Any) -> None:
        """Send a request; the answer is waited for by whoever called this."""
        super().request(*args, **options)  # type: ignore[misc]  # the next class is one of urllib3's, see below
        _thread.call.speaks_over(self.sock)


class _PlainConnection(_Noted, HTTPConnection): ...


class _SafeConnection(_Noted, HTTPSConnection): ...


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SafePool(HTTPSConnectionPool):
    ConnectionCls = _SafeConnection


class _Adapter(requests.adapters.HTTPAdapter):
    """The way to a server; never tries anything twice."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Use the connections above."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SafePool}


class BoundedSession(requests.Session):
    """Follows no redirect, keeps no cookie, reads no settings of the system, and takes at most `MAX_BYTES` of a body.

    For one thread of `Threads` at a time. Raises AnsweredError for every status but 200.
    """

    def __init__(self) -> None:
        """Begin with no connection."""
        super().__init__()
        self.trust_env = False  # no password from ~/.netrc in place of a token, no proxy that nobody named
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", _Adapter())
        self.mount("http://", _Adapter())
        self._used = time.monotonic()

    def get_redirect_target(self, resp: Response) -> str | None:
        """No answer is a redirect."""
        return None

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        """Send a request and read the answer whole."""
        if _thread.call.over:
            raise UnavailableError("was given up")  # after a wait in the thread, such as for another's token
        if time.monotonic() - self._used > _IDLE:
            self.close()  # the connections; the session goes on
        try:
            response = super().send(request, **{**options, "stream": True})
            good = response.status_code == HTTPStatus.OK
            body = self._body(response, MAX_BYTES if good else _SHORT)
        finally:
            _thread.call.speaks_over(None)
            self._used = time.monotonic()
        if not good:
            raise AnsweredError(response.status_code, response.headers, body[:_SHORT])
        if len(body) > MAX_BYTES:
            raise UnavailableError(f"sent more than {MAX_BYTES // 1024} KiB")
        response.raw = io.BytesIO(body)
        response.encoding = "utf-8-sig"  # as JSON is written; otherwise whole bodies are searched for a likely one
        return response

    @staticmethod
    def _body(response: Response, limit: int) -> bytes:
        """The body, or as much of it as shows that it is longer than `limit`."""
        body = bytearray()
        for piece in response.raw.stream(_PIECE, decode_content=True):
            body += piece
            if len(body) > limit:
                response.raw.close()  # with the connection, over which the rest would come
                break
        return bytes(body)


class Threads(Generic[Client]):
    """A few threads, each with a client of its own, in which blocking calls are made; end them with `close`."""

    def __init__(self, make: Callable[[BoundedSession], Client], *, deadline: float, libraries: tuple[str, ...]) -> None:
        """Let `make` build each thread's client, and give each call `deadline` seconds, the wait for a thread included.

        What the `libraries` (and those below them) log of such calls is dropped, since tokens and addresses are in it.
        """
        self._make = make
        self._deadline = deadline
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix=libraries[0])
        self._calls: set[_Call] = set()
        self._sessions: list[BoundedSession] = []
        self._closed = False
        _silence((*libraries, "requests", "urllib3"))

    async def run(self, work: Callable[[Client], Result], *, within: float | None = None) -> Result:
        """What `work` gives for a client, in `within` seconds (by default the deadline).

        Raises AnsweredError, LeftAloneError where too many calls wait, and whatever ServiceError the work raises.
        """
        if self._closed:
            raise LeftAloneError("is not asked any more")
        if len(self._calls) >= THREADS + WAITING:
            raise LeftAloneError(f"is busy: {WAITING} questions to it wait already")
        call = _Call()
        self._calls.add(call)
        try:
            async with asyncio.timeout(self._deadline if within is None else within):
                return await asyncio.get_running_loop().run_in_executor(self._pool, self._done, call, work)
        except TimeoutError:
            if call.begun is None or call.begun - call.asked > self._deadline * _PATIENCE:
                # What was spent on waiting for a thread is no fault of the service.
                raise LeftAloneError("is busy: no thread came free in time") from None
            raise UnavailableError(f"took longer than {self._deadline:g} s") from None
        finally:
            self._calls.discard(call)
            call.give_up()

    def _done(self, call: _Call, work: Callable[[Client], Result]) -> Result:
        """Do the work, in a thread."""
        call.begun = time.monotonic()
        _thread.call = call
        try:
            return work(self._client())
        except (HTTPError, OSError, ValueError, RecursionError) as error:
            raise _unavailable(error, self._deadline) from None
        finally:
            _thread.call = None

    def _client(self) -> Client:
        """This thread's client."""
        # Threads belong to one pool each, so nobody else's client can be found here.
        if not hasattr(_thread, "client"):
            session = BoundedSession()
            self._sessions.append(session)
            _thread.client = self._make(session)
        client: Client = _thread.client
        return client

    async def close(self) -> None:
        """Give up what still runs, and let go of the threads and the connections."""
        self._closed = True
        for call in tuple(self._calls):
            call.give_up()
        # A thread that still looks a name up cannot be broken off; it ends by itself.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._deadline):
                await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)
        for session in self._sessions:
            session.close()


def _silence(libraries: tuple[str, ...]) -> None:
    """Drop what these libraries' loggers tell of calls in our threads, whatever levels anybody sets."""
    for name in tuple(logging.root.manager.loggerDict):
        if name.split(".")[0] in libraries:
            logging.getLogger(name).addFilter(_not_ours)


def _not_ours(_: logging.LogRecord) -> bool:
    """Whether a record comes from elsewhere than a call of ours."""
    return getattr(_thread, "call", None) is None


def _unavailable(error: Exception, deadline: float) -> ServiceError:
    """The sentence for a fault of the connection, without its address."""
    # requests wraps urllib3's MaxRetryError, which holds what happened as its reason.
    cause = getattr(error.args[0], "reason", error) if error.args else error
    if isinstance(cause, NameResolutionError):
        return UnavailableError("cannot be found (is there a network?)")
    if isinstance(error, requests.exceptions.SSLError):
        return UnavailableError("has no certificate that can be trusted")
    if isinstance(cause, NewConnectionError):
        return UnavailableError("cannot be reached")
    if isinstance(error, requests.exceptions.Timeout | HTTPTimeoutError):
        return UnavailableError(f"took longer than {deadline:g} s")
    if isinstance(error, ValueError | RecursionError):  # what is no JSON is an OSError too
        return UnavailableError("sent an answer that cannot be read")
    return UnavailableError("broke the connection off")
