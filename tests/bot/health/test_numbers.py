"""The numbers: what is told is counted, parses, and holds no ids, whatever is told; and what is read from others."""

import inspect
import json
import re
import threading
import timeit
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as plain_families

from bot.errors import RefusedError, UnavailableError
from bot.health import Health
from bot.health.numbers import Numbers
from bot.health.reading import Sources
from bot.songs.network.gate import ALL, TRIES, Gate
from tests.bot.health.watching import OPEN, full, shown, values


def test_everything_that_is_told_is_counted_under_its_name() -> None:
    numbers = Numbers()
    full(numbers)
    found = values(numbers)
    expected = {
        "messages_heard_total{platform=discord}": 1,
        "links_heard_total{platform=discord}": 2,
        "replies_posted_total{mode=auto,platform=discord}": 1,
        "reply_duration_seconds_bucket{le=0.3,platform=discord}": 0,
        "reply_duration_seconds_bucket{le=0.5,platform=discord}": 1,
        "reply_duration_seconds_sum{platform=discord}": 0.31,
        "replies_refused_total{reason=cooldown}": 1,
        "candidates_rejected_total{gate=too short}": 3,
        "candidates_rejected_total{gate=non-word}": 1,
        "votes_total{sign=up}": 1,
        "votes_total{sign=down}": 1,
        "votes_total{sign=withdrawn}": 1,
        "lookup_duration_seconds_count": 2,
        "generate_duration_seconds_bucket{le=0.1}": 0,
        "generate_duration_seconds_bucket{le=0.15}": 1,
        "cache_lookups_total{kind=song,result=hit}": 1,
        "cache_lookups_total{kind=song,result=miss}": 1,
        "cache_lookups_total{kind=service,result=hit}": 1,
        "cache_lookups_total{kind=service,result=miss}": 1,
        "platform_up{platform=discord}": 1,
        "platform_up{platform=slack}": 0,
        "platform_latency_seconds{platform=discord}": 0.043,
        "platform_drops_total{platform=discord}": 0,
        "degraded{mode=no_message_content}": 1,
        "status{status=degraded}": 1,
        "bundle_info{device=cpu,name=default,version=2}": 1,
        "event_loop_lag_seconds_bucket{le=0.0025}": 1,
        "event_loop_lag_seconds_count": 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert any(name.startswith("build_info{") for name in found)
    assert "platform_latency_seconds{platform=slack}" not in found


def test_names_follow_the_conventions_and_every_family_says_what_it_is() -> None:
    numbers = Numbers()
    full(numbers)
    text = numbers.text(OPEN)[0].decode()
    ours = [family for family in open_families(text) if not family.name.startswith("process_")]
    assert len(ours) > 15
    for family in ours:
        assert re.fullmatch(r"deephypebot_[a-z_]+", family.name)
        assert family.documentation.endswith((".", "program.", "speaks."))
        assert family.type != "histogram" or family.name.endswith("_seconds")
    assert {sample.name for family in plain_families(numbers.text()[0].decode()) for sample in family.samples} >= {
        "deephypebot_messages_heard_total",
        "deephypebot_reply_duration_seconds_bucket",
    }


def test_this_process_is_measured_where_the_platform_tells() -> None:
    found = values(Numbers())
    if not Path("/proc/self/stat").exists():
        assert not any(name.startswith("process_") for name in found)
        return
    assert found["process_resident_memory_bytes"] > 1_000_000
    assert found["process_open_fds"] > 2
    assert found["process_cpu_seconds_total"] > 0


@given(st.lists(st.text(max_size=60) | st.from_regex(r"[0-9]{17,20}", fullmatch=True), max_size=200))
def test_no_label_whatsoever_breaks_the_text_or_lets_it_grow(labels: list[str]) -> None:
    numbers = Numbers()
    for label in labels:
        numbers.heard(label, 1)
        numbers.posted(label, label, 0.1)
        numbers.refused(label)
        numbers.rejected({label: 1})
        numbers.platform(label, "up", label)
        numbers.degraded(label, label)
        numbers.speaks({"name": label, "version": label, "device": label})
    found = values(numbers)
    assert sum(value for name, value in found.items() if name.startswith("messages_heard_total{")) == len(labels)
    list(plain_families(numbers.text()[0].decode()))
    json.dumps(numbers.condition.as_dict())


def test_too_many_names_are_counted_together() -> None:
    names = [f"{first}{second}" for first in "abcdefghij" for second in "abcdefghij"]
    numbers = Numbers()
    for name in names:
        numbers.refused(name)
        numbers.degraded(name, "")
    found = {name: value for name, value in values(numbers).items() if name.startswith("replies_refused")}
    assert len(found) == 65
    assert found["replies_refused_total{reason=other}"] == len(names) - 64
    assert len(numbers.condition.modes) == 65


@pytest.mark.parametrize(
    "label", ["123456789012345678", "user 20261121", "C024BE7LH/1", "", "x" * 41, "a\nb", None, [], "\ud800"]
)
def test_ids_are_no_labels(label: Any) -> None:
    numbers = Numbers()
    numbers.refused(label)
    assert values(numbers)["replies_refused_total{reason=other}"] == 1


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_what_is_no_duration_spoils_no_sum(seconds: float) -> None:
    numbers = Numbers()
    numbers.timed("lookup", seconds)
    numbers.timed("lookup", 0.5)
    numbers.timed("dancing", 1.0)  # type: ignore[arg-type] # a step that there is not
    assert values(numbers)["lookup_duration_seconds_sum"] == 0.5
    numbers.platform("discord", "up", latency=seconds)
    assert not any("latency" in name for name in values(numbers))


def test_a_latency_is_asked_for_when_somebody_looks_and_may_fail() -> None:
    numbers = Numbers()
    told = [0.05]
    numbers.platform("discord", "up", latency=lambda: told[0])
    assert values(numbers)["platform_latency_seconds{platform=discord}"] == 0.05
    told[0] = 0.07
    numbers.platform("discord", "up", "still there")
    assert values(numbers)["platform_latency_seconds{platform=discord}"] == 0.07
    told.clear()
    assert values(numbers)["platform_up{platform=discord}"] == 1
    assert not any("latency" in name for name in values(numbers))


def test_threads_lose_no_count() -> None:
    numbers = Numbers()

    def work() -> None:
        for i in range(2000):
            numbers.posted("discord", "auto", 0.1)
            numbers.refused(f"reason{'abc'[i % 3]}")
            numbers.platform("discord", "up")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        numbers.text()
    for thread in threads:
        thread.join()
    found = values(numbers)
    assert found["replies_posted_total{mode=auto,platform=discord}"] == 16_000
    assert found["reply_duration_seconds_count{platform=discord}"] == 16_000
    assert sum(value for name, value in found.items() if name.startswith("replies_refused")) == 16_000


def test_telling_costs_next_to_nothing() -> None:
    numbers = Numbers()
    for tell in (
        lambda: numbers.heard("discord", 1),
        lambda: numbers.posted("discord", "auto", 0.3),
        lambda: numbers.refused("cooldown"),
        lambda: numbers.voted(1),
    ):
        fastest = min(timeit.repeat(tell, number=1000, repeat=5)) / 1000
        assert fastest < 20e-6  # 1 µs where nothing else runs


def test_whoever_takes_no_note_takes_the_same_calls() -> None:
    told = [name for name in vars(Health) if not name.startswith("_")]
    assert len(told) == 12
    for name in told:
        assert name in vars(Numbers)
        assert inspect.signature(getattr(Health, name)) == inspect.signature(getattr(Numbers, name))
    full_calls: Any = Health()
    full_calls.lagged = lambda seconds: None  # only those tell that who show the numbers
    full(full_calls)
    assert vars(full_calls).keys() == {"lagged"}


# --- what others keep ----------------------------------------------------------------------------------------------


def a_service(name: str) -> Any:
    """A service as the numbers see it: with a name and a real gate."""
    return SimpleNamespace(name=name, gate=Gate(name))


def test_what_came_of_calls_to_services_is_read_from_their_gates() -> None:
    deezer, lastfm = a_service("deezer"), a_service("lastfm")
    numbers = Numbers()
    numbers.watch(Sources(providers=lambda: (deezer, lastfm)))
    deezer.gate.check("search")
    deezer.gate.succeeded("search")
    lastfm.gate.failed("tags", RefusedError("refuses"))
    for _ in range(TRIES):
        lastfm.gate.failed(ALL, UnavailableError("is down"))
    found = values(numbers)
    assert found["service_calls_total{outcome=answered,service=deezer}"] == 1
    assert found["service_calls_total{outcome=refused,service=lastfm}"] == 1
    assert found["service_calls_total{outcome=unavailable,service=lastfm}"] == TRIES
    assert found["service_left_alone{service=deezer}"] == 0
    assert found["service_left_alone{service=lastfm}"] == 1


async def test_queue_and_drafts_are_read_when_somebody_looks() -> None:
    waiting, drafts = [1, 2, 3], {"open": 2, "approved": 7, "123456789": 1, "987654321": 1}

    async def kept() -> Mapping[str, int]:
        return drafts

    numbers = Numbers()
    numbers.watch(Sources(queue=lambda: len(waiting), capacity=16, drafts=kept))
    async with shown(numbers) as visitor:
        await visitor.ask("/metrics")
    found = values(numbers)
    assert (found["queue_length"], found["queue_capacity"]) == (3, 16)
    assert found["drafts{state=open}"] == 2
    assert found["drafts{state=other}"] == 2


async def test_a_source_that_fails_costs_no_other_number_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> int:
        raise RuntimeError("hunter2")

    async def no_drafts() -> Mapping[str, int]:
        raise ValueError("no table")

    numbers = Numbers()
    numbers.watch(Sources(queue=broken, providers=lambda: [SimpleNamespace(name="x")], drafts=no_drafts))  # type: ignore[arg-type,list-item,return-value] # as broken as can be
    numbers.heard("slack")
    async with shown(numbers) as visitor:
        for _ in range(2):
            page = await visitor.ask("/metrics")
            assert page.status == 200
            assert 'deephypebot_messages_heard_total{platform="slack"} 1.0' in page.text
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "The numbers on the services cannot be read (AttributeError).",
        "The numbers on the queue cannot be read (RuntimeError).",
    ]
