"""The song that is meant is found among those on offer, and rather none than a wrong one."""

import time

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.songs.matching.match import MIN_SCORE, best, same_kind, same_recording, scored
from bot.songs.matching.names import fold, similarity
from bot.songs.providers.base import Found
from bot.songs.song import Song


def song(line: str) -> Song:
    """A song written as "Artist; Guest | Title | version | seconds | album", from the right as little as is known."""
    artists, title, version, seconds, album = ([part.strip() for part in line.split("|")] + [""] * 4)[:5]
    return Song(
        artists=tuple(filter(None, (name.strip() for name in artists.split(";")))),
        title=title or None,
        version=version or None,
        duration=float(seconds) if seconds else None,
        album=album or None,
    )


def offer(line: str) -> Found:
    """A song on offer; "* 0.7" at its end is its popularity."""
    line, _, popularity = line.partition(" * ")
    return Found(song=song(line), popularity=float(popularity) if popularity else None)


# What is wanted, the one that is meant, and what else is on offer; where nothing is meant, "" stands in its place.
CASES = [
    # recordings: the common one first, another one when it is asked for
    ("Radiohead | Creep", "Radiohead | Creep", ["Radiohead | Creep (Acoustic) * 0.9", "Radiohead | Creep - Live * 0.9"]),
    ("Radiohead | Creep | Live", "Radiohead | Creep - Live at Glastonbury", ["Radiohead | Creep * 0.9"]),
    ("Radiohead | Creep | Live at Reading", "Radiohead | Creep (Live at Reading)", ["Radiohead | Creep (Live in Tokyo) * 0.9"]),
    ("Radiohead | Creep | acoustic version", "Radiohead | Creep (Acoustic)", ["Radiohead | Creep", "Radiohead | Creep (Live)"]),
    ("Radiohead | Creep (Live)", "Radiohead | Creep", []),
    (
        "Nirvana | Come as You Are",
        "Nirvana | Come as You Are ||| Nevermind",
        ["Nirvana | Come As You Are ||| MTV Unplugged * 0.9"],
    ),
    (
        "Nirvana | Come as You Are | MTV Unplugged",
        "Nirvana | Come As You Are ||| MTV Unplugged in New York",
        ["Nirvana | Come as You Are ||| Nevermind"],
    ),
    (
        "Muse | Hysteria",
        "Muse | Hysteria * 0.1",
        ["Muse | Hysteria (Live) ||| Live at Rome * 1", "Muse | Hysteria ||| Live at Rome * 1"],
    ),
    (
        "Queen | Bohemian Rhapsody",
        "Queen | Bohemian Rhapsody - Remastered 2011",
        ["Queen | Bohemian Rhapsody - Live Aid * 0.9"],
    ),
    ("Robin S | Show Me Love", "Robin S | Show Me Love", ["Robin S | Show Me Love (Stonebridge Remix) * 0.9"]),
    ("Robin S | Show Me Love | Stonebridge Remix", "Robin S | Show Me Love (Stonebridge Mix)", ["Robin S | Show Me Love"]),
    (
        "Robin S | Show Me Love | Stonebridge Remix",
        "",
        ["Robin S | Show Me Love", "Robin S | Show Me Love (David Guetta Remix)"],
    ),
    ("Robin S | Show Me Love", "", ["Robin S | Show Me Love (Stonebridge Remix)"]),
    ("Deadmau5; Kaskade | I Remember", "deadmau5 | I Remember (Original Mix)", ["deadmau5 | I Remember (Caspa Remix)"]),
    (
        "Daft Punk | Get Lucky",
        "Daft Punk | Get Lucky (feat. Pharrell Williams & Nile Rodgers)",
        ["Daft Punk | Get Lucky (Daft Punk Remix)"],
    ),
    ("Daft Punk | Get Lucky", "Daft Punk | Get Lucky (Radio Edit) - feat. Pharrell Williams", []),
    (
        "Lana Del Rey | Summertime Sadness",
        "Lana Del Rey | Summertime Sadness",
        ["Lana Del Rey | Summertime Sadness (Sped Up) * 1", "Lana Del Rey | Summertime Sadness (Cedric Gervais Remix) * 1"],
    ),
    (
        "Lana Del Rey | Summertime Sadness",
        "",
        ["Lana Del Rey | Summertime Sadness (Nightcore)", "Lana Del Rey | Summertime Sadness - Slowed + Reverb"],
    ),
    (
        "Lana Del Rey | Summertime Sadness | sped up",
        "Lana Del Rey | Summertime Sadness - Sped Up",
        ["Lana Del Rey | Summertime Sadness"],
    ),
    (
        "Eminem | Lose Yourself",
        "Eminem | Lose Yourself",
        ["Eminem | Lose Yourself (Instrumental)", "Eminem | Lose Yourself - Demo Version"],
    ),
    ("Eminem | Lose Yourself | instrumental", "Eminem | Lose Yourself (Instrumental)", ["Eminem | Lose Yourself"]),
    ("Taylor Swift | All Too Well", "Taylor Swift | All Too Well", ["Taylor Swift | All Too Well (Taylor's Version) * 1"]),
    (
        "Taylor Swift | All Too Well | Taylor's Version",
        "Taylor Swift | All Too Well (Taylor’s Version)",
        ["Taylor Swift | All Too Well"],
    ),
    (
        "Taylor Swift | All Too Well (10 Minute Version)",
        "Taylor Swift | All Too Well (10 Minute Version)",
        ["Taylor Swift | All Too Well"],
    ),
    ("R. Kelly | Ignition (Remix)", "R. Kelly | Ignition - Remix", ["R. Kelly | Ignition"]),
    ("Nena | 99 Luftballons", "Nena | 99 Luftballons", ["Nena | 99 Luftballons (Club Mix)", "Nena | 99 Red Balloons"]),
    ("Rammstein | Engel", "Rammstein | Engel", ["Rammstein | Engel (English Version)", "Rammstein | Engel (Feuerräder Live)"]),
    ("Linkin Park | Numb", "Linkin Park | Numb", ["Linkin Park; Jay-Z | Numb / Encore", "Linkin Park | Numb (A Cappella)"]),
    (
        "Prince | Purple Rain",
        "Prince & The Revolution | Purple Rain",
        ["Prince Royce | Purple", "Prince | Purple Rain (Reprise)"],
    ),
    # imitations: last, and only where they are asked for
    ("Adele | Hello", "Adele | Hello", ["Karaoke Universe | Hello (Karaoke Version) [In the Style of Adele] * 1"]),
    ("Adele | Hello", "", ["Karaoke Universe | Hello (Karaoke Version) [In the Style of Adele]", "Adele Tribute | Hello"]),
    ("Adele | Hello", "", ["Adele | Hello (Karaoke Version)", "Adele | Hello (Originally Performed by Adele)"]),
    ("| Hello", "Adele | Hello * 0.2", ["Sing King | Hello (Originally Performed By Adele) [Karaoke] * 0.9"]),
    ("Sing King | Hello | karaoke", "Sing King | Hello (Karaoke Version)", ["Adele | Hello * 1"]),
    (
        "Pink Floyd | Money",
        "",
        ["Pink Floyd Tribute Band | Money", "The Lullaby Players | Money (Lullaby Version of Pink Floyd)"],
    ),
    (
        "Metallica | Enter Sandman",
        "",
        ["8-Bit Arcade | Enter Sandman (8-Bit Metallica Emulation)", "Metallica Karaoke | Enter Sandman"],
    ),
    (
        "Metallica | Enter Sandman",
        "Metallica | Enter Sandman",
        ["Metallica | Enter Sandman ||| Lullaby Renditions of Metallica * 1"],
    ),
    # covers: who plays it decides
    (
        "Johnny Cash | Hurt",
        "Johnny Cash | Hurt",
        ["Nine Inch Nails | Hurt * 1", "Leona Lewis | Hurt", "Christina Aguilera | Hurt"],
    ),
    ("Nine Inch Nails | Hurt", "Nine Inch Nails | Hurt", ["Johnny Cash | Hurt * 1"]),
    ("Johnny Cash | Hurt", "Johnny Cash | Hurt (Nine Inch Nails Cover)", ["Nine Inch Nails | Hurt"]),
    (
        "Jeff Buckley | Hallelujah",
        "",
        ["Leonard Cohen | Hallelujah * 1", "Pentatonix | Hallelujah", "Rufus Wainwright | Hallelujah"],
    ),
    ("Boyce Avenue | Hello | Adele cover", "Boyce Avenue | Hello", ["Adele | Hello * 1"]),
    ("Barry White | Never Gonna Give You Up", "", ["Rick Astley | Never Gonna Give You Up * 1"]),
    ("TLC | Creep", "TLC | Creep", ["Radiohead | Creep * 1", "Stone Temple Pilots | Creep"]),
    ("Ryan Adams | Wonderwall", "Ryan Adams | Wonderwall", ["Oasis | Wonderwall * 1"]),
    # spelling of artists
    ("Kesha | TiK ToK", "Ke$ha | Tik Tok", ["Kesher | Tic Tac"]),
    ("P!nk | So What", "Pink | So What", ["Miles Davis | So What * 1"]),
    ("A$AP Rocky | Praise the Lord", "ASAP Rocky | Praise The Lord (Da Shine) (feat. Skepta)", ["A$AP Ferg | Praise the Lord"]),
    ("Beyonce | Crazy in Love", "Beyoncé; JAY-Z | Crazy In Love", []),
    ("Guns N' Roses | Sweet Child O' Mine", "Guns and Roses | Sweet Child O Mine", []),
    ("ACDC | Back in Black", "AC/DC | Back In Black", []),
    ("MO | Final Song", "MØ | Final Song", []),
    ("Florence and the Machine | Dog Days Are Over", "Florence + The Machine | Dog Days Are Over", []),
    ("Rick Astly | Never Gona Give You Up", "Rick Astley | Never Gonna Give You Up", []),
    ("Dave Brubeck | Take 5", "The Dave Brubeck Quartet | Take Five", []),
    ("Prince | 1999", "Prince | 1999", ["Prince | 1998", "Charli XCX | 1999"]),
    ("Sade | Smooth Operator", "", ["Slade | Smooth Operator"]),
    ("Drake | Hello", "", ["Nick Drake | Hello"]),
    ("The The | This Is the Day", "The The | This Is the Day", ["The Cure | This Is The Day"]),
    # several artists
    ("Queen; David Bowie | Under Pressure", "David Bowie & Queen | Under Pressure", ["My Chemical Romance | Under Pressure"]),
    ("Simon & Garfunkel | The Boxer", "Simon and Garfunkel | The Boxer", ["Mumford & Sons | The Boxer"]),
    ("Macklemore, Ryan Lewis | Thrift Shop", "Macklemore & Ryan Lewis | Thrift Shop (feat. Wanz)", []),
    ("Rihanna | Love the Way You Lie", "Eminem; Rihanna | Love The Way You Lie", ["Skylar Grey | Love the Way You Lie"]),
    (
        "Rihanna | Love the Way You Lie (Part II)",
        "Rihanna | Love The Way You Lie, Pt. 2",
        ["Eminem; Rihanna | Love The Way You Lie * 1"],
    ),
    ("Mark Ronson; Bruno Mars | Uptown Funk", "Mark Ronson feat. Bruno Mars | Uptown Funk!", ["Bruno Mars | Uptown"]),
    ("Nick Cave | Red Right Hand", "Nick Cave & The Bad Seeds | Red Right Hand", ["Nick | Red Right Hand"]),
    ("Rihanna | Love the Way You Lie", "Eminem | Love The Way You Lie (feat. Rihanna)", ["Skylar Grey | Love The Way You Lie"]),
    ("Glee Cast; Olivia Newton-John | Physical", "", ["Olivia Newton-John | Physical * 1"]),
    (
        "Queen; David Bowie | Under Pressure || 248",
        "David Bowie | Under Pressure || 248",
        ["David Bowie | Under Pressure || 300"],
    ),
    ("Bruno Mars | Finesse", "", ["Cardi B | Finesse", "Someone Else; Cardi B | Finesse"]),
    # titles that are near to one another
    ("JAY-Z | 99 Problems", "JAY-Z | 99 Problems", ["JAY-Z | 100 Problems", "Hugo | 99 Problems"]),
    ("JAY-Z | 99 Problems", "", ["JAY-Z | 100 Problems"]),
    ("Kanye West | Runaway", "Kanye West | Runaway", ["Kanye West | Runaway, Pt. 2 * 1", "Kanye West | Runaway (Part 2) * 1"]),
    (
        "Pink Floyd | Another Brick in the Wall, Pt. 2",
        "Pink Floyd | Another Brick In The Wall (Part II)",
        ["Pink Floyd | Another Brick in the Wall, Pt. 1", "Pink Floyd | Another Brick in the Wall, Pt. 3"],
    ),
    ("Led Zeppelin | Stairway to Heaven", "", ["Led Zeppelin | Stairway", "Dolly Parton | Stairway to Heaven"]),
    ("Sam Smith | Stay with Me", "", ["Sam Smith | Stay with You", "Sam Smith | Stay"]),
    ("The xx | Intro", "The xx | Intro", ["M83 | Intro * 1", "alt-J | Intro"]),
    ("| Intro", "", ["The xx | Intro * 1", "M83 | Intro"]),
    ("J. Cole | Change", "", ["J. Cole | Changes (Interlude)"]),
    (
        "The Rolling Stones | Satisfaction",
        "The Rolling Stones | (I Can't Get No) Satisfaction",
        ["Benny Benassi | Satisfaction * 1"],
    ),
    (
        "Kate Bush | Running Up That Hill",
        "Kate Bush | Running Up That Hill (A Deal With God)",
        ["Placebo | Running up That Hill"],
    ),
    ("Otis Redding | Sittin' on the Dock of the Bay", "Otis Redding | (Sittin' On) The Dock of the Bay", []),
    (
        "Sinéad O'Connor | Nothing Compares to You",
        "Sinead O'Connor | Nothing Compares 2 U",
        ["Prince | Nothing Compares 2 U * 1"],
    ),
    ("CeeLo Green | Fuck You", "CeeLo Green | F**k You", ["CeeLo Green | Fool for You"]),
    ("Wings | Live and Let Die", "Wings | Live and Let Die", ["Guns N' Roses | Live and Let Die * 1"]),
    ("Tenacious D | Tribute", "Tenacious D | Tribute", ["Tenacious D | Tribute (Live)"]),
    ("Video Kid | Song (Official Video) [4K]", "Video Kid | Song", ["Video Kid | Songs"]),
    # scripts
    ("PSY | 강남스타일", "PSY | Gangnam Style (강남스타일)", ["PSY | Gentleman"]),
    ("IU(아이유) | Palette (Feat. G-DRAGON)", "아이유 | Palette", ["IU | Good Day"]),
    ("YOASOBI | 夜に駆ける", "YOASOBI | 夜に駆ける", ["YOASOBI | 群青", "YOASOBI | 夜に駆ける (Karaoke)"]),
    ("YOASOBI | 夜に駆ける (Racing into the Night)", "YOASOBI | Racing Into The Night", ["YOASOBI | Into the Night"]),
    ("周杰倫 Jay Chou | 晴天", "Jay Chou | 晴天", ["Jay Chou | 稻香", "林俊傑 | 晴天"]),
    ("Utada Hikaru | First Love", "Hikaru Utada | First Love", ["Nikka Costa | First Love"]),
    ("宇多田ヒカル | First Love || 258", "Hikaru Utada | First Love || 257", ["Adele | First Love || 190"]),
    ("宇多田ヒカル | First Love", "", ["Adele | First Love * 1"]),
    ("Молчат Дома | Судно", "Molchat Doma | Sudno", ["Molchat Doma | Kletka"]),
    ("Björk | Jóga", "Bjork | Joga", ["Björk | Bachelorette"]),
    ("久石譲 | 愛 (Theme Song)", "", ["久石譲 | Love (Theme Song)", "久石譲 | 恋 Theme Song"]),
    ("Кино | Группа крови", "Kino | Gruppa krovi", ["Kino | Zvezda"]),
    # duration and popularity
    ("a-ha | Take On Me || 225", "a-ha | Take on Me || 225", ["a-ha | Take on Me || 192 * 1", "a-ha | Take on Me || 290 * 1"]),
    ("a-ha | Take On Me || 243", "a-ha | Take on Me || 225 * 0.1", ["a-ha | Take on Me || 330 * 1"]),
    ("Daft Punk | Get Lucky || 369", "Daft Punk | Get Lucky || 369", ["Daft Punk | Get Lucky || 248 * 1"]),
    ("| Hurt", "Johnny Cash | Hurt * 0.8", ["Nine Inch Nails | Hurt * 0.7", "Leona Lewis | Hurt * 0.3"]),
    ("ABBA | Dancing Queen", "ABBA | Dancing Queen * 0.9", ["ABBA | Dancing Queen * 0.4", "A*Teens | Dancing Queen * 1"]),
    # a text with no artist beside it
    ("| radiohead creep", "Radiohead | Creep", ["TLC | Creep * 1"]),
    ("| creep by radiohead", "Radiohead | Creep", ["TLC | Creep * 1"]),
    ("| take five dave brubeck quartet", "The Dave Brubeck Quartet | Take Five", []),
    ("| i love never gonna give you up so much", "", ["Rick Astley | Never Gonna Give You Up"]),
    ("| ", "", ["Rick Astley | Never Gonna Give You Up"]),
    ("Rick Astley", "", ["Rick Astley | Never Gonna Give You Up"]),
]


@pytest.mark.parametrize(("wanted", "meant", "others"), CASES, ids=[f"{wanted} -> {meant}" for wanted, meant, _ in CASES])
@pytest.mark.parametrize("last", [False, True], ids=["first", "last"])
def test_the_song_that_is_meant_is_found_among_others(wanted: str, meant: str, others: list[str], last: bool) -> None:
    right = [offer(meant)] if meant else []
    candidates = [*map(offer, others), *right] if last else [*right, *map(offer, others)]
    found = best(song(wanted), candidates)
    ranking = [
        (each.found.song.line, each.found.song.version, round(each.score, 3)) for each in scored(song(wanted), candidates)
    ]
    assert found is (right[0] if right else None), ranking


def test_what_speaks_for_a_song_can_be_looked_at() -> None:
    live = offer("Rick Astly | Never Gonna Give You Up (Live) || 223")
    (first,) = scored(song("Rick Astley | Never Gonna Give You Up || 213"), [live])
    assert first.found is live
    assert 0.9 < first.artist < 1
    assert (first.title, first.version) == (1, 0.8)
    assert 0.9 < first.duration < 1
    assert first.score == pytest.approx(first.artist * first.title * first.version * first.duration)


def test_a_longer_video_is_forgiven_more_than_a_shorter_one() -> None:
    def score(seconds: int) -> float:
        return scored(song(f"A-ha | Take On Me || {seconds}"), [offer("A-ha | Take On Me || 200")])[0].score

    assert score(200) == score(203) == score(197) == 1
    assert score(215) > score(185)
    assert score(235) > 0.9 > MIN_SCORE < 0.7 > score(165)
    lengths = [score(200 + seconds) for seconds in range(0, 900, 5)]
    assert lengths == sorted(lengths, reverse=True)


def test_albums_and_artists_are_found_as_such() -> None:
    album = Found(song=Song(kind="album", title="OK Computer OKNOTOK 1997 2017", artists=("Radiohead",)))
    plain = Found(song=Song(kind="album", title="OK Computer (Deluxe Edition)", artists=("Radiohead",)))
    track = offer("Radiohead | OK Computer")
    wanted = Song(kind="album", title="OK Computer", artists=("Radiohead",))
    assert best(wanted, [track, album, plain]) is plain
    assert best(wanted, [track]) is None
    names = ("The Dave Brubeck Quartet", "Dave Brubeck", "Dave Brubeck Tribute", "Dave Brubeck & Carmen McRae")
    artists = [Found(song=Song(kind="artist", artists=(name,)), popularity=0.5) for name in names]
    assert best(Song(kind="artist", artists=("dave brubeck",)), artists) is artists[1]
    assert best(Song(kind="artist", artists=("Dave",)), artists) is None


SAME = [
    ("Queen | Bohemian Rhapsody || 354", "Queen | Bohemian Rhapsody - Remastered 2011 || 354", True),
    ("Queen | Bohemian Rhapsody || 354", "Queen | Bohemian Rhapsody || 360", False),
    ("Queen | Bohemian Rhapsody || 354", "Queen | Bohemian Rhapsody", True),
    ("Queen | Bohemian Rhapsody", "Queen | Bohemian Rhapsody (Live)", False),
    ("Queen | Bohemian Rhapsody | Live", "Queen | Bohemian Rhapsody - Live", True),
    ("Queen | Love of My Life (Live at Wembley)", "Queen | Love of My Life - Live in Rio", False),
    ("Daft Punk | Get Lucky (feat. Pharrell Williams)", "Daft Punk; Pharrell Williams | Get Lucky", True),
    ("Daft Punk | Get Lucky", "Daft Punk | Get Lucky - Radio Edit", False),
    ("Robin S | Show Me Love (Stonebridge Mix)", "Robin S | Show Me Love (Montego Mix)", False),
    ("Nine Inch Nails | Hurt", "Johnny Cash | Hurt", False),
    ("Kanye West | Runaway", "Kanye West | Runaway (Part 2)", False),
    ("Queen & David Bowie | Under Pressure", "David Bowie; Queen | Under Pressure", True),
    ("Queen", "Queen", False),
]


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_same_recording(one: str, other: str, same: bool) -> None:
    assert same_recording(song(one), song(other)) is same
    assert same_recording(song(other), song(one)) is same


def test_an_isrc_tells_a_recording_whatever_it_is_called() -> None:
    one = Song(title="Heroes", artists=("David Bowie",), ids={"isrc": "USJT11700001"})
    assert same_recording(one, Song(title="Helden", ids={"isrc": "us-jt1-17-00001"}))
    assert not same_recording(one, Song(title="Helden", artists=("David Bowie",), ids={"isrc": "USJT11700002"}))
    assert not same_recording(Song(kind="album", title="A", artists=("B",)), Song(title="A", artists=("B",)))
    assert same_recording(Song(kind="artist", artists=("Björk",)), Song(kind="artist", artists=("Bjork",)))


# --- whatever the names are ----------------------------------------------------------------------------------------

TRICKY = st.text(st.sampled_from("aAé$!*()[]（【-–—&,. 1２IVⅣ強ガ강фё\u0301\ud800'’ʘ♥"), max_size=30)
NAMES = st.one_of(
    st.text(max_size=40), TRICKY, st.sampled_from(["Live", "feat. X", "(Remix)", "- Live", "Pt. II", "The", "n", "!!!"])
)
ANY = st.builds(
    Song,
    kind=st.sampled_from(["track", "album", "artist", "video"]),
    title=st.none() | NAMES,
    version=st.none() | NAMES,
    artists=st.lists(NAMES, max_size=3).map(tuple),
    album=st.none() | NAMES,
    duration=st.none() | st.floats(0.1, 86_400),
)


@given(ANY, st.lists(ANY, max_size=4))
def test_never_raises_and_scores_are_shares(wanted: Song, others: list[Song]) -> None:
    ranking = scored(wanted, [Found(song=each) for each in others])
    assert len(ranking) == len(others)
    assert all(0 <= each.score <= 1 for each in ranking)
    assert [round(each.score, 2) for each in ranking] == sorted((round(each.score, 2) for each in ranking), reverse=True)
    found = best(wanted, [Found(song=each) for each in others])
    assert found is None or found.song in others
    assert all(same_kind(wanted, each) in {True, False} for each in others)


@given(ANY, ANY)
def test_the_same_recording_is_so_in_both_orders(one: Song, other: Song) -> None:
    assert same_recording(one, other) is same_recording(other, one)


@given(ANY)
def test_identical_names_match_with_the_top_score(wanted: Song) -> None:
    assume(wanted.artists and fold(wanted.artists[0]))
    assume(wanted.kind == "artist" or fold(wanted.title or ""))
    (ranked,) = scored(wanted, [Found(song=wanted)])
    assert ranked.score == 1


@given(NAMES, NAMES)
@example("ⅅ", "")  # a double-struck capital
def test_similarity_is_the_same_in_both_orders(one: str, other: str) -> None:
    a, b = fold(one), fold(other)
    assert 0 <= similarity(a, b) == similarity(b, a) <= 1
    assert fold(a) == a


def test_two_hundred_songs_with_long_names_take_a_few_milliseconds() -> None:
    words = [f"{chr(97 + at % 26) * (3 + at % 5)}{chr(97 + at // 26 % 26)}" for at in range(600)]
    titles = [" ".join(words[at : at + 40])[:200] for at in range(200)]
    wanted = Song(title=titles[100], artists=(titles[7][:100],))
    candidates = [Found(song=Song(title=title, artists=(titles[7][:100],), album=title)) for title in titles]
    began = time.process_time()
    found = best(wanted, candidates)
    took = time.process_time() - began
    assert found is candidates[100]
    assert took < 0.5, "a hundred times what it takes"
