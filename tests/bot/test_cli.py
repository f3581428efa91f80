"""The command line, through its own door: what it prints, how it fails, and that it waits for no library in vain."""

import csv
import json
import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.songs.catalogue import Catalogue
from bot.songs.song import Song

GOLDEN = Path(__file__).parents[1] / "golden" / "links.jsonl"
TITLES = GOLDEN.parent / "titles.jsonl"
RICK = "Rick Astley - Never Gonna Give You Up"
VIDEO = {"service": "youtube", "kind": "video", "id": "dQw4w9WgXcQ"}


@pytest.fixture(autouse=True)
def tiny_bundle(made_bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the command speak from the tiny bundle, in a folder with no settings, with a database of its own."""
    monkeypatch.setenv("DEEPHYPEBOT_MODEL__BUNDLE", str(made_bundle))
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", f"sqlite+aiosqlite:///{tmp_path}/bot.sqlite3")
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, given: str | bytes = "") -> Result:
    """What a command answers."""
    return CliRunner().invoke(main, arguments, input=given, prog_name="deephypebot")


def refusal(*arguments: str, given: str | bytes = "") -> str:
    """The one sentence with which a command refuses bad input."""
    result = run(*arguments, given=given)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    return result.stderr.strip()


def start(*arguments: str, streams: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """The command as a process of its own, by default with pipes."""
    command = [sys.executable, "-m", "bot", *arguments]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm", "COLUMNS": "60"}
    return subprocess.Popen(command, stdin=streams, stdout=streams, stderr=streams, text=True, env=environment)  # noqa: S603 - our own command


# --- hype ------------------------------------------------------------------------------------------------------


def test_hype_json_is_one_object_of_the_promised_shape() -> None:
    result = run("hype", "https://youtu.be/dQw4w9WgXcQ", "--n", "2", "--seed", "7", "--praise", "8", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.count("\n") == 1
    answer = json.loads(result.stdout)
    assert list(answer) == ["schema", "song", "replies", "rejected", "bundle", "timing_ms"]
    assert answer["schema"] == 1
    assert list(answer["song"]) == list(Song().as_dict())
    assert answer["song"]["artists"] == ["Rick Astley"]
    assert [list(reply) for reply in answer["replies"]] == [["text", "sentences", "seed", "scores"]] * 2
    assert all(reply["text"] == " ".join(reply["sentences"]) for reply in answer["replies"])
    assert all(isinstance(count, int) for count in answer["rejected"].values())
    assert answer["bundle"] == {"name": "tiny", "version": "1", "device": "cpu"}
    assert list(answer["timing_ms"]) == ["lookup", "generate", "total"]


def test_hype_says_the_same_for_the_same_seed_however_the_song_is_given() -> None:
    said = [run("hype", *query, "--seed", "7", "--json").stdout for query in (RICK.split(), [RICK])]
    assert json.loads(said[0])["replies"] == json.loads(said[1])["replies"]


def test_hype_shows_song_replies_footer_and_seed() -> None:
    lines = run("hype", RICK, "--n", "2", "--seed", "7").stdout.splitlines()
    assert lines[0] == "Rick Astley — Never Gonna Give You Up"
    assert lines[1].startswith("1. ")
    assert any(line.startswith("2. ") for line in lines)
    assert lines[-2:] == ["dance pop, new wave pop, europop · high energy · 113 BPM · machine-written", "seed 7"]


def test_the_seed_that_was_picked_gives_the_same_text_again() -> None:
    lines = run("hype", RICK).stdout.splitlines()
    again = run("hype", RICK, "--seed", lines[-1].removeprefix("seed ")).stdout.splitlines()
    assert lines == again


def test_hype_takes_the_praise_of_the_settings_unless_told(tmp_path: Path) -> None:
    (tmp_path / "cool.toml").write_text("[reply]\npraise = 0")
    cool, told, default = (
        json.loads(run("hype", RICK, "--seed", "3", "--json", *options).stdout)["replies"]
        for options in (("--config", "cool.toml"), ("--praise", "0"), ())
    )
    assert cool == told != default


@pytest.mark.parametrize("name", ["[red]X[/red] - Y", "\x1b[31mX\x07 - Y", "\u202eX\u2066 - Y", "X\udcff - \x00Y"])
def test_hype_shows_hostile_names_as_plain_text(name: str) -> None:
    output = run("hype", name, "--seed", "1").stdout
    assert output.replace("\n", "").isprintable()
    assert "Y" in output.splitlines()[0]
    assert "[red]X[/red]" in output or "[red]" not in name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'QUERY...' (see deephypebot hype --help)."),
        (("",), "The query is empty"),
        ((" \t\n",), "The query is empty"),
        (("\u200b\x00",), "The query is empty"),
        (("x" * 301,), "The query has 301 characters, but at most 300"),
        (("x" * 100_000,), "The query has 100000 characters"),
        (("x", "--n", "0"), "--n is '0', but must be a whole number from 1 to 10."),
        (("x", "--n", "11"), "--n is '11', but must be"),
        (("x", "--n", "two"), "--n is 'two', but must be"),
        (("x", "--n", "9" * 5000), "but must be a whole number from 1 to 10."),
        (("x", "--seed", "-1"), "--seed is '-1', but must be a whole number from 0 to 9223372036854775807."),
        (("x", "--seed", str(2**63)), "--seed is '9223372036854775808'"),
        (("x", "--praise", "nan"), "--praise is 'nan', but must be a number from 0 to 10."),
        (("x", "--praise", "10.1"), "--praise is '10.1'"),
        (("x", "--prise", "3"), "No such option '--prise'"),
        (("x", "--config", "missing.toml"), "'missing.toml' cannot be read (No such file or directory)"),
    ],
)
def test_hype_refuses_bad_input_in_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    told = refusal("hype", *arguments)
    assert said in told
    assert len(told) < 200


def test_the_limits_themselves_are_allowed() -> None:
    for options in (("--n", "1", "--seed", "0", "--praise", "0"), ("--seed", str(2**63 - 1), "--praise", "10")):
        assert run("hype", "x", *options).exit_code == 0
    assert run("hype", "x", "--n", "10").exit_code == 0


def test_a_missing_bundle_and_a_missing_device_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_MODEL__BUNDLE", "nowhere")
    assert "There is no bundle in nowhere" in refusal("hype", RICK)
    assert "There is no bundle in nowhere" in refusal("chat", given=RICK)


def test_every_fault_of_the_settings_has_a_line_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[model]\ndevice = "tpu"\n[reply]\npraise = 11')
    result = run("hype", RICK)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [line.split(" is ")[0] for line in result.stderr.splitlines()] == [
        "In 'config.toml' model.device",
        "In 'config.toml' reply.praise",
    ]


# --- links -----------------------------------------------------------------------------------------------------


def test_links_in_a_text() -> None:
    result = run("links", "--json", "hear https://youtu.be/dQw4w9WgXcQ, now")
    assert json.loads(result.stdout) == {"links": [VIDEO]}
    assert json.loads(run("links", "--json", "none").stdout) == {"links": []}


def test_links_knows_the_platforms_markup() -> None:
    spoiler = "||https://youtu.be/dQw4w9WgXcQ||"
    assert json.loads(run("links", "--json", "--platform", "discord", spoiler).stdout) == {"links": []}


@pytest.mark.parametrize("source", [str(GOLDEN), "-"])
def test_links_in_a_file_agree_with_every_labelled_message(source: str) -> None:
    labelled = [json.loads(line) for line in GOLDEN.read_text("utf-8").splitlines()]
    result = run("links", "--json", "--file", source, given=GOLDEN.read_bytes() if source == "-" else "")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert found == [{"id": message["id"], "links": message["links"]} for message in labelled]


def test_links_as_a_table_for_people() -> None:
    message = json.dumps({"id": "[b]7", "platform": "plain", "text": "https://youtu.be/dQw4w9WgXcQ"})
    lines = run("links", "--file", "-", given=message).stdout.splitlines()
    assert lines[0].split() == ["message", "service", "kind", "address"]
    assert lines[1].split() == ["[b]7", "youtube", "video", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "Line 3 is no JSON in UTF-8"),
        (b"\xff", "Line 3 is no JSON in UTF-8"),
        (b"[" * 100_000, "Line 3 is no JSON in UTF-8"),
        (b"[]", "Line 3 is no object"),
        (b'{"platform": "plain", "text": ""}', 'Line 3 has no "id"'),
        (b'{"id": 1, "platform": "irc", "text": ""}', "Line 3 has the platform 'irc': use one of discord, slack, plain"),
        (b'{"id": 1, "platform": ["plain"], "text": ""}', "Line 3 has the platform"),
        (b'{"id": 1, "platform": "plain", "text": 5}', 'Line 3 has no "text"'),
        (b'"' + b"x" * 1_100_000 + b'"', "Line 3 is longer than 1 MiB"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_printed(line: bytes, said: str) -> None:
    good = b'{"id": "a", "platform": "plain", "text": "https://youtu.be/dQw4w9WgXcQ"}\n'
    assert said in refusal("links", "--json", "--file", "-", given=good + b"\n" + line + b"\n" + good)


def test_an_id_that_utf_8_cannot_hold_still_comes_back() -> None:
    line = r'{"id": "\ud800\u00e9", "platform": "plain", "text": "\udfff"}'
    assert json.loads(run("links", "--json", "--file", "-", given=line).stdout_bytes) == {"id": "\ud800é", "links": []}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give either a TEXT or --file FILE"),
        (("text", "--file", "-"), "Give either a TEXT or --file FILE"),
        (("--file", "missing.jsonl"), "'missing.jsonl' cannot be read (No such file or directory)"),
        (("--file", "."), "'.' cannot be read (Is a directory)"),
        (("text", "--platform", "irc"), "'irc' is not one of 'discord', 'slack', 'plain'"),
    ],
)
def test_links_refuses_bad_input_in_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    assert said in refusal("links", "--json", *arguments)


# --- titles ----------------------------------------------------------------------------------------------------

PASSENGER = ("Passenger | Let Her Go (Official Video)", "--author", "Passenger")


def test_titles_of_one_video() -> None:
    found = json.loads(run("titles", "--json", *PASSENGER).stdout)
    assert list(found) == ["artist", "song", "version", "featuring", "is_music", "confidence"]
    assert (found["artist"], found["song"], found["featuring"], found["is_music"]) == ("Passenger", "Let Her Go", [], True)
    assert 0.5 < found["confidence"] <= 1


@pytest.mark.parametrize("source", [str(TITLES), "-"])
def test_titles_in_a_file_agree_with_every_labelled_title(source: str) -> None:
    labelled = [json.loads(line) for line in TITLES.read_text("utf-8").splitlines()]
    result = run("titles", "--json", "--file", source, given=TITLES.read_bytes() if source == "-" else "")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert list(found[0]) == ["id", "artist", "song", "version", "featuring", "is_music", "confidence"]
    names = ("id", "artist", "song", "is_music")
    assert [[each[name] for name in names] for each in found] == [[video[name] for name in names] for video in labelled]


def test_titles_as_a_table_for_people() -> None:
    lines = run("titles", *PASSENGER).stdout.splitlines()
    assert lines[0].split() == ["artist", "song", "version", "featuring", "sure"]
    assert lines[1].split()[:4] == ["Passenger", "Let", "Her", "Go"]
    video = json.dumps({"id": "[b]7", "title": "Me at the zoo", "author": "jawed"})
    lines = run("titles", "--file", "-", given=video).stdout.splitlines()
    assert lines[1].split()[:3] == ["[b]7", "(no", "music)"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", 'Line 3 is no JSON in UTF-8: write {"id": …, "title": …, "author": …}'),
        (b"[" * 100_000, "Line 3 is no JSON in UTF-8"),
        (b"[]", "Line 3 is no object"),
        (b'{"title": "", "author": ""}', 'Line 3 has no "id"'),
        (b'{"id": 1, "title": null, "author": ""}', 'Line 3 has no "title": give it the video\'s title as a text.'),
        (b'{"id": 1, "title": ""}', 'Line 3 has no "author": give it the channel\'s name as a text.'),
        (b'"' + b"x" * 1_100_000 + b'"', "Line 3 is longer than 1 MiB"),
    ],
)
def test_a_bad_title_is_named_and_nothing_is_printed(line: bytes, said: str) -> None:
    good = b'{"id": "a", "title": "A - B", "author": "A"}\n'
    assert said in refusal("titles", "--json", "--file", "-", given=good + b"\n" + line + b"\n" + good)


def test_hostile_titles_come_back_as_clean_json() -> None:
    line = r'{"id": "\ud800", "title": "\udfffA\u202e - \u0000B (Lyrics)", "author": "A\ud800"}'
    found = json.loads(run("titles", "--json", "--file", "-", given=line).stdout_bytes)
    assert (found["id"], found["artist"], found["song"]) == ("\ud800", "A", "B")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give either a TITLE (and its --author) or --file FILE"),
        (("title", "--file", "-"), "Give either a TITLE"),
        (("--author", "channel", "--file", "-"), "Give either a TITLE"),
        (("--author", "channel"), "Give either a TITLE"),
        (("--file", "missing.jsonl"), "'missing.jsonl' cannot be read (No such file or directory)"),
    ],
)
def test_titles_refuses_bad_input_in_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    assert said in refusal("titles", "--json", *arguments)


# --- chat and votes --------------------------------------------------------------------------------------------


def test_a_vote_from_the_chat_leaves_through_the_votes_command(tmp_path: Path) -> None:
    assert run("votes", "export").stdout == ""
    assert run("chat", given=f"{RICK}\n+\n").exit_code == 0
    (line,) = run("votes", "export").stdout.splitlines()
    exported = json.loads(line)
    assert list(exported) == ["schema", "reply", "candidate", "seed", "conditions", "vote", "at"]
    assert (exported["vote"], exported["conditions"]["artist"]) == (1, "Rick Astley")
    assert run("votes", "export", "--output", "votes.jsonl").stdout == "Wrote 'votes.jsonl': 1 vote.\n"
    assert (tmp_path / "votes.jsonl").read_text(encoding="utf-8") == line + "\n"
    assert "'votes.jsonl' is there already; name another file, or replace it with --force." in refusal(
        "votes", "export", "--output", "votes.jsonl"
    )
    assert run("votes", "export", "--output", "votes.jsonl", "--force", "--format", "csv").exit_code == 0
    columns, row = csv.reader((tmp_path / "votes.jsonl").read_text(encoding="utf-8-sig").splitlines())
    told = dict(zip(columns, row, strict=True))
    assert (told["vote"], told["artist"], told["reply"]) == ("1", "Rick Astley", exported["reply"])
    assert (told["at"], told["text"], told["seed"]) == (exported["at"], exported["candidate"]["text"], str(exported["seed"]))
    assert run("votes").stdout == run("votes", "--help").stdout


def test_votes_without_a_database_are_a_failure_not_bad_input(tmp_path: Path) -> None:
    (tmp_path / "bot.sqlite3").write_bytes(b"no database " * 100)
    result = run("votes", "export", "--output", "votes.jsonl")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "it is no database; move it away" in result.stderr
    assert not (tmp_path / "votes.jsonl").exists()


# --- the rest of the door --------------------------------------------------------------------------------------


def test_help_teaches_with_examples() -> None:
    assert run().stdout == run("--help").stdout
    for command in main.commands:
        assert f"deephypebot {command}" in run(command, "--help").stdout
    assert run("--version").stdout.startswith("deephypebot ")
    assert "No such command 'hyp'" in refusal("hyp")


def test_hype_and_links_load_nothing_that_they_do_not_use() -> None:
    probe = f"""
import sys
from bot.cli import main
for arguments in (["links", "x"], ["hype", {RICK!r}, "--json"]):
    try:
        main(arguments)
    except SystemExit as done:
        assert done.code == 0
    if arguments[0] == "links":
        assert not {{"numpy", "pydantic", "onnxruntime"}} & set(sys.modules)
heavy = {{"sqlalchemy", "aiosqlite", "discord", "slack_bolt", "aiohttp", "spotipy", "torch", "onnx", "rich.markdown"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_goes_away_is_met_in_silence(tmp_path: Path) -> None:
    line = json.dumps({"id": 1, "platform": "plain", "text": "https://youtu.be/dQw4w9WgXcQ"})
    (tmp_path / "many.jsonl").write_text(f"{line}\n" * 20_000)
    with start("links", "--json", "--file", "many.jsonl") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline()) == {"id": 1, "links": [VIDEO]}
        process.stdout.close()
        assert process.stderr.read() == ""


def test_control_c_in_a_chat_says_goodbye() -> None:
    with start("chat") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Paste a song link")
        assert process.stdout.readline() == "Offline: only the sample catalogue is known.\n"
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=20)
    assert (rest.split()[-1], complaints, process.returncode) == ("Goodbye.", "", 0)


def test_a_chat_on_a_real_terminal_prompts_colours_and_keeps_its_width() -> None:
    ours, theirs = pty.openpty()
    with start("chat", streams=theirs) as process:
        os.close(theirs)
        seen = b""
        # A prompt is awaited before each key, since keys typed earlier mean something else to the terminal.
        for after, keys in ((b"Paste", f"{RICK}\n".encode()), (b"machine-written", b"\x04")):
            while b"> " not in seen.partition(after)[2]:
                seen += os.read(ours, 4096)
            os.write(ours, keys)
        with suppress(OSError):  # how Linux says that nobody is on the other side any more
            while chunk := os.read(ours, 4096):
                seen += chunk
        process.wait(timeout=20)
    os.close(ours)
    text = seen.decode()
    assert "\x1b[1mRick Astley — Never Gonna Give You Up\x1b[0m" in text
    assert text.rstrip().endswith("Goodbye.\x1b[0m")
    assert process.returncode == 0


def test_every_sample_song_has_a_page_of_its_own_line() -> None:
    for song in Catalogue.load().songs[:3]:
        assert run("hype", song.line.replace(" — ", " - "), "--seed", "1").stdout.startswith(song.line)
