"""The stand-in itself: a server that answers as slack.com does to one app."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlencode

from aiohttp import web

from bot.stand_ins.base import Handler, StandIn
from bot.stand_ins.slack import sockets
from bot.stand_ins.slack.calls import Asking, Call, Method, Refusal, read_call
from bot.stand_ins.slack.events import Events
from bot.stand_ins.slack.faults import ANY, Plan, Planned
from bot.stand_ins.slack.looking import Changes, Looking
from bot.stand_ins.slack.methods import METHODS
from bot.stand_ins.slack.outbox import Delivery, Outbox
from bot.stand_ins.slack.responding import respond
from bot.stand_ins.slack.signed import Poster
from bot.stand_ins.slack.sockets import Sockets
from bot.stand_ins.slack.speaking import Speaking
from bot.stand_ins.slack.using import Using
from bot.stand_ins.slack.world import App, Channel, Grant, Kind, Object, User, Workspace, World


@dataclass
class SlackStandIn(StandIn, Speaking, Using, Looking):
    """Slack below `base`: "/api" (the Web API), "/link/" (sockets), "/response" (response URLs), "/oauth/v2/authorize".

    It knows one `app` and begins with one workspace that has it. `clock` gives Unix seconds.
    """

    app: App = field(default_factory=App)
    clock: Callable[[], float] = time.time
    calls: list[Call] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        """Set the stage."""
        self.changes = Changes()
        self.world = World(self.app, self.clock)
        notify = self.changes.notify
        self.outbox = Outbox(self.world, Sockets(self.world, notify), Poster(self.app, self.clock), notify)
        self.events = Events(self.world, self.outbox)
        self._plan = Plan()
        self._methods = {**METHODS, "apps.connections.open": Method(self._open_connection, token="app")}  # noqa: S106 - a kind
        self.add_workspace("acme")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every socket, and answer no more."""
        await self.outbox.close()
        await super().__aexit__(kind, error, trace)

    def routes(self) -> Mapping[str, Handler]:
        """What there is of slack.com."""
        return {
            "/api/{method}": self._api,
            sockets.PATH: self.outbox.sockets.serve,
            "/response/{team}/{token}": self._respond,
            "/oauth/v2/authorize": self._authorize,
        }

    # --- the stage -------------------------------------------------------------------------------------------------

    @property
    def api_base(self) -> str:
        """The address for `[slack] api_base`, and for AsyncWebClient(base_url=…)."""
        return f"{self.base}/api/"

    @property
    def bot(self) -> User:
        """The app in the first workspace."""
        return self.workspace.bot

    @property
    def bot_token(self) -> str:
        """The token for the first workspace."""
        return self.workspace.bot_token

    def add_workspace(self, name: str) -> Workspace:
        """A further workspace that has the app."""
        return self.world.add_workspace(name)

    def add_user(self, name: str, workspace: Workspace | None = None, *, is_bot: bool = False) -> User:
        """Somebody, or another bot, in a workspace, by default the first."""
        return self.world.add_user((workspace or self.workspace).id, name, is_bot=is_bot)

    def add_channel(
        self,
        name: str,
        members: Sequence[User] = (),
        *,
        private: bool = False,
        with_bot: bool = True,
        workspace: Workspace | None = None,
    ) -> Channel:
        """A channel with these people, and with the app unless `with_bot` is False."""
        where = workspace or self.workspace
        kind: Kind = "group" if private else "channel"
        inside = {member.id for member in members} | ({where.bot.id} if with_bot else set())
        return self.world.add_channel(where.id, name, kind, inside)

    def dm(self, user: User) -> Channel:
        """The direct messages of somebody with the app."""
        return self.world.dm(user.team, {user.id, self.world.workspaces[user.team].bot.id})

    def code(self, workspace: Workspace | None = None, user: User | None = None) -> str:
        """A code as the OAuth page gives it, good for one oauth.v2.access."""
        return self._granted(workspace or self.workspace, user, None)

    # --- what goes wrong -------------------------------------------------------------------------------------------

    @property
    def message_interval(self) -> float:
        """How many seconds the app must leave between its messages in a channel: 0 at first, Slack wants about one."""
        return self.world.message_interval

    @message_interval.setter
    def message_interval(self, seconds: float) -> None:
        self.world.message_interval = seconds

    def fail(
        self,
        method: str,
        fault: Handler,
        times: int | None = 1,
        *,
        after: bool = False,
        when: Callable[[Call], bool] | None = None,
    ) -> None:
        """Let the next calls of a method ("*": of any) meet a fault, `times` None for good.

        `after` carries the call out first, so that only the answer is lost; `when` chooses among the calls.
        """
        self._plan.add(Planned(method, fault, times, after, when))

    def mend(self, method: str = ANY) -> None:
        """Let a method, or all, be well again."""
        self._plan.clear(method)

    async def sends(self, event: Object, workspace: Workspace | None = None) -> Delivery:
        """Send the app any object as an event, however odd."""
        return self.events.raw(workspace or self.workspace, event)

    async def challenges(self) -> Delivery:
        """Post a url_verification to the request URL; `body` of what comes back should hold `payload["challenge"]`."""
        if not self.app.request_url:
            raise ValueError("Slack challenges only a request URL: set app.request_url.")
        payload = {"token": self.app.verification_token, "challenge": secrets.token_hex(16), "type": "url_verification"}
        delivery = self.outbox.send("events_api", payload)
        await self.outbox.wait(delivery)
        return delivery

    # --- what is answered ------------------------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        return await self._met(request, request.match_info["method"], self._answered)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        return await self._met(request, "response_url", lambda call: respond(self.world, self.events, request.match_info, call))

    async def _met(self, request: web.Request, name: str, answered: Callable[[Call], web.StreamResponse]) -> web.StreamResponse:
        """Take a call down, and answer it, or let it meet its fault."""
        call = Call(name, {}, at=self.clock())
        try:
            call = await read_call(request, self.clock(), name)
        except Refusal as refusal:
            call.answer = refusal.answer
        self.calls.append(call)
        planned = self._plan.met(call)
        self.changes.notify()
        response = web.StreamResponse() if planned and not planned.after else answered(call)
        self.changes.notify()
        if planned:
            response = await planned.answer(request)
        call.status = response.status
        self.changes.notify()
        return response

    def _answered(self, call: Call) -> web.StreamResponse:
        """Do what a call asks for."""
        if call.answer:
            return web.json_response(call.answer)
        headers = {"X-Accepted-OAuth-Scopes": ""}
        try:
            method, workspace = self._allowed(call)
            headers = {"X-OAuth-Scopes": ",".join(sorted(workspace.scopes)), "X-Accepted-OAuth-Scopes": method.scope}
            asking = Asking(call, workspace, self.world, self.events, self.base)
            if method.scope:
                asking.need(method.scope)
            call.answer = {"ok": True, **method.answer(asking)}
        except Refusal as refusal:
            call.answer = refusal.answer
            if wait := refusal.answer.pop("retry_after", 0):
                return web.json_response(call.answer, status=429, headers={"Retry-After": str(wait)})
        return web.json_response(call.answer, headers=headers)

    def _allowed(self, call: Call) -> tuple[Method, Workspace]:
        """The method of a call and the workspace of its token; raises Refusal where one of them is none."""
        method = self._methods.get(call.method)
        if method is None:
            raise Refusal("unknown_method", req_method=call.method)
        if method.token == "none":  # noqa: S105 - a kind
            return method, self.workspace
        if not call.token:
            raise Refusal("not_authed")
        if method.token == "app":  # noqa: S105 - a kind
            if call.token != self.app.app_token:
                raise Refusal("invalid_auth" if call.token.startswith("xapp-") else "not_allowed_token_type")
            return method, self.workspace
        if call.token == self.app.app_token:
            raise Refusal("not_allowed_token_type")
        workspace = self.world.workspace_of(call.token)
        if workspace is None:
            raise Refusal("invalid_auth")
        if workspace.gone:
            raise Refusal(workspace.gone)
        return method, workspace

    def _open_connection(self, _: Asking) -> Object:
        return {"url": self.outbox.sockets.ticket(self.base)}

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        """The page on which somebody lets the app in: they agree at once, for the workspace `team` or the first."""
        if request.query.get("client_id") != self.app.client_id:
            return web.Response(status=400, text="invalid_client_id")
        target = request.query.get("redirect_uri") or self.app.redirect_uri
        if not target:
            return web.Response(status=400, text="bad_redirect_uri")
        workspace = self.world.workspaces.get(request.query.get("team", ""), self.workspace)
        code = self._granted(workspace, None, request.query.get("redirect_uri"))
        query = urlencode({"code": code, "state": request.query.get("state", "")})
        return web.Response(status=302, headers={"Location": f"{target}{'&' if '?' in target else '?'}{query}"})

    def _granted(self, workspace: Workspace, user: User | None, redirect_uri: str | None) -> str:
        installer = user or next(each for each in self.world.users.values() if each.team == workspace.id)
        code = f"{self.app.client_id}.{secrets.token_hex(16)}"
        self.world.codes[code] = Grant(workspace.id, installer.id, redirect_uri)
        return code
