"""The corpus: cleaning, masking, judging, near-duplicates, joining and splitting."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.config import CorpusConfig
from export.corpus.attributes import Songs, key
from export.corpus.cleaning import clean, headline, is_english, is_single_work
from export.corpus.documents import Document, corpus_files, read_documents
from export.corpus.duplicates import near_duplicates
from export.corpus.names import Masker, NameModel
from export.corpus.pipeline import read_rows, split_of
from export.corpus.praise import PraiseModel
from export.corpus.sentences import fault, normalise, split_sentences
from export.errors import CorpusError
from export.stages import Run
from tests.export.conftest import export, write_corpus, write_songs

_TEXT = "they saw Paris in the spring, on foot, and heard Paris again, with the drums, with the guitars, "
NAMES = NameModel.fit([_TEXT + "and the guitars, on the radio, in the sun, and the drums, of the band"])


def masked(sentence: str, *, artist: str = "", title: str = "", album: str = "") -> str:
    text, _ = Masker(NAMES, artist=artist, title=title, album=album).mask(sentence, songs_quoted=True)
    return normalise(text)


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Ita€™s a €\x00 song", "It's a € song"),
        ("It’s <b>loud</b> &amp; [warm](https://example.org/x)", "It's loud & warm"),
        ("*Bold* words at www.example.org here", "Bold words at here"),
        ("one -- two", "one — two"),
        ("Read more on our site\nA song.", "A song."),
    ],
)
def test_markup_and_mojibake_go(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@given(st.text(max_size=300))
def test_cleaning_takes_any_text(text: str) -> None:
    assert "\x00" not in clean(text)


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ('Mt. Joy - "Silver Lining"', ("Mt. Joy", "Silver Lining")),
        ("Mt. Joy – Silver Lining", ("Mt. Joy", "Silver Lining")),
        ("Listen :: Yellow Days - Gap In The Clouds", ("Yellow Days", "Gap In The Clouds")),
        ("Some thoughts", ("", "")),
    ],
)
def test_headlines_name_artist_and_song(title: str, found: tuple[str, str]) -> None:
    assert headline(title) == found


@pytest.mark.parametrize(
    ("sentence", "result"),
    [
        ('On "Slow Comet," the guitars bloom.', "on <title>, the guitars bloom."),
        ("Holt's voice floats over Paris at night.", "<artist>'s voice floats over <name> at night."),
        ("The drums of Queens of the Stone Age roar.", "the drums of <name> roar."),
        ("In 1997 the guitars rang.", "in <number> the guitars rang."),
        ("Glass Orchard is what I keep.", "<album> is what i keep."),
        ("Paris never sleeps.", "<name> never sleeps."),
        ("Guitars never sleep.", "guitars never sleep."),
    ],
)
def test_names_become_slots_and_masks(sentence: str, result: str) -> None:
    assert masked(sentence, artist="Mara Holt", album="Glass Orchard") == result


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200), st.text(max_size=30))
def test_masking_takes_any_text(sentence: str, name: str) -> None:
    masked(sentence, artist=name, title=name[::-1], album=name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("the warm guitars drift under the chorus.", None),
        ("warm guitars.", "too short"),
        ("the warm guitars (all of them) drift away.", "brackets"),
        ('the guitars "drift" under the chorus.', "quotation"),
        ("buy the song with the warm guitars today.", "promotion"),
        ("<name> and <album> and <name> play with <number> guitars.", "too many names"),
        ("the quick dog ran across a wide green field.", "not about music"),
        ("the guitars of <title> answer <title> again.", "two songs"),
        ("the warm guitars drift under the chorus", "no sentence"),
    ],
)
def test_a_sentence_falls_for_a_named_reason(text: str, why: str | None) -> None:
    assert fault(text, kind="review", min_words=5, max_words=20) == why


def test_sentences_split_at_stops_and_semicolons_and_lose_asides() -> None:
    text = "Mr. Holt sings (badly) of rain. The drums come in late and loud; the bass waits for the chorus to end."
    assert list(split_sentences(text)) == [
        "Mr. Holt sings of rain.",
        "The drums come in late and loud.",
        "the bass waits for the chorus to end.",
    ]


def test_near_duplicates_meet_and_others_do_not() -> None:
    base = "the warm guitars drift under the chorus while a tender voice waits for the long bridge to open up again"
    texts = [base, base.replace("tender", "quiet"), "a completely different line about drums and bass and nothing more", base]
    groups = near_duplicates(texts)
    assert groups.find(3) == groups.find(0)
    assert groups.find(2) == 2


def test_only_english_about_one_work_is_kept() -> None:
    assert is_english("The guitars are warm and the voice is tender, and nobody would want it another way.")
    assert not is_english("Die Gitarren sind warm und die Stimme ist zart, und niemand will es anders haben.")
    assert is_single_work(Document("x", "blog", "", artist="Mara Holt", title="Slow Comet"))
    assert not is_single_work(Document("x", "blog", "", title="Top 10 albums of the year"))


def test_licences_of_repositories_do_not_open_the_text_in_them() -> None:
    assert Document("x", "musiccaps", "CC BY-SA 4.0").is_open
    assert Document("x", "siren", "MIT").is_open
    assert not Document("x", "duck", "MIT repo licence (weak)").is_open
    assert not Document("x", "pitchfork", "none stated; (c) somebody").is_open


def test_features_fall_back_from_track_to_unknown(tmp_path: Path) -> None:
    songs = Songs(write_songs(tmp_path))

    def level(artist: str, album: str = "", song: str = "", genre: str = "") -> str:
        return songs.attributes(artist=artist, album=album, songs=[song] if song else [], genres=[genre] if genre else []).level

    assert level("Mara Holt", song="Slow Comet") == "track"
    assert level("Mara Holt", album="Glass Orchard 0") == "album"
    assert level("The Mara Holt") == "artist"
    assert level("Nobody", genre="indie rock") == "genre"
    assert level("Nobody") == "unknown"
    assert level("Broken Row", album="Nothing") == "unknown"  # a row of -1 tells nothing
    table = songs.genre_table(8, seed=1)
    assert "slowcore" in table  # known to the map alone
    assert table.vectors.shape[1] == 8


def test_missing_song_tables_leave_everything_unknown(tmp_path: Path) -> None:
    songs = Songs(tmp_path / "nowhere")
    assert songs.attributes(artist="Mara Holt", album="", songs=[], genres=["Rock"]).features == {}
    assert "rock" in songs.genre_table(4, seed=1)


def test_praise_follows_the_words_and_the_score() -> None:
    texts = ["a wonderful moving joy"] * 20 + ["a dull tiresome mess"] * 20
    model = PraiseModel(texts, [9.0] * 20 + [2.0] * 20, seed=1)
    good, bad, scored = model.praise(["a wonderful joy", "a dull mess", "a dull mess"], [None, None, 9.5])
    assert bad < scored < good


def test_the_split_is_told_by_the_name_alone() -> None:
    config = CorpusConfig()
    shares = Counter(split_of(f"artist {i}", config) for i in range(4000))
    assert split_of("artist 7", config) == split_of("artist 7", config)
    assert 60 < shares["test"] < 190
    assert 60 < shares["validation"] < 190


def test_a_run_writes_rows_with_masks_conditions_and_split(run: Run) -> None:
    rows = list(read_rows(run.commentary))
    assert {"train", "validation", "test"} == {row["split"] for row in rows}
    text = "\n".join(row["text"] for row in rows)
    assert "<title>" in text
    assert "<artist>" in text
    assert not any(name in text for name in ("dunmore", "thomas", "1997", "holt", "slow comet"))
    assert any(row["features_from"] == "track" for row in rows)
    assert all(0 <= row["praise"] <= 10 and 0 <= row["descriptive"] <= 1 for row in rows)


def test_no_artist_and_no_sentence_stands_in_two_splits(run: Run) -> None:
    where: dict[str, set[str]] = {}
    for row in read_rows(run.commentary):
        where.setdefault(row["text"], set()).add(row["split"])
    assert all(len(splits) == 1 for splits in where.values())


def test_the_manifest_counts_and_hashes_what_was_written(run: Run) -> None:
    folder = run.commentary.parent
    manifest = json.loads((folder / "manifest.json").read_text())
    assert sum(manifest["splits"].values()) == len(list(read_rows(run.commentary)))
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert {entry["licence"] for entry in manifest["data"]} == {"none stated", "CC BY-SA 4.0"}
    assert manifest["funnel"]["fell: no text"] == 4
    assert (folder / "funnel.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "words.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_corpus_and_seed_give_the_same_bytes(run: Run, tmp_path: Path) -> None:
    parent = run.folder.parent
    result = export(
        "corpus", "--config", "tiny", "--run", tmp_path, "--corpora", parent / "corpora", "--songs", parent / "songs"
    )
    assert result.exit_code == 0
    assert (tmp_path / "corpus" / "commentary.jsonl.gz").read_bytes() == run.commentary.read_bytes()


def test_open_licence_keeps_the_openly_licensed_alone(tmp_path: Path) -> None:
    corpora = write_corpus(tmp_path / "corpora", documents=4)
    result = export(
        *("corpus", "--config", "tiny", "--run", tmp_path / "run", "--corpora", corpora),
        *("--songs", tmp_path / "none", "--licence", "open"),
    )
    assert result.exit_code == 0
    assert {row["source"] for row in read_rows(tmp_path / "run" / "corpus" / "commentary.jsonl.gz")} == {"musiccaps"}


def test_an_empty_or_broken_corpus_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="--corpora"):
        corpus_files(tmp_path)
    (tmp_path / "bad.jsonl.gz").write_bytes(b"\x1f\x8bnothing")
    with pytest.raises(CorpusError, match="fetch it again"):
        list(read_documents(tmp_path / "bad.jsonl.gz"))


def test_a_text_without_an_artist_gets_nobodys_features(tmp_path: Path) -> None:
    songs = write_songs(tmp_path / "songs")
    with gzip.open(songs / "tracks.csv.gz", "at", encoding="utf-8", newline="") as file:
        file.write("x,Loud,!!!,dance punk,0.9,0.9,5,-4,0.1,0.1,0.1,0.1,0.9,130\n")
    attributes = Songs(songs)
    assert attributes.attributes(artist="", album="", songs=(), genres=("rock",)).features == {}
    assert attributes.attributes(artist="!!!", album="", songs=("Loud",), genres=()).genres == ("dance punk",)
    assert key("!!!") != key("") == key("  ")
