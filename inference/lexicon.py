"""Lexicon: the sets of words that checks, ranking and prose go by; all in lower case with straight apostrophes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(";"))


# Facts about people, records and careers: a bot that knows only a song's sound cannot know them.
CLAIMS = _words("""
    first final songs tracks minute minutes
    album albums debut debuted debuts debuting ep eps lp lps single singles mixtape mixtapes record
    records cd cds vinyl cassette disc discs discography catalog catalogue reissue reissued compilation
    anthology demo demos remaster remastered tracklist artwork sleeve label labels release released
    releases releasing reissues imprint signed roster premiere premiered premieres tour tours touring
    toured gig gigs festival festivals concert concerts venue headline headlining headliner sophomore
    predecessor followup comeback return returns returned returning reunion upcoming forthcoming latest
    newest recent recently earlier previous previously former formerly last next second third fourth fifth
    year years decade decades month months week weeks yesterday today tomorrow tonight century ago
    anniversary sixties seventies eighties nineties aughts january february april june july august
    september october november december monday tuesday wednesday thursday friday saturday sunday weekend
    producer producers produced produces engineer engineered mastered recorded recording recordings wrote
    written writes penned collaboration collaborations collaborator collaborators collaborated
    collaborating guest guests feat ft cover covers covering remix remixes remixed remixer rework reworked
    reworking bootleg mashup sampled samples sampling interpolates version versions original band bands
    bandmate bandmates duo trio quartet quintet sextet supergroup group groups collective sibling siblings
    brother brothers sister sisters twins couple husband wife girlfriend boyfriend father mother daddy
    frontman frontwoman vocalist vocalists singer singers songwriter songwriters rapper rappers emcee
    guitarist drummer bassist pianist keyboardist violinist cellist saxophonist member members lineup born
    native hometown based city town country's neighborhood neighbourhood street video videos clip film
    films movie movies soundtrack series episode netflix commercial game director directed actor actress
    cinema chart charts charting charted billboard grammy grammys award awards nominated platinum million
    millions billion hundred hundreds thousand thousands dozen number numbers career careers success fame
    interview review reviews blog post article magazine writer critic critics pitchfork fans fanbase
    audience online internet website download downloads stream streams streaming bandcamp soundcloud
    spotify youtube twitter facebook instagram itunes myspace tumblr hypem link links click below
    subscribe follow enjoy via story stories biography memoir childhood dead died death divorce opener
    closer interlude
""")

CLAIM_PHRASES = _phrases("""
    b side; b sides; follow up; co produced; co wrote; lead off; singer songwriter; title track; opening track;
    closing track; first track; final track; record label; check out; check it out; listen to it here; listen
    here; out now; pre order; first time; long time; new song; new track; new music; new material; new one;
    brand new; new york; los angeles; first song; final song; other songs; other tracks; of the songs; of the
    tracks; first half; second half; track record; the set; this set; the lead; the late; the project; his own;
    her own; old school; these songs; these tracks; the songs; the tracks; their songs; each song; every song;
    each track; every track; most songs; some songs; song about; songs about; written by; solo project
""")

# Where people come from, which a sound does not tell.
CLAIMS |= _words("""
    american british english scottish irish welsh french german spanish italian portuguese dutch belgian
    swiss austrian swedish norwegian danish finnish icelandic russian ukrainian polish czech hungarian
    romanian greek turkish israeli iranian indian pakistani chinese japanese korean australian canadian
    mexican brazilian argentinian argentine chilean colombian cuban jamaican puerto nigerian ghanaian
    kenyan malian ethiopian egyptian african asian european scandinavian californian texan brooklyn london
    berlin paris chicago detroit seattle toronto montreal melbourne sydney nashville atlanta manchester
    glasgow dublin stockholm oslo copenhagen tokyo america britain england scotland ireland wales france
    germany spain italy sweden norway denmark finland iceland russia japan korea canada mexico brazil
    jamaica nigeria australia texas california
""")

# People: nobody told the bot who sings, and it is nobody itself.
PERSONS = _words("""
    i me my mine myself i'm i've i'd i'll im he him his himself he's he'd he'll she her hers herself she's
    she'd she'll man men woman women guy guys girl girls boy boys lady ladies gentleman dude kid kids male
    female male's female's son daughter mr mrs ms sir madam we we're we've we'll we'd ourselves
""")

# Words after which a sentence, or a clause before a mark, cannot end.
UNFINISHED = _words("""
    a an the of to for from by with at into onto upon and or but nor as than that which who whom whose if
    because although though while when where its their your our my his her this's is are was were be been
    being has have had very so such too quite rather more most less about between among through throughout
    toward towards during without within against amid amidst like in on it's they're that's who's i'm
    before after we're you're can will would could should may might must does do did if's any every each some no not
    these those both either neither
""")

# Words after which another must follow, and those that never can: "a the", "their of", "of and".
OWNERS = _words("a an the its their your our")
LINKS = _words("of from with at into onto for by")
BE = _words("is are was were be")
_CONJUNCTIONS = _words("and or but nor")
AFTER_LINK_NEVER = _CONJUNCTIONS | BE | _words("of")
AFTER_OWNER_NEVER = (
    AFTER_LINK_NEVER | OWNERS | _words("to for from by with at into onto upon on these those his her some any every")
)
SEVERAL = _words("these those many several few both")

# Openings that lean on a sentence before them.
LEANING = _words("""
    but and or nor yet so still however then though although which who whose because even also too instead
    otherwise meanwhile besides moreover nevertheless nonetheless therefore thus hence either neither they
    them their theirs those these such another other others both
""")

# Names of parts of the music that stand in the plural, and subjects that stand in the singular.
PLURALS = _words("""
    vocals guitars drums synths keys beats melodies harmonies strings horns rhythms chords textures sounds
    tones voices hooks riffs notes lyrics lines layers basslines synthesizers cymbals percussions loops
    arpeggios effects pianos verses choruses songs tracks words handclaps snares kicks pads waves drones
    elements instruments
""")
SINGULARS = _words("""
    track song beat melody voice rhythm bassline bass guitar piano music production groove hook riff
    chorus verse percussion sound tone texture harmony synth mood it this that <title>
""")

# Plurals that are verbs too ("the voice sounds like …").
ALSO_VERBS = _words("""
    sounds loops layers hooks lines waves drones drums beats kicks keys pads snares textures strings notes words tones
    effects voices elements songs tracks
""")

# Words that join others and carry little themselves; a repeated one is no fault.
FUNCTION = (
    UNFINISHED
    | LEANING
    | OWNERS
    | LINKS
    | _words("""
        it there here what how why out up down off over under again just only all one you we us it'll there's here's
        isn't doesn't don't can't won't never ever always way bit lot kind sort much many few make makes made get gets
        got this that on upon some any every each no
    """)
)

# Speaking of a voice, which an instrumental has none of.
VOICE = _words("""
    vocal vocals voice voices voiced sing sings singing sung sang singer singers singalong croon croons
    crooning crooned falsetto lyric lyrics lyrical lyrically lyricism rap raps rapping rapped rhyme rhymes
    rhyming verses word words chant chants chanting chanted whisper whispers whispered whispering scream
    screams screaming howl howls acapella choir choirs harmonies harmonizing harmonised harmonized vocally
    vocalist hum hums humming mouth throat
""")

# What a sentence may call a song's genre, with the family (see `genres.FAMILIES`) that must not contradict it.
# Words that also mean other things ("house", "trap", "soul", "swing", "world") stand here only where they are sure.
GENRES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("techno", "house music", "deep house", "edm", "electronica"), "electronic"),
        **dict.fromkeys(("dubstep", "drum and bass", "electro", "trance", "synthwave", "downtempo"), "electronic"),
        **dict.fromkeys(("breakbeat", "trip hop", "idm", "chillwave", "grime", "eurodance"), "electronic"),
        **dict.fromkeys(("hip hop", "rap", "raps", "rapping", "rapped", "boom bap", "trap"), "hip hop"),
        **dict.fromkeys(("jazz", "jazzy", "bebop", "bossa nova"), "jazz"),
        **dict.fromkeys(("metal", "thrash", "metalcore", "grindcore", "djent"), "metal"),
        **dict.fromkeys(("country", "bluegrass", "honky tonk", "alt country", "americana"), "country"),
        **dict.fromkeys(("folk", "folky", "folksy"), "folk"),
        **dict.fromkeys(("blues",), "blues"),
        **dict.fromkeys(("reggae", "dancehall", "ska"), "reggae"),
        **dict.fromkeys(("punk", "post punk", "emo", "hardcore", "screamo", "punky"), "punk"),
        **dict.fromkeys(("disco", "funk"), "funk"),
        **dict.fromkeys(("soul music", "neo soul", "r b", "rnb", "gospel", "motown"), "soul"),
        **dict.fromkeys(("classical", "concerto", "sonata", "fugue", "baroque"), "classical"),
        **dict.fromkeys(("salsa", "reggaeton", "cumbia", "samba", "tango", "latin"), "latin"),
        **dict.fromkeys(("rock", "rocker", "grunge", "britpop", "shoegaze", "indie rock", "post rock"), "rock"),
        **dict.fromkeys(("pop", "synthpop", "synth pop", "electropop", "dream pop", "pop song"), "pop"),
    }
)

# Families that live next door: a sentence that names one for a song of the other does not contradict.
NEIGHBOURS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "ambient": frozenset({"electronic", "experimental", "classical"}),
        "blues": frozenset({"rock", "soul", "jazz", "country", "folk"}),
        "classical": frozenset({"ambient"}),
        "country": frozenset({"folk", "rock", "blues"}),
        "electronic": frozenset({"ambient", "experimental", "funk"}),
        "experimental": frozenset({"ambient", "electronic"}),
        "folk": frozenset({"country", "world"}),
        "funk": frozenset({"soul", "electronic", "pop", "hip hop", "jazz"}),
        "hip hop": frozenset({"soul"}),
        "jazz": frozenset({"soul", "funk"}),
        "latin": frozenset({"world"}),
        "metal": frozenset({"rock", "punk"}),
        "pop": frozenset({"electronic", "rock", "soul", "funk", "folk", "latin", "country", "hip hop"}),
        "punk": frozenset({"rock", "metal"}),
        "reggae": frozenset({"world"}),
        "rock": frozenset({"blues", "punk", "metal", "folk", "country", "pop"}),
        "soul": frozenset({"funk", "hip hop", "jazz", "pop", "blues"}),
        "world": frozenset({"folk", "latin"}),
    }
)

# What words say of a song's audio features: those for a high value, those for a low one (see `conditions`).
FEATURE_WORDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = MappingProxyType(
    {
        "energy": (
            _words("""
                driving pounding frantic fierce fiercely explosive blistering furious furiously thunderous roaring
                raucous aggressive energetic relentless intense ferocious pummeling propulsive adrenaline
            """),
            _words("""
                gentle gently quiet quietly hushed soft softly calm calming mellow delicate delicately tender tenderly
                soothing sleepy lullaby serene languid tranquil placid subdued relaxing peaceful meditative
                dreamy airy breathy ethereal whispery whispered whispering
            """),
        ),
        "loudness": (_words("loud loudly deafening"), _words("quiet quietly hushed")),
        "valence": (
            _words("""
                joyful joyous joy happy happily cheerful cheery sunny euphoric exuberant jubilant upbeat playful
                blissful celebratory giddy fun
                jaunty bouncy carefree
            """),
            _words("""
                sad sadness melancholy melancholic mournful gloomy bleak somber sombre sorrowful sorrow dark
                despair despairing doleful funereal ominous menacing sinister brooding grim dread anguished
            """),
        ),
        "danceability": (_words("danceable dancefloor dance dancing groovy funky club"), _words("beatless shapeless")),
        "acousticness": (_words("acoustic unplugged"), _words("electronic synthesized digital robotic")),
        "tempo": (_words("fast uptempo breakneck speedy frantic"), _words("slow slowly downtempo languid ballad")),
        "instrumentalness": (_words("instrumental wordless"), frozenset()),
    }
)

# Words that keep capitals wherever they stand, as they are written.
CASED: Mapping[str, str] = MappingProxyType(
    {word: word.upper() for word in _words("dj mc edm idm i r b")}
    | {"djs": "DJs", "dj's": "DJ's", "i'm": "I'm", "i've": "I've", "i'd": "I'd", "i'll": "I'll"}
    | {
        word: word.title()
        for word in _words("""
            latin celtic balearic caribbean moog rhodes hammond wurlitzer mellotron motown gregorian christmas halloween
        """)
    }
)
