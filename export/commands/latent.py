"""The command that walks through the latent space of a bundle."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("first")
@click.argument("second")
@click.option("--songs", is_flag=True, help='The two are songs, "Artist - Title": walk between what is said of them.')
@click.option("--genre", "genres", multiple=True, help="Genres a,b of both; given twice, of the first and of the second.")
@click.option("--steps", type=click.IntRange(2, 50), default=7, show_default=True, help="Sentences in all.")
@click.option(
    "--path",
    type=click.Choice(["spherical", "linear"]),
    default="spherical",
    show_default=True,
    help="spherical keeps the latents as long as those of sentences; linear goes through the middle.",
)
@click.option(
    "--bundle",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the bundle [the shipped one].",
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=2018, show_default=True)
@click.option(
    "--json", "output", type=click.Path(path_type=Path), help="Write it there too; `report` reads RUN/homotopy*.json."
)
def homotopy(
    first: str,
    second: str,
    songs: bool,
    genres: tuple[str, ...],
    steps: int,
    path: str,
    folder: Path | None,
    seed: int,
    output: Path | None,
) -> None:
    """Print the sentences between two sentences, or with --songs between the replies to two songs.

    \b
      python -m export homotopy "A gentle piano carries the voice." "The drums pound and the guitars roar."
      python -m export homotopy --songs "Slow Ferry - Low Lamps" "Tin Larks - Comet" --genre folk --genre metal,rock

    A sentence may hold <artist> and <title>, and a title in quotes is one. The encoder finds the two latents, and the decoder
    says what lies between; its first and last line are how it remembers the two. Nothing but a bundle is needed.
    """
    from export.homotopy import reply_of, sentence_end, walk  # noqa: PLC0415 - loads torch and onnxruntime
    from inference.bundle import Bundle, shipped  # noqa: PLC0415 - as above

    if len(genres) > 2:
        raise click.BadParameter("give it once, or once for each of the two.", param_hint="--genre")
    sides = [tuple(part.strip() for part in given.split(",") if part.strip()) for given in (genres or ("",))]
    bundle = Bundle.open(folder or shipped(), device="cpu")
    given = zip((first, second), (sides[0], sides[-1]), strict=True)
    if songs:
        ends = [reply_of(bundle, song, side, seed=seed) for song, side in given]
    else:
        ends = [sentence_end(text, side) for text, side in given]
    lines = walk(bundle, ends[0], ends[1], steps=steps, path=path, seed=seed)
    click.echo(f"      {ends[0].spoken}")
    for line in lines:
        click.echo(f"{line.place:.2f}  {line.spoken}")
    click.echo(f"      {ends[1].spoken}")
    if output is not None:
        told = {f"{first} … {second}": [{"place": line.place, "text": line.spoken} for line in lines]}
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


COMMANDS = (homotopy,)
