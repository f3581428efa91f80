"""A web application on a port of the loopback."""

from __future__ import annotations

from aiohttp import web


class Loopback:
    """Serves one application at a time on 127.0.0.1."""

    def __init__(self) -> None:
        """Serve nothing yet."""
        self._runner: web.AppRunner | None = None

    async def open(self, app: web.Application, port: int = 0) -> str:
        """Begin to answer, on a free port by default, and give the address, with no slash at its end."""
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        host, bound = self._runner.addresses[0][:2]
        return f"http://{host}:{bound}"

    async def close(self) -> None:
        """Answer no more."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None
