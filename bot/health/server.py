"""Shows how the bot is on a small web server of its own: /healthz, /livez and /metrics."""

from __future__ import annotations

import errno
import json
import logging
import re
import socket
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.health.lag import LagMeter
from bot.health.numbers import Numbers
from bot.settings import HealthSettings, is_loopback

_END_S = 1.0  # for which answers under way are waited for at the end
_IDLE_S = 15.0  # after which a connection that asks nothing is closed
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "deephypebot"}
_JSON = "application/json"
_HOST = re.compile(r"(?:\[([^\]]*)\]|([^:]*))(?::\d*)?")
# The library tells of each request that is none with a traceback; whoever scans ports would fill the log.
_UNHEARD = logging.Logger("unheard", logging.CRITICAL + 1)

_log = logging.getLogger(__name__)


class HealthServer:
    """Answers in the bot's own event loop; make it inside of that, end it with `close`.

    It answers GET and HEAD. /livez is 200 as long as the event loop turns: where it does not, no answer comes. /healthz is
    200 while a platform is connected and the database can be written, otherwise 503, with the whole condition as JSON.
    """

    def __init__(self, numbers: Numbers, settings: HealthSettings, *, hide: Callable[[str], str] = str) -> None:
        """Show these numbers where the settings say; `hide` takes secrets out of a text."""
        self._numbers = numbers
        self._settings = settings
        self._hide = hide
        self._lag = LagMeter(numbers.lagged)
        self._runner: web.AppRunner | None = None
        self.address = ""  # where it answers, with no slash at its end; "" where it does not

    async def open(self) -> str:
        """Begin; returns in a sentence why nothing can be shown there, which is logged too, and "" where all is well."""
        if not self._settings.enabled:
            return ""
        app = web.Application(middlewares=[self._guarded()])
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/livez", self._livez),
                web.get("/metrics", self._metrics),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, logger=_UNHEARD, shutdown_timeout=_END_S, keepalive_timeout=_IDLE_S)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._settings.host, self._settings.port).start()
        except OSError as error:
            await self._runner.cleanup()
            self._runner = None
            fault = self._why(error)
            _log.warning("%s", fault)
            return fault
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._lag.start()
        _log.info("How the bot is can be seen at %s/healthz and %s/metrics.", self.address, self.address)
        return ""

    async def close(self) -> None:
        """Answer no more."""
        self.address = ""
        self._lag.stop()
        await self._numbers.close()  # first, so that nobody is kept waiting for the database
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _healthz(self, _: web.Request) -> web.Response:
        await self._numbers.look()
        condition = self._numbers.condition.as_dict(self._hide)
        return web.Response(
            text=json.dumps(condition) + "\n",
            status=503 if condition["status"] == "down" else 200,
            content_type=_JSON,
        )

    async def _livez(self, _: web.Request) -> web.Response:
        return web.Response(text='{"status": "ok"}\n', content_type=_JSON)

    async def _metrics(self, request: web.Request) -> web.Response:
        await self._numbers.look()
        body, kind = self._numbers.text(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": kind})

    def _guarded(self) -> Middleware:
        """What answers nobody who calls this computer by another name: a web page elsewhere can make a browser ask here."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not self._settings.public and not is_loopback(_host(request.host)):
                response: web.StreamResponse = web.Response(text="Ask for 127.0.0.1 or localhost.\n", status=421)
            else:
                try:
                    response = await handler(request)
                except web.HTTPException as error:  # 404 and 405
                    allowed = {key: value for key, value in error.headers.items() if key == "Allow"}
                    response = web.Response(text=f"{error.reason}\n", status=error.status, headers=allowed)
                except Exception as error:
                    _log.exception("%s cannot be shown (%s).", request.path, type(error).__name__)
                    response = web.Response(text="A fault; the log tells more.\n", status=500)
            response.headers.update(_HEADERS)
            return response

        return guard

    def _why(self, error: OSError) -> str:
        """Why this address cannot be listened on, in one sentence."""
        host, port = self._settings.host, self._settings.port
        front = f"Health cannot be shown on {host} port {port}, since"
        end = "the bot runs without"
        if error.errno == errno.EADDRINUSE:
            return f"{front} another program listens there: close that or set another port in [health] (0 picks one); {end}."
        if error.errno in {errno.EACCES, errno.EPERM}:
            return f"{front} that port is reserved: set one above 1023 in [health]; {end}."
        if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
            return f"{front} this computer has no such address: correct host in [health]; {end}."
        return f"{front} {error.strerror or type(error).__name__}: correct host and port in [health]; {end}."


def _host(header: str) -> str:
    """The name or address in a header `Host`, without its port."""
    found = _HOST.fullmatch(header)
    return found[1] or found[2] or "" if found else ""
