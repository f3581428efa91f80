"""Runs stand-ins for all music services on this computer: `python -m bot.stand_ins --help`."""

from __future__ import annotations

import asyncio
import json
import sys

import click

from bot.stand_ins import faults
from bot.stand_ins.base import made_up_songs
from bot.stand_ins.music import MusicServices, music_services


@click.command()
@click.option("--songs", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many songs there are.")
@click.option("--delay", type=click.FloatRange(0, 60), default=0.0, show_default=True, help="Seconds that each answer takes.")
@click.option("--hang", is_flag=True, help="Take every request and never answer.")
def main(songs: int, delay: float, hang: bool) -> None:
    """Answer as Spotify, YouTube, ReccoBeats, MusicBrainz, Last.fm, Deezer and iTunes do, for songs that do not exist.

    The first line printed is a JSON object {settings, songs}: settings by section, and all that is known of each song. For
    every line "asked" on standard input comes one with what each service was asked since: {service: [[what, when], ...]},
    in seconds. Ends with standard input.
    """
    asyncio.run(_serve(songs, delay, hang))


async def _serve(count: int, delay: float, hang: bool) -> None:
    songs = made_up_songs(count)
    async with music_services(songs, delay=delay) as music:
        if hang:
            for service in music.services.values():
                service.fault = faults.slow_headers
        print(json.dumps({"settings": music.settings(), "songs": [song.as_dict() for song in songs]}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip() == "asked":
                print(json.dumps(_asked(music)), flush=True)


def _asked(music: MusicServices) -> dict[str, list[tuple[str, float]]]:
    told = {}
    for name, service in music.services.items():
        requests, service.asked = service.asked, []
        told[name] = [(f"{asked.path}?{sorted(asked.query.items())}", asked.at) for asked in requests]
    return told


if __name__ == "__main__":
    main()
