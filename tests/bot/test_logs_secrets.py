"""No secret in a log: none that is known, however it is written, and nothing that looks like one."""

import json
import time
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from bot.config import Settings, keys, load
from bot.logs import MASK, SHORTEST, Secrets
from tests.bot.logged import SECRET, line_of

secrets = st.text(min_size=SHORTEST, max_size=40)
words = st.from_regex(r"[A-Za-z0-9]{8,40}", fullmatch=True)


@given(secrets, st.text(), st.text())
def test_no_known_secret_survives(secret: str, before: str, after: str) -> None:
    hidden = Secrets([secret]).hide(before + secret + after)
    assert secret not in hidden
    assert MASK in hidden


@given(st.lists(secrets, min_size=1, max_size=5), st.text(), st.data())
def test_nor_does_one_of_several_that_overlap(known: list[str], between: str, data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.sampled_from([*known, *(secret[1:] for secret in known), between]), max_size=8))
    hidden = Secrets(known).hide("".join(parts))
    assert not [secret for secret in known if secret in hidden]


@given(words, st.text(), st.text(), st.sampled_from(["plain", "json"]))
def test_nor_in_any_part_of_a_line(secret: str, before: str, after: str, style: str) -> None:
    text = before + secret + after
    for line in (
        line_of(text.replace("%", "%%"), known=(secret,), style=style),
        line_of("%s", text, known=(secret,), style=style),
        line_of("%r %s", [text], {"of": text}, known=(secret,), style=style),
        line_of("A fault.", known=(secret,), style=style, exc=ValueError(text)),
        line_of(secret, text, known=(secret,), style=style),  # arguments that do not fit
    ):
        assert secret not in line


@given(secrets, st.text(max_size=20))
def test_nor_one_that_is_written_in_another_way(secret: str, text: str) -> None:
    hide = Secrets([secret]).hide
    known = {secret, quote(secret, safe="", errors="surrogatepass"), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    for form in known:
        hidden = hide(f"{text}{form}{text}")
        assert form not in hidden
    assert quote_plus(secret, errors="surrogatepass") not in hide(f"x={quote_plus(secret, errors='surrogatepass')}&y=1")


@given(st.from_regex(r"[A-Za-z0-9._~+/-]{1,80}=*", fullmatch=True), st.sampled_from(["Bearer", "bearer", "BEARER"]))
def test_nor_any_bearer(token: str, word: str) -> None:
    assert Secrets().hide(f"Authorization: {word} {token}") == f"Authorization: {word} {MASK}"


@given(st.from_regex(r"(xox[abeprs]|xapp)-[0-9]{1,2}-[A-Za-z0-9-]{5,60}", fullmatch=True), st.text(max_size=20))
def test_nor_any_token_of_slack(token: str, text: str) -> None:
    assert token not in Secrets().hide(f"{text}{token}")


@given(
    st.from_regex(r"[A-Za-z0-9_-]{24,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}", fullmatch=True),
    st.sampled_from(["", "Bot ", "token is ", "'", '{"x": "', "\n"]),
)
def test_nor_any_token_of_discord(token: str, before: str) -> None:
    assert token not in Secrets().hide(f"{before}{token}")


@given(words, st.sampled_from(["key", "api_key", "apikey", "token", "access_token", "client_secret", "KEY", "bot-token"]))
def test_nor_a_value_in_an_address(value: str, name: str) -> None:
    address = f"https://example.org/v3/videos?part=snippet&{name}={value}&id=1"
    assert Secrets().hide(address) == address.replace(value, MASK)


@pytest.mark.parametrize(
    "text",
    [
        f"Basic {b64encode(b'client-id-of-mine:SECRETSECRET').decode()}",
        "postgresql+asyncpg://me:SECRETSECRET@host:5432/db",
        "https://SECRETSECRET@sentry.example/1",
        'POST {"client_id": "1", "client_secret": "SECRETSECRET"}',
        'POST {\\"client_secret\\": \\"SECRETSECRET\\"}',
        "headers {'Authorization': 'Bot SECRETSECRET'}",
        "POST https://discord.example/api/v10/webhooks/123456789/SECRETSECRET responded with 429",
        "POST https://discord.example/api/v10/interactions/123456789/SECRETSECRET/callback",
        "https://hooks.slack.com/actions/T1/2/SECRETSECRET",
        "wss://wss-primary.slack.example/link/?ticket=SECRETSECRET&app_id=1",
        "GET /slack/oauth_redirect?code=SECRETSECRET&state=SECRETSECRET HTTP/1.1",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJTRUNSRVRTRUNSRVQifQ.SECRETSECRET",
    ],
)
def test_nor_what_looks_like_one_in_what_libraries_say(text: str) -> None:
    hidden = Secrets().hide(text)
    assert "SECRETSECRET" not in hidden
    assert "U0VDUkVU" not in hidden.replace("=", "")
    assert MASK in hidden


@pytest.mark.parametrize(
    "text",
    [
        "Deezer answers again.",
        "MusicBrainz took longer than 2.5 s; going on without it.",
        "How the bot is can be seen at http://127.0.0.1:9754/healthz and http://127.0.0.1:9754/metrics.",
        "The database 'sqlite+aiosqlite:///data/deephypebot.sqlite3' cannot be used.",
        "In 'config.toml' health.host is '0.0.0.0', but must be \"127.0.0.1\".",
        "No YouTube key, no Spotify key: names from ReccoBeats.",
        "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
        "Basic Channel — Monkey Business @ the token",
        "person@example.org left",
    ],
)
def test_plain_sentences_stay_as_they_are(text: str) -> None:
    assert Secrets().hide(text) == text


def test_a_word_of_three_letters_is_no_secret() -> None:
    assert Secrets(["", "a", "key"]).hide("a key") == "a key"


def test_every_secret_of_the_settings_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    given_values = {}
    for (section, key), field in keys():
        if isinstance(field.default, SecretStr):
            address = (section, key) == ("store", "url")
            value = f"hidden-{section}-{key}"
            monkeypatch.setenv(
                f"DEEPHYPEBOT_{section}__{key}".upper(), f"postgresql+asyncpg://me:{value}%2F@h/db" if address else value
            )
            given_values[section, key] = value
    assert len(given_values) >= 4
    known = Secrets.of(load())
    for value in given_values.values():
        assert value not in known.hide(f"It said that {value}/ is wrong.")
    assert "hidden-store-url/" not in known.hide("hidden-store-url/")


def test_secrets_are_found_however_deep_they_stand() -> None:
    class Team(BaseModel):
        token: SecretStr
        others: tuple[SecretStr, ...] = ()
        named: dict[str, SecretStr] = {}

    class Teams(BaseModel):
        teams: list[Team]

    found = Secrets.of(
        Teams(teams=[Team(token=SecretStr("first"), others=(SecretStr("second"),), named={"a": SecretStr("third")})])
    )
    assert found.hide("first second third fourth") == "*** *** *** fourth"


def test_no_secret_of_the_settings_is_there_by_default() -> None:
    assert Secrets.of(Settings()).hide("anything") == "anything"


@pytest.mark.parametrize(
    "hostile",
    [
        *("a", "://", "key=", 'token":"', "eyJ" + "a" * 10 + ".", "abcdefghijklmnopqrstu."),
        *("xoxb-", "bearer ", "/webhooks/1/", "\\", "\x00"),
    ],
)
def test_a_long_text_takes_no_longer_than_it_is(hostile: str) -> None:
    text = hostile * (200_000 // len(hostile))
    began = time.perf_counter()
    Secrets([SECRET]).hide(text)
    assert time.perf_counter() - began < 3  # a tenth of a second; where it grows with the square, hours
