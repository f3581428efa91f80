"""Blind pairs: what the reader gets tells nothing of whose a sentence is, and answers are counted strictly."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.answers import Key, Keyed, read_answers, score, sign_test, wilson
from export.corpus.pipeline import read_rows
from export.errors import AnswerError, StageError
from export.pairs import Made, Pair, Said, made_up_songs, songs_of, write_pairs
from export.stages import Run
from inference.prose import Names

from .conftest import export

KEY = Key("tiny 1", "people", tuple(Keyed(i, "AB"[i % 2], (8 + i, 9), ("rock",), "review") for i in range(1, 7)))
GOOD = "pair,choice\n" + "".join(f"{keyed.pair},{keyed.ours}\n" for keyed in KEY.pairs)


@pytest.fixture(scope="module")
def pairs(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight pairs of the tiny bundle against people."""
    folder = tmp_path_factory.mktemp("pairs")
    result = export("pairs", "make", "--config", "tiny", "--run", run.folder, "--pairs", 8, "--out", folder)
    assert result.exit_code == 0, result.output
    assert "publish it nowhere" in result.output
    return folder


def sides(folder: Path) -> list[tuple[str, str]]:
    """The two sentences of each pair, as they are read."""
    found = re.findall(r"\*\*A\.\*\* (.+)\n\n\*\*B\.\*\* (.+)", (folder / "pairs.md").read_text(encoding="utf-8"))
    return [(a, b) for a, b in found]


def test_each_pair_has_one_human_sentence_of_the_test_part(run: Run, pairs: Path) -> None:
    key = Key.read(pairs / "key.json")
    told = [_bare(row["text"]) for row in read_rows(run.commentary) if row["split"] == "test"]
    seen = {
        (keyed.pair, side): any(_matches(text, sentence) for text in told)
        for keyed, both in zip(key.pairs, sides(pairs), strict=True)
        for side, sentence in zip("AB", both, strict=True)
    }
    assert len(key.pairs) == 8
    assert all(seen[keyed.pair, "B" if keyed.ours == "A" else "A"] for keyed in key.pairs)
    assert not all(seen[keyed.pair, keyed.ours] for keyed in key.pairs)


def _bare(text: str) -> str:
    return re.sub(r"[^a-z<> ]", "", text)


def _matches(slot_form: str, sentence: str) -> bool:
    """Whether a finished sentence is a text in slot form with its slots filled."""
    pattern = re.sub(r"<\w+>", ".+", slot_form)
    return re.fullmatch(pattern, re.sub(r"[^a-z ]", "", sentence.lower())) is not None


def test_both_sides_are_finished_alike_and_of_close_length(pairs: Path) -> None:
    key = Key.read(pairs / "key.json")
    for a, b in sides(pairs):
        assert all(sentence[0].isupper() or sentence[0] == "\u201c" for sentence in (a, b))
        assert all(sentence[-1] in ".!?\u2026" for sentence in (a, b))
        assert "<" not in a + b
    apart = [abs(ours - other) for ours, other in (keyed.words for keyed in key.pairs)]
    assert sum(apart) / len(apart) <= 4


def test_sides_are_even_and_only_the_key_tells_them(pairs: Path) -> None:
    key = Key.read(pairs / "key.json")
    assert sorted(keyed.ours for keyed in key.pairs) == ["A"] * 4 + ["B"] * 4
    answers = list(csv.reader((pairs / "answers.csv").read_text(encoding="utf-8").splitlines()))
    assert answers == [["pair", "choice"], *([str(n), ""] for n in range(1, 9))]
    assert not re.search(r"\b(human|people|ours|machine)\b", "\n".join(a + b for a, b in sides(pairs)))


def test_the_same_seed_makes_the_same_pairs(run: Run, pairs: Path, tmp_path: Path) -> None:
    again = export("pairs", "make", "--config", "tiny", "--run", run.folder, "--pairs", 8, "--out", tmp_path)
    assert again.exit_code == 0
    assert [(tmp_path / name).read_bytes() for name in ("pairs.md", "key.json")] == [
        (pairs / name).read_bytes() for name in ("pairs.md", "key.json")
    ]


def test_another_bundle_may_be_read_against(run: Run, tmp_path: Path) -> None:
    songs = tmp_path / "songs.txt"
    songs.write_text("# mine\n\nThe Odd Socks \u2013 Drawer\n*Bold* - _Up_ <b>\n", encoding="utf-8")
    bundle = run.folder / "bundle"
    result = export(
        *("pairs", "make", "--config", "tiny", "--run", run.folder, "--pairs", 3, "--out", tmp_path / "out"),
        *("--against", bundle, "--songs", songs),
    )
    assert result.exit_code == 0, result.output
    text = (tmp_path / "out" / "pairs.md").read_text(encoding="utf-8")
    assert "Keep this file" not in text
    assert "publish" not in result.output
    assert "\u201cDrawer\u201d by The Odd Socks" in text
    assert "<b>" not in text.replace("\\<b\\>", "")
    assert Key.read(tmp_path / "out" / "key.json").against == "tiny 1"


@pytest.mark.parametrize(
    ("text", "named"), [("Nothing here\n", "Line 1"), ("A - B\n - C\n", "Line 2"), ("#\n", "names no song")]
)
def test_a_list_that_names_no_songs_is_refused(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "songs.txt").write_text(text)
    with pytest.raises(AnswerError, match=named):
        songs_of(tmp_path / "songs.txt")


def test_answers_that_were_given_are_not_written_over(tmp_path: Path) -> None:
    names = Names("Mara Holt", "Slow Comet")
    said = Said.of("A warm guitar glows under the voice.", names)
    made = Made((Pair(names, (), said, said),), ("A",), "tiny 1", "people")
    write_pairs(made, tmp_path)
    write_pairs(made, tmp_path)
    (tmp_path / "answers.csv").write_text("pair,choice\n1,b\n")
    with pytest.raises(StageError, match="holds answers"):
        write_pairs(made, tmp_path)


@given(st.integers(0, 2**31))
def test_made_up_songs_come_again_only_after_all(seed: int) -> None:
    songs = made_up_songs(seed)
    assert songs == made_up_songs(seed)
    assert len({song.artist for song in songs}) == len(songs)
    assert len({song.title for song in songs[:100]}) == 100


def test_the_command_counts_a_reader_who_always_chose_ours(tmp_path: Path) -> None:
    KEY.write(tmp_path / "key.json")
    (tmp_path / "answers.csv").write_text(GOOD)
    result = export("pairs", "score", "--answers", tmp_path / "answers.csv", "--key", tmp_path / "key.json")
    assert result.exit_code == 0, result.output
    assert "100.0% of 6 pairs" in result.output
    told = json.loads((tmp_path / "score.json").read_text())
    assert told["whole"] == {
        "name": "all",
        "pairs": 6,
        "won": 6,
        "tied": 0,
        "share": 1.0,
        "low": pytest.approx(0.6097, abs=1e-4),
        "high": 1.0,
    }
    assert told["p_value"] == pytest.approx(2 / 64)
    assert [part["pairs"] for part in told["by_length"]] == [2, 4]
    assert told["by_family"][0]["name"] == "rock"


def test_a_tie_counts_half_in_the_share_and_not_in_the_test() -> None:
    result = score(["=", "=", "B", "B", "=", "="], KEY)  # ours: B, A, B, A, B, A
    assert (result.whole.won, result.whole.tied, result.whole.share) == (1, 4, 0.5)
    assert result.p_value == 1.0
    assert result.first_side == 0.0


def test_spreadsheets_may_save_the_answers(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    lines = [f'"{i}";"{c}"' for i, c in zip((3, 1, 2), "a=B", strict=True)]
    path.write_bytes(("\ufeffPair;Choice\r\n" + "\r\n".join(lines) + "\r\n;\r\n").encode())
    assert read_answers(path, 3) == ["=", "B", "A"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1,A\n", "Line 1"),
        (GOOD.replace("3,B", "3,"), r"Line 4 .*pair 3.*no choice"),
        (GOOD.replace("3,B", "3,C"), r"Line 4 .*'C'.*write A, B, or ="),
        (GOOD.replace("3,B", "3,B,really"), "Line 4 .*more than"),
        (GOOD.replace("3,B", "three,B"), "Line 4 .*'three'.*from 1 to 6"),
        (GOOD.replace("3,B", "7,B"), "Line 4 .*'7'"),
        (GOOD.replace("3,B", "\u0663,B"), "Line 4"),
        (GOOD.replace("3,B", "2,B"), "Line 4 .*second time"),
        (GOOD.replace("3,B\n", ""), "no line for pair 3;"),
        (GOOD.replace("3,B", '3,"B\n4,A'), "Line 6 .*pair 4 a second time"),
        (GOOD.replace("3,B", "3,B" + "\u2028" * 50_000 + "x" * 200_000), "Line 4"),
        ("", "Line 1|no line for pair 1 and 5 more"),
    ],
)
def test_a_faulty_line_of_answers_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "answers.csv").write_text(text, encoding="utf-8")
    with pytest.raises(AnswerError, match=told) as caught:
        read_answers(tmp_path / "answers.csv", 6)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\0" * 5_000_000])
def test_what_is_no_text_is_no_answer(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "answers.csv").write_bytes(content)
    with pytest.raises(AnswerError):
        read_answers(tmp_path / "answers.csv", 6)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": 2}',
        '{"schema": 1, "ours": "a", "against": "b", "pairs": []}',
        "[" * 100_000,
        '{"schema": 1, "ours": 1, "against": 2, "pairs": [{"pair": 1, "ours": "C", "words": [1, 2]}]}',
    ],
)
def test_a_broken_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "key.json").write_text(text)
    with pytest.raises(AnswerError):
        Key.read(tmp_path / "key.json")


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, 2 * n), st.just(n))))
def test_the_interval_holds_the_share_and_mirrors(halves_and_pairs: tuple[int, int]) -> None:
    halves, pairs = halves_and_pairs
    low, high = wilson(halves / 2, pairs)
    assert 0 <= low <= halves / 2 / pairs <= high <= 1
    mirrored = wilson(pairs - halves / 2, pairs)
    assert mirrored == (pytest.approx(1 - high), pytest.approx(1 - low))


@given(st.integers(0, 900).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_test_is_two_sided_and_grows_stricter(won_and_pairs: tuple[int, int]) -> None:
    won, pairs = won_and_pairs
    p = sign_test(won, pairs)
    assert 0 < p <= 1
    assert p == sign_test(pairs - won, pairs)
    assert p <= sign_test(pairs // 2, pairs)


def test_published_figures_of_interval_and_test() -> None:
    low, high = wilson(3, 56)  # the pilot of the design notes
    assert (low, high) == (pytest.approx(0.0184, abs=1e-3), pytest.approx(0.1461, abs=1e-3))
    assert sign_test(5, 10) == 1.0
    assert sign_test(1, 10) == pytest.approx(22 / 1024)
