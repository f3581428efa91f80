"""Whether a video is music: the signs in its title and its channel, weighed against those of talk, games, news and film."""

from __future__ import annotations

import re

from bot.songs.titles.names import Channel
from bot.songs.titles.words import ALBUM, script_of

# Weights in points; above 0 together they mean music. Tuned on the labelled titles in tests/golden.
_SURE, _STRONG, _SIGN, _HINT = 12.0, 4.0, 2.0, 1.0
_VETO = 20.0

_STRONG_SIGN = re.compile(
    r"""(?<!\w)(?:(?:offi[cz]i[ae]l\w*|oficjaln\w+|ufficiale|официальн\w+|offizielles)\s+(?:\w+\s+){0,3}?(?:video\w*|audio
    |visuali[sz]er|mv|m/v|song|clip|musikvideo|видео)
      | (?:original|music|lyrics?|video|vídeo|clipe?)\s+(?:video\w*|clip|song|oficial|officiel|lyrics|con\s+letra)
      | videoclip\w* | m/?v | lyrics? | lyrical
      | letra | paroles | testo | karaoke | remaster\w* | full\s+(?:album|song|ep) | tiny\s+desk | colors\s+show
      | visuali[sz]er | dj\s+set | boiler\s+room | nightcore
      | slowed | sped\s+up | dance\s+practice | ncs | copyright\s+free\s+music | relay\s?dance | essential\s+mix
      | live\s+lounge | unplugged | 8d\s+audio
      | nursery\s+rhymes | colou?r\s+coded | video\s+oficial | клип\w* )(?!\w)
    | 主題歌|挿入歌|(?:OP|ED)テーマ|オープニングテーマ|エンディングテーマ|歌ってみた|릴레이댄스|가사|歌詞|동영상|فيديو\ كليب""",
    re.IGNORECASE | re.VERBOSE,
)
_MUSIC_SIGN = re.compile(
    r"""(?<!\w)(?:feat|ft|featuring|remix\w*|acoustic|cover(?:ed)?|live\s+(?:at|from|in|on|for|session)|ost|soundtrack
    |songs?|mashup|instrumental
      |prod\.?(?:\s+by)?|symphony|sonata|concerto|nocturne|requiem|fugue|op\.\s?\d+|kexp|original\s+mix|extended\s+mix
      |radio\s+edit|official|oficial|single|album
      |ao\s+vivo|en\s+vivo|hq|sessions?|(?:opening|ending|main|end|op|ed)\s+(?:theme|song)|ep|for\s+cercle)(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
# Hours of music, with neither an artist nor a song.
_STREAM = re.compile(
    r"""(?<!\w)(?:lo-?fi\s+(?:hip\s?hop|beats|mix|radio)|beats\s+to|24/7|live\s+radio|playlist|non-?stop|megamix
    |greatest\s+hits|top\s+hits
      |(?:\w+\s+)?mix\s+(?:of\s+)?20\d\d|20\d\d\s+mix|(?:chill|house|jazz|study|workout|party|gym|summer|trance|techno
      |lounge)\w*\s+mix
      |best\s+of\s+(?:\w+\s+)*(?:mix|music|songs|hits)|study\s+session|background\s+music|(?:relax\w*|sleep|study|calm
      |meditation|healing|ambient|jazz|piano
      |chill|slow|focus|spa|christmas|café|cafe|coffee|soothing|peaceful|instrumental
      |bossa\s+nova)\s+(?:\w+\s+){0,2}?(?:music|radio))(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
# No sign of music stands against these.
_NEVER = re.compile(
    r"""(?<!\w)(?:(?:official|teaser|final|theatrical|launch)\s+(?:\w+\s+)?trailer|trailers?(?=\s*(?:$|[#:!|\])\d-]))
    |(?:official\s+)?teasers?(?=\s*(?:$|[#:!|\])\d-]))
      |behind\s+the\s+(?:scenes?|song|music)|(?:the\s+)?making\s+of|making\s+film|shooting\s+sketch|jacket\s+(?:shoot\w*
      |making)|bangtan\s+bomb|first\s+time\s+(?:hearing|listening|reaction|watching)
      |reacts?\s+to|reacting|reaction(?=\W*$|\s*[:|]|\s+video)|vocal\s+coach|how\s+to\s+(?:play|sing|mix|make|build|cook
      |draw|use|tie|get|write|produce|record|fix|be\s+a\s+better|learn|edit|install)
      |(?:guitar|piano|drums?|bass|ukulele|violin|singing|cello|synth)\s+(?:lessons?|tutorials?|tabs?|chords)|lesson\s+\d+
      |tutoriale?s?|walk-?through|gameplay|playthrough|let['’]?s\s+play
      |speed\s?run(?:ner)?|(?:album|track|song|ep|movie|film|book|game|product|gear|mixtape)\s+reviews?|reviews?(?=\s*(?:$
      |[:!|–-]))|unboxing|podcasts?|full\s+episode|episodes?\s+\#?\d+|crash\s+course
      |press\s+conference|explained|worst\s+to\s+best|ranked|ranking|top\s+\d+|documentary|funny\s+moments|boss\s+fight
      |full\s+game|highlights|v-?logs?|asmr|recipes?|mukbang|for\s+beginners
      |world\s+record|breakdown|deconstructed|track\s+roundup|same\s+interview|questions\s+with|searched\s+questions
      |hot\s+ones|movie\s*clips?|full\s+course|commencement|first\s+look|which\s+sounds
      |receta\w*|rezept|recette|ricetta|receita|tarifi|рецепт\w*|entrevista|entretien|интервью|wywiad|intervista|röportaj
      |interview\s+(?:with|de|mit|avec)|обзор|gameplays|kritik|anleitung
      |what\s+makes\s+this\s+song|in\s+conversation\s+with|video\s+essay|lectures?\s+\d+|introduction\s+to
      |what\s+it\s+means|masterclass|red\s+carpet|acceptance\s+speech|track\s+by\s+track|carpool|(?:hearing|sight)\s+test
      |type\s+beat\s+tutorial)(?!\w)
    | 먹방|브이로그|인터뷰|메이킹|리액션|예고|ゲーム実況|実況|開箱|开箱|インタビュー
    |予告|メイキング|解説|レビュー|检测|vs\.?\s.*\bgame\s\d|^\[episode\]|(?<!\w)(?:full|whole|complete)\s+(?:movie|film)(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
# These stand in songs too, but seldom.
_NO_MUSIC_SIGN = re.compile(
    r"""(?<!\w)(?:reviews?|interviews?|reaction|reacts|lessons?|news|episode|ep\.?\s*\d+|part\s+\d+|chapter\s+\d+
    |s\d\de\d\d|(?<!sessions\s)\#\d+(?![^()]*\))|scenes?|stories|short\s+story|what\s+if
      |versus|vs\.?|preview|recap|tips|guide|facts|challenge|prank|haul|house\s+tour|advert|commercial|wins|announces?
      |interrupts?|died|election|president|speed\s+build|pov|compilation
      |no[\s-]hit|no[\s-]damage|deathless|all\s+bosses|any%|combos?|patch|dlc|megabase|update|keynote|launch\s+event|unveil\w*
      |walking\s+tour|(?:city|room|house|studio)\s+tour|full\s+movie|(?:movie|film|game)\s+ending|ending\s+(?:explained|scene)
      |fails|speech|answers|while\s+eating|worth\s+it|in\s+\d+\s+seconds|a\s+day\s+in|what\s+i|i\s+tried|i\s+quit
      |final\s+highlights|world\s+cup|full\s+match|course|science
      |physics|math\w*|iphone|android|tesla|programming|python|javascript|coding|cheapest|expensive|sounds\s+\d+\s+hours
      |rain\s+sounds|meaning|history\s+of|rise\s+and\s+fall|edit(?:ing)?\s+tips
      |live\s+test|replay|jokes?|stand-?up|performance\s+test|meets|discusses|talk(?:s|ing)\s+(?:about|to|with)
      |album\s+announcement|wrong\s+with|(?:why|how)\s+(?:i|we
      |they|he|she|\w+\s+(?:is|are|made|wrote|built|became|works))|the\s+problem\s+with|100%|expert)(?!\w)
    | (?<!\w)\d{1,2}\s?[-–:]\s?\d{1,2}(?!\w)(?=.*\s[-–|]\s)|^live:|^(?:how|why|what|who|when|where|which|is|are|do|does|can
      |should|introducing)\b(?=[^-–—]*(?:$|\|))""",
    re.IGNORECASE | re.VERBOSE,
)
# Games have music of their own.
_GAME_SIGN = re.compile(
    r"(?<!\w)(?:minecraft|fortnite|gta|roblox|skyrim|zelda|pokémon|speed|grand\s+finale)(?!\w)", re.IGNORECASE
)
_SMALL_WORDS = frozenset("of the and to a in on for at by de la el le y e i x my feat ft".split())


def is_stream(title: str) -> bool:
    """Whether the title is of hours of music: a radio, a mix, a playlist."""
    return bool(_STREAM.search(title)) and not ALBUM.search(title)


def title_points(title: str) -> float:
    """What the words of a title say of its being music, in points: positive for, negative against."""
    points = _STRONG if _STRONG_SIGN.search(title) else _SIGN if _MUSIC_SIGN.search(title) else 0.0
    against = (
        _VETO
        if _NEVER.search(title)
        else _STRONG
        if _NO_MUSIC_SIGN.search(title)
        else _SIGN
        if _GAME_SIGN.search(title)
        else 0.0
    )
    return points - against


def channel_points(channel: Channel) -> float:
    """What the kind of a channel says of its videos being music, in points."""
    return {"topic": _VETO + _SURE, "vevo": _STRONG, "music": _SIGN, "speech": -_STRONG, "plain": 0.0}[channel.kind]


def is_sentence(name: str) -> bool:
    """Whether a name reads like a sentence: three words and more, at least half of them without a capital."""
    found = [word for word in name.split() if script_of(word) == "LATIN" and word.casefold() not in _SMALL_WORDS]
    return len(name.split()) >= 3 and 2 * sum(word[0].islower() for word in found) >= len(found) > 1
