"""The words by which a video's title tells what its parts are: notes on the upload, versions, guests, bands."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _any(pattern: str) -> re.Pattern[str]:
    """A pattern of alternatives, each of whole words."""
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE | re.VERBOSE)


# --- notes on the upload ---------------------------------------------------------------------------------------

# A piece made of nothing but these words is a note; each alone may as well be part of a song ("Video Games").
NOISE_WORDS = _words(
    """official officiel officielle oficial offizielles offizielle offiziell ufficiale resmi oficjalny oficjalne
    официальный официальное официальная премьера клип клипа видеоклип видео текст аудио песни
    video videos vídeo vidéo videoclip videoklip vidéoclip musikvideo clip clipe klip klibi teledysk movie audio áudio
    lyric lyrics lyrical letra letras paroles testo tekst songtext sub subs subtitles subtitled subtitulado legendado sözleri
    visualizer visualiser visual hd hq uhd fhd 4k 8k 2k 1080p 720p 60fps hi-res dolby atmos remaster remastered upscaled
    upgrade restored explicit clean uncensored censored mv m/v pv music musical original full new exclusive premiere release
    dvd copyright copyrighted free download no ncs nocopyrightsounds ost soundtrack performance dance practice choreography
    relay special stage with and the in a con do de del la el da der das mit avec on out now available stream
    english romaji kan rom eng han color coded track single film version song theme opening ending
    shorts short best quality sound good stereo mono tv size
    官方 官方版 完整版 高清 高音質 高画質 公式 動態歌詞 動態 歌詞 歌词 歌詞版 中字 가사 공식 뮤직비디오 뮤비 무대 릴레이댄스
    فيديو كليب حصريا الرسمي كلمات النسخة الأصلية"""
)
# At least one of these stands in a note that has no brackets around it, such as the tail of "Fix You Lyrics".
NOISE_HEADS = _words(
    """official officiel officielle oficial offizielles ufficiale официальный официальное официальная премьера клип видеоклип
    videoclip videoklip musikvideo lyric lyrics lyrical letra paroles testo visualizer visualiser hd hq uhd 4k 8k 1080p 720p
    remaster remastered mv m/v pv uncensored ncs copyright teledysk klip klibi clipe legendado 官方 公式 動態歌詞 歌詞 가사
    뮤직비디오 뮤비 كليب"""
)
# One of these makes all of a bracket a note.
_NOTE = r"""
    offi[cz]i\w+ | oficial\w* | oficjaln\w+ | ufficiale | официальн\w+ | премьера | клип\w* | resmi | lyrics? | lyrical | letra
    | paroles | testo | tekst\w* | sözleri | vid[eé]os? | vídeo | video\s?clip | video\s?klip\w* | musikvideo | clip
    | clipe | klip
    | teledysk | audio | áudio | visuali[sz]ers? | u?hd | hq | [248]k | \d{3,4}p | \d+\s?fps | remaster\w* | uncensored
    | m/?v | pv | ost | (?:original\s+)?soundtrack | (?:main|end|opening|ending)\s+theme | directed | dir\. | (?:shot
    |filmed)\s+by
    | prod\. | produced\s+by | prod | \w+\s+release | records | recordings | copyright\w* | free\s+(?:download|dl)
    | out\s+now | eng(?:lish)?\s+subs? | subtit\w+ | legendado | colou?r\s+coded | choreo\w* | dance\s+practice | archives?
    | eurovision | sanremo | itunes | spotify | best\s+(?:version|quality) | special\s+clip | animation | original\s+song
    | complete\s+(?:symphony|concerto|recording) | creditless | bonus\s+track | side\s+[ab]"""
# These words are a note only where they are all of the bracket.
_WHOLE_NOTE = r"""explicit | clean | dirty | full | single | original | opening | ending | stereo | mono | exclusive | premiere
    | hi-?res | deluxe(?:\s+edition)? | album | theme | upscaled? | restored | (?:19|20)\d\d | rare | best | download
    | new | performance"""
NOISE_NOTE = re.compile(
    rf"""(?<!\w)(?:{_NOTE})(?!\w) | ^\s*(?:{_WHOLE_NOTE})\s*$ | ^\s*(?:taken\s)?from\s | ^\s*extrait\s | \w\.(?:com|net
    |org)\b | ™
      | (?-i:\sfrom\s+(?:[Tt]he\s+(?:[Ff]ilm|[Mm]ovie|[Aa]lbum|[Ss]eries)|[A-Z]{{3}}))
      | (?:オープニング|エンディング|主題歌|テーマ|アニメ|挿入歌|公式|歌詞|歌词|主题曲|主題曲|片尾曲|片頭曲
      |插曲|官方|高清|高画質|完整版
      |字幕|가사|뮤직비디오|공식|직캠|자막|릴레이|كليب)""",
    re.IGNORECASE | re.VERBOSE,
)
GENRE_WORDS = _words(
    """house progressive electro drumstep dubstep trap trance techno dnb drum & bass future hardstyle glitch hop electronic
    chillstep chillout ambient garage hardcore indie synthwave edm deep tropical melodic phonk hip-hop rap rock metal
    jazz pop midtempo moombahton lofi lo-fi hip pop/rock folk punk funk soul r&b"""
)
# What stands before the title, and is no part of it: "Full Video: ", "OFFICIAL ".
LEADING_NOISE = re.compile(
    r"""^(?:(?:(?:full|official|lyrical|lyrics?|video|audio|new|exclusive|premiere|hd|4k|mv|m/v|pv|clip|listen|watch|song|music)
      \s*){1,4}:\s* | (?:official|mv|m/v|pv)\s+)(?=\S)""",
    re.IGNORECASE | re.VERBOSE,
)
LYRICAL = re.compile(r"^(?:full|lyrical|audio|video)\b[\w\s]{0,20}:|\bfull\s+(?:video\s+)?song\b", re.IGNORECASE)
# Producers, directors and ringing tones, with all behind them.
CREDITS = re.compile(
    r"\s*(?<!\w)(?:prod(?:\.|uced|uzione)?(?:\s+(?:by|von))?|dir(?:ected|\.)?\s+by|shot\s+by|sms\s+skiza)(?:[.:]\s*|\s+).*$",
    re.IGNORECASE,
)

# What a channel for children adds to its name.
FOR_CHILDREN = re.compile(r"\s+(?:nursery\s+rhymes|kids['’]?\s+songs|songs\s+for\s+(?:children|kids)).*$", re.IGNORECASE)

# --- versions --------------------------------------------------------------------------------------------------

_SESSION = r"""(?:npr\s+music\s+)?tiny\s+desk(?:\s+\(\w+\))?(?:\s+concerts?)? | kexp | (?:a\s+)?colors\s+show | live\s+lounge
    | (?:mtv\s+)?unplugged | boiler\s+room | (?:for\s+)?cercle | essential\s+mix | audiotree | the\s+first\s+take
    | from\s+the\s+basement
    | (?:a\s+)?take\s?away\s+show | like\s+a\s+version | sofar | spotify\s+(?:singles|sessions) | vevo\s+(?:dscvr|lift)"""
_LIVE = r"""live\s+(?:at|on|in|from|for|@|above|acoustic|performance|session|version|sessions|video|ver\.?|\d{4}|bbc
    |(?:\w+\s+)?recording)
    | live(?=\s*(?:$|[-/,|–])) | en\s+vivo | ao\s+vivo | en\s+directo | en\s+direct | dal\s+vivo | canlı
    | концерт\w* | 라이브"""
_RECORDING = r"""(?:\w+\s+)?acoustic | acústic[oa] | acoustique | akusti\w+ | re-?mix\w* | remezcla | re-?work | re-?edit
    | bootleg | mash-?up | \w*mix
    | (?:radio|club|extended|single|album)\s+(?:edit|mix|version|cut) | edit | vip | dub | flip | versi[oó]n | versão
    | versione | ver\.?
    | edition | karaoke | instrumental\w* | a\s?cap+ella | cover(?:ed|s)? | spe?ed\s+up | spedup | slowed | reverb
    | nightcore | daycore
    | 8d | \d+\s+(?:hours?|stunden|horas) | loop(?:ed)? | demo | orchestral | symphonic | extended | concierto | concert
    | konzert | sessions?
    | covered\s+by"""
_WHOLE_VERSION = r"""piano(?:forte)? | español | spanish | english | français | deutsch | italiano | japanese | korean
    | portugu[eê]s | reprise"""
VERSION = re.compile(
    rf"(?<!\w)(?:{_SESSION}|{_LIVE}|{_RECORDING})(?!\w)|^\s*(?:{_WHOLE_VERSION})\s*$|歌ってみた|弾いてみた|カバー|カラオケ|翻唱|伴奏|リミックス",
    re.IGNORECASE | re.VERBOSE,
)
_SET = rf"""full\s+(?:performance|concert|set|show) | (?:dj|live)\s+set | concert | en\s+concierto | {_SESSION}"""
# A piece of its own that names a version: "Live at Funkhaus", "A COLORS SHOW", "Karaoke Version".
VERSION_PIECE = re.compile(
    rf"""^\W*(?:(?:official|dvd|cd|bbc|original)\s+)*(?:{_SESSION}|{_LIVE}|{_SET}|karaoke|instrumental|acoustic|acústico
    |remix|sped\s+up|slowed
      |nightcore|demo|live\s+bbc|version\s+\w+\s*$)(?!\w)
      | (?<!\w)(?:covered\s+by|(?:{_SESSION})\s*(?:\d+\s*)?$
      |(?:cover|(?:tour|live|acoustic|karaoke|extended|piano|album|radio|orchestral)\s+(?:version|edit)|remix)\W*(?:$|ft\b
      |feat\b|by\b))""",
    re.IGNORECASE | re.VERBOSE,
)
# A version that is a whole performance: it has an artist, but no song.
SET_PIECE = re.compile(
    rf"""^\W*(?:(?:bbc\s+radio\s+\d|npr\s+music|the)\s+)*
      (?:{_SET}|live\s+(?:at|in|from|above|on|@)\s|ao\s+vivo\s+n|en\s+vivo\s+en)(?!\S*me\b)""",
    re.IGNORECASE | re.VERBOSE,
)
SET_AT_END = re.compile(
    r"""^(?P<artist>\S.*?)[\s,:@]+(?P<set>(?:(?:full\s+)?live\s+(?:at|in|from|above|on|for|@)\s | boiler\s+room
    | (?:bbc\s+radio\s+\d\s+)?essential\s+mix
      | (?:npr\s+music\s+)?tiny\s+desk | (?:dj|live)\s+set | cercle\b | full\s+(?:concert|performance|set)).*)$""",
    re.IGNORECASE | re.VERBOSE,
)
ALBUM = _any(r"full\s+(?:album|ep|lp) | (?:album|disco|álbum)\s+comple[tl]\w* | 全專輯")
COVER = re.compile(r"(?<!\w)(?:cover(?:ed|s)?|кавер)(?!\w)|カバー|歌ってみた|翻唱", re.IGNORECASE)
COVERED_BY = re.compile(r"^(?P<version>.*?\bcover(?:ed)?)\s+by\s+(?P<artist>\S.*)$", re.IGNORECASE)
# "Song covered by Somebody"; but "acoustic cover by Somebody" has no song.
COVERED_BEHIND = re.compile(r"^(?P<name>\S.*?)\s+(?P<version>covered\s+by\s+\S.*)$", re.IGNORECASE)
ORIGINALLY = _any(
    r"originally\s+performed\s+by | in\s+the\s+style\s+of | made\s+famous\s+by | as\s+made\s+famous | tribute\s+to"
)
LEADING_VERSION = re.compile(
    r"^(?P<version>karaoke|nightcore|カラオケ)(?:\s+version)?\s*[-:|]?\s+(?P<rest>\S.*)$", re.IGNORECASE
)

# --- names -----------------------------------------------------------------------------------------------------

GUESTS = re.compile(r"(?:^|\s+|(?<=[\])\"'」』]))(?:feat|ft|featuring|w/)(?!\w)\.?:?\s*(?=\S)", re.IGNORECASE)
GUESTS_NOTE = re.compile(
    r"""^\s*(?:prod\.?\s*(?:&|and)\s*)?(?:(?:feat|ft|featuring)(?!\w)\.?:?|w/(?!\s?lyrics)|(?:duet\s)?with\s
      (?!(?:an?|the|my|your|you|me|us|no|lyrics?|subtitles?|love)\b))\s*(?=\S)""",
    re.IGNORECASE | re.VERBOSE,
)
BETWEEN_ARTISTS = re.compile(r"\s+(?:&|x|vs\.?|\+|and|und|with|(?-i:y|e|et|и))\s+|\s*[,，、;×]\s*|\s+/\s+|＆", re.IGNORECASE)
# Bands and duos whose name has a joining word in it, folded; of most others the channel tells.
BANDS = frozenset(
    " ".join(name.split())
    for name in """above beyond | aly aj | aly fila | amadou mariam | angus julia stone | ashford simpson
    | axwell ingrosso | belle sebastian
    | big rich | blood sweat tears | boy bear | brooks dunn | bruno marrone | captain tennille | chase status | chloe x halle
    | coheed cambria | crosby stills nash | crosby stills nash young | dan shay | daryl hall john oates | dead company
    | dimitri vegas like mike | earth wind fire | emerson lake palmer | eric b rakim | for king country | gabriel dresden
    | hall oates
    | henrique juliano | ike tina turner | iron wine | jack jack | jan dean | jorge mateus | kruder dorfmeister
    | loggins messina
    | love rockets | macklemore ryan lewis | maddie tae | maiara maraisa | marcus martinus | matheus kauan | matt kim
    | mumford sons
    | nico vinz | of monsters men | peaches herb | pete rock cl smooth | peter bjorn john | peter paul mary | polo pan
    | rodrigo gabriela | sam dave | seals crofts | she him | shovels rope | simon garfunkel | simone simaria | sly robbie
    | sonny cher
    | sunnery james ryan marciano | tegan sara | tomorrow x together | tones i | tyler creator | victor leo | walk off earth
    | wisin yandel | years years | zager evans | ze neto cristiano | zion lennox""".split("|")
)
# After a joining word these show that the name goes on: "& The Bad Seeds", "+ The Machine", "& Sons".
BAND_GOES_ON = re.compile(
    r"""(?:the(?!\s(?:weeknd|chainsmokers|kid\s+laroi|game|alchemist|dream)\b)|his|her|their|los|las|les|die|co|sons
      |friends|company|brothers|sisters)\b""",
    re.IGNORECASE | re.VERBOSE,
)
COMPOSERS = _words(
    """bach beethoven mozart chopin vivaldi debussy tchaikovsky brahms handel haydn schubert schumann liszt satie ravel
    wagner verdi
    puccini rachmaninoff rachmaninov mahler dvorak grieg paganini pachelbel albinoni stravinsky shostakovich prokofiev
    mendelssohn rossini bizet sibelius holst elgar scarlatti telemann purcell smetana gershwin orff"""
)

_NO_SCRIPT = frozenset({"DIGIT", "FULLWIDTH", "SUPERSCRIPT", "MODIFIER", "MASCULINE", "FEMININE", "COMBINING"})
_ONE_SCRIPT = dict.fromkeys(("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH", "IDEOGRAPHIC"), "CJK")


@lru_cache(maxsize=4096)
def script_of(text: str) -> str:
    """The script of the first letter of a text, such as "LATIN" or "CJK" (Japanese writing is one); empty without letters."""
    for character in text:
        if character.isalpha():
            name = unicodedata.name(character, "?").split()[0]
            if name not in _NO_SCRIPT:
                return _ONE_SCRIPT.get(name, name)
    return ""
