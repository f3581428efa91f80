"""The benchmark: that it measures real starts and replies, and shows what it measured."""

from pathlib import Path

import pytest

from bot.bench import chat, songs
from bot.bench.replies import measure, rows
from bot.config import load
from bot.errors import HypeError
from bot.songs.catalogue import Catalogue


def test_it_measures_starts_replies_and_sizes(made_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_MODEL__BUNDLE", str(made_bundle))
    figures = measure(load(), None, starts=1, songs=Catalogue.load().songs[:4])
    size = sum(path.stat().st_size for path in made_bundle.iterdir())
    assert figures["bundle_mb"] == round(size / 1e6, 1)
    assert figures["bundle"] == {"name": "tiny", "version": "1"}
    assert (figures["schema"], figures["device"]) == (1, "cpu")
    assert figures["cores"] >= 1
    warm = figures["warm_reply_ms"]
    # A start holds one reply, so it cannot be quicker; Python with numpy needs some 30 MB at the least.
    assert 0 < warm["p50"] <= warm["p95"]
    assert warm["n"] == 4
    assert figures["cold_start_ms"] > warm["p50"]
    assert figures["peak_memory_mb"] > 30
    assert figures["tokens_per_s"] > 100
    shown = dict(rows(figures))
    assert shown["bundle"] == f"tiny 1, {figures['bundle_mb']} MB"
    assert f"p50 {warm['p50']} ms" in shown["warm reply"]


def test_a_start_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load()
    monkeypatch.setenv("DEEPHYPEBOT_MODEL__BUNDLE", str(tmp_path))
    with pytest.raises(HypeError, match="There is no bundle in"):
        measure(settings, None, starts=1, songs=Catalogue.load().songs[:2])


async def test_songs_are_measured_against_services_in_another_program(
    made_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEEPHYPEBOT_SONGS__ONLINE")
    monkeypatch.setenv("DEEPHYPEBOT_MODEL__BUNDLE", str(made_bundle))
    monkeypatch.setenv("DEEPHYPEBOT_SONGS__SERVICE_DEADLINE", "0.3")
    figures = await songs.measure(load(), tried=3, at_once=6)
    assert figures["cold_ms"]["p50"] >= songs.DELAY * 1000  # at least one service was waited for
    assert figures["cached_ms"]["memory"] < figures["cold_ms"]["p50"]
    assert figures["at_once"]["links"] == 6
    assert figures["at_once"]["named"] == 1
    assert figures["at_once"]["most_requests_per_song"] == 1
    assert figures["all_hanging_reply_ms"] >= 300
    assert "6 links at once" in dict(songs.rows(figures))


async def test_talking_is_measured_with_a_bot_that_runs_in_another_program(
    made_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_MODEL__BUNDLE", str(made_bundle))
    monkeypatch.setenv("DEEPHYPEBOT_PLACES__MODE", "off")  # what somebody has set for their own bot changes no figure
    sizes = chat.Sizes(alone=3, crowd=4, votes=12, spread=3, messages=20, linked=5, seconds=0.1)
    figures = await chat.measure(load(), sizes)
    for platform in ("discord", "slack"):
        found = figures[platform]
        assert 0 < found["alone"]["p50"] <= found["alone"]["p95"] <= found["alone"]["max"]
        assert (found["alone"]["answered"], found["crowd"]["answered"]) == (3, 4)
        assert [found[key]["replies"] for key in ("votes_on_one", "votes_on_many")] == [1, 3]
        assert [found[key]["counted"] for key in ("votes_on_one", "votes_on_many")] == [12, 12]
    memory = figures["memory"]
    assert (memory["links"], memory["unanswered"]) == (4, 0)
    assert list(memory["mb"]) == ["4", "12", "20"]
    assert all(mb is None or mb > 30 for mb in memory["mb"].values())
    assert 0 < figures["loop_lag"]["p99"] <= figures["loop_lag"]["max"]
    shown = dict(chat.rows(figures))
    assert f"p50 {figures['discord']['alone']['p50']} ms" in shown["Discord: link to reply"]
    assert "(4 of 4)" in shown["Slack: 4 links in a second"]
    assert shown["Slack: 12 votes in a second"].endswith(" ms, on 3")


async def test_a_bot_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_MODEL__BUNDLE", str(tmp_path))
    with pytest.raises(HypeError, match="There is no bundle in"):
        await chat.measure(load(), chat.Sizes(alone=1, crowd=1))
