"""How genres are written: the forms in which names are compared, and what the services call what the table knows.

Each service has a vocabulary of its own: iTunes hundreds of fixed names ("Hip-Hop/Rap", "Urbano latino"), Deezer a hundred in
the listener's language ("Musique africaine"), MusicBrainz a list with accents, Last.fm whatever people type.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType

LONGEST = 100  # characters of a name that are read; the rest is cut off, so that hostile text costs nothing

# Letters that have no accent to take off.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})
_APOSTROPHES = re.compile(r"['`´\u2018\u2019\u02bc]")
_AND = re.compile(r"&|\+|(?<=\w)['\u2019]n['\u2019 ]?(?=\w)|(?<!\w)'?n'?(?!\w)")
_WORD = re.compile(r"[^\W_]+")
_DECADE = re.compile(r"(?:19|20)?\d0s")

# Spellings of one word, the same on both sides of a comparison; British and American ones among them.
_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("alt", "altern"), ("alternative",)),
        **dict.fromkeys(("psych", "psychadelic", "psychedelia", "psicodelia", "psychedelisch"), ("psychedelic",)),
        **dict.fromkeys(("prog", "progresivo", "progresiva"), ("progressive",)),
        **dict.fromkeys(("elektronik", "elektronisch", "elektronische", "electronique", "elettronica"), ("electronic",)),
        **dict.fromkeys(("trad", "traditionnel", "traditionnelle", "tradicional"), ("traditional",)),
        "british": ("uk",),
        "color": ("colour",),
        "gangsta": ("gangster",),
        "theater": ("theatre",),
        "rnb": ("r", "and", "b"),
        "dnb": ("drum", "and", "bass"),
        "hiphop": ("hip", "hop"),
        "lofi": ("lo", "fi"),
        "oldschool": ("old", "school"),
        "avantgarde": ("avant", "garde"),
        "synthpop": ("synth", "pop"),
    }
)

# Words that add nothing to a genre: "classical music", "Musique africaine".
_FILLERS = frozenset(("music", "musik", "musica", "musicas", "musique", "musiques", "muziek", "muzik", "muzyka", "genre"))

# Words of opinions, titles and everyday sentences: a name with one of them is no genre unless it is known as a whole.
_EVERYDAY = frozenset(
    """
    a about absolutely all always am amazing and any are at awesome bad be beautiful best better but by can cant check
    covers crap cute do dont ever every fav fave favorite favorites favourite favourites for from fuck fun gang get give go
    good great guy guys hate hates have he hear heard her hey his how i if im in is isnt it its just kill know let life like
    listen listened listening love loved lover loves man me men more most my need never nice not of off oh on one only our
    own owned people perfect rule rules seen sex sexy she shit should so some song songs stuff suck sucks superb than that
    thats their them there they thing this those to today top track tracks under very vocalist vocalists voice voices wanna
    want was we what when where who why with you your
    """.split()
)

# Nationalities that other rules would take for a genre: as a tag they tell where somebody comes from.
_NATIONALITIES = frozenset(("mexican", "spanish", "turkish"))

# Genres that no family tells, and that a name may still be put down to for having them at its end.
HEADS = frozenset(
    """
    bhangra bolero bounce breaks calypso chanson comedy corrido dangdut enka filmi footwork freestyle gabba gamelan ghazal
    kizomba klezmer kompa kuduro kwaito mambo merengue minimalism phonk plugg polka qawwali riddim rockabilly rumba schlager
    shaabi shanty soca soukous soundtrack tarab tekno trot turntablism vallenato worship zouk
    """.split()
)

# Genres of Latin languages, in which what is said of them stands behind: "salsa dura".
LEADS = frozenset("bachata bolero cumbia forro merengue rumba salsa samba sertanejo tango trova vallenato".split())

# What stands beside a genre besides the words in the table's names.
QUALITIES = frozenset(
    """
    anatolian arena blackened blue brown chipmunk crime dissonant documentary epic extreme eyed female festival frat
    freeform fronted ghetto groovy hair hypnagogic hypnotic iranian iraqi jamaican levant levantine mainstream male
    melancholic melodic modal orchestral philharmonic raw romantic sampled shock slacker slow stadium stutter taiwanese
    technical third underground vintage
    """.split()
)

# What the services say, by what the table has for it; several names together stand for a name that spans them.
_SERVICES: Mapping[str, str] = MappingProxyType(
    {
        # pop, rock
        "pop": "international pop, pop internationale, variete internationale, vocal pop",
        "dance pop + edm": "dance, dancefloor, club, club dance, dance club",
        "alternative rock": "alternative, alternativ, alternatif, alternativo, alternativa, adult alternative, college rock",
        "indie rock": "indie, indi, independent, rock inde, rock independant, indie alternative",
        "indie pop": "pop inde, pop independant",
        "album rock": "aor, album oriented rock, adult oriented rock",
        "soft rock": "adult contemporary, light rock, middle of the road",
        "adult standards": "vocal, standards, traditional pop, great american songbook, crooner, crooners",
        "brill building pop + rock-and-roll": "oldies, golden oldies",
        "brill building pop": "brill building",
        "gothic rock": "gothic, goth, goth rock",
        "glam rock": "glam",
        "surf music": "surf, surf rock",
        "psychedelic rock": "psychedelic",
        "progressive rock": "progressive",
        "stoner rock": "stoner",
        "twee pop": "twee",
        "shoegaze": "shoegazer, shoegazing",
        "madchester": "baggy",
        "merseybeat": "beat",
        "mod revival": "mod",
        "ethereal wave": "ethereal",
        "slowcore": "sadcore",
        "nwobhm": "new wave of uk heavy metal",
        "jam band": "jam bands, jam rock",
        "metal": "heavy metal, true metal, classic metal",
        "sludge metal": "sludge",
        "punk": "punk rock",
        "crust punk": "crust",
        "depressive black metal": "dsbm, suicidal black metal, depressive suicidal black metal",
        "technical death metal": "tech death, tech death metal",
        "neue deutsche harte": "ndh",
        "neue deutsche welle": "ndw",
        # electronic
        "electronica": "electronic, electronica dance, leftfield",
        "edm": "electronic dance, dance edm",
        "intelligent dance music": "idm",
        "electro": "elektro",
        "breakbeat": "breakbeats",
        "chiptune": "chip, chip tunes",
        "glitch": "clicks and cuts",
        "downtempo": "downbeat, downbeats, chill out lounge, chill out trip hop lounge",
        "minimal techno": "minimal",
        "gabba": "gabber",
        "goa trance": "goa",
        "psychedelic trance": "psytrance",
        "uk garage": "2 step, two step, 2 step garage, ukg",
        "liquid funk": "liquid dnb",
        "drum and bass": "d and b, drumnbass",
        "footwork": "juke, juke footwork",
        "acid house": "acid",
        "synthwave": "outrun, retrowave",
        "hyperpop": "digicore, dariacore",
        "psychill": "psybient",
        "ebm": "electronic body",
        "balearic": "balearic beat, balearic beats",
        # hip hop, soul
        "old school hip hop": "old school, old school rap",
        "east coast hip hop": "east coast, east coast rap",
        "west coast rap": "west coast, west coast hip hop",
        "dirty south rap": "dirty south, southern rap",
        "gangster rap": "gangster",
        "german hip hop": "deutschrap, deutscher hip hop, deutscher rap, german rap",
        "french hip hop": "french rap, rap fr",
        "italian hip hop": "rap italiano",
        "j-rap": "j hip hop",
        "jazz rap": "jazz hop, jazz hip hop",
        "urban contemporary": "urban",
        "r&b": "urban contemporary r and b",
        "new jack swing": "swingbeat",
        "soul": "contemporary soul",
        # country, folk, blues
        "nashville sound": "countrypolitan",
        "progressive bluegrass": "newgrass",
        "roots americana": "americana",
        "country": "urban cowboy, western, country western",
        "singer-songwriter": "singer and songwriter, songwriter, singers songwriters, cantautori, auteur compositeur",
        "folk": "new acoustic, folklore, folklorico",
        # jazz, classical, stage, screen
        "jazz fusion": "fusion, fusion jazz",
        "classical": (
            "klassik, classique, clasica, classica, klassiek, klassisk, klasik, classical period, early classical, "
            "ballet, sonata, fugue, rhapsody, minuet"
        ),
        "baroque": "baroque era, baroque suite, barock",
        "late romantic era": "romantic era, romantic period, romanticism",
        "contemporary classical": "modern classical, new classical",
        "gregorian chant": "chant, plainchant",
        "medieval": "medieval era, mittelalter",
        "impressionism": "impressionist",
        "minimalism": "minimalist",
        "operatic pop": "classical crossover, opera pop, popera",
        "chamber ensemble": "chamber",
        "choral": "oratorio, cantata, requiem",
        "orchestra": "orchestral, symphony, symphonies, concerto, orchestre",
        "brass ensemble": "brass and woodwinds",
        "marching band": "marching bands",
        "soundtrack": (
            "soundtracks, score, scores, film score, film scores, original score, ost, bande originale, "
            "bandes originales, filmmusik, films games, films jeux video, filme videospiele, film tv and stage, "
            "tv shows and movies, tv soundtrack, tv soundtracks, film soundtrack, film soundtracks, bso, "
            "colonne sonore, trilha sonora, foreign cinema"
        ),
        "video game music": "video game, video games, game music, game scores, vgm, videospiele, jeux video, game soundtrack",
        "show tunes": "musicals, musical, musical theatre, show tune, comedies musicales",
        "hoerspiel": "horspiel, horspiele",
        "comedy": "standup comedy, stand up, humor, humour",
        "children's music": (
            "kids, children, childrens, kids and family, kinder, musik fur kinder, musik for kinder, jeunesse, "
            "nursery rhymes, comptines chansons, sing along, enfants, infantil, bambini"
        ),
        "lullaby": "lullabies",
        "christmas product": "christmas, holiday, xmas, weihnachten, navidad",
        "workout product": "fitness and workout",
        # faith
        "christian music": "christian, contemporary christian, christian contemporary, christlich, chretien, inspirational",
        "gospel": "traditional gospel, gospel christian",
        "world devotional": "devotional and spiritual, devotional",
        "jewish pop": "jewish",
        "nasheed": "islamic",
        # the world, by region
        "ska": "2 tone, two tone",
        "dancehall": "ragga, raggamuffin, bashment",
        "flamenco": "bulerias",
        "tango": "milonga",
        "choro": "chorinho",
        "samba": "batucada",
        "tropicalia": "tropicalismo",
        "sevdah": "sevdalinka",
        "keroncong": "kroncong",
        "molam": "mor lam",
        "yoik": "joik",
        "bal-musette": "musette",
        "world": "worldwide, worldbeat, musiques du monde, weltmusik, ethnic",
        "afropop": "african, africaine, africana, afrikanische, afro, african popular",
        "afropop + nigerian pop": "afrobeats, afro fusion",
        "soukous": "ndombolo, kwassa, kwassa kwassa",
        "gengetone": "genge",
        "latin": "latino, latina, latinas, latines, latin american, lateinamerikanische, latinoamericana, international latin",
        "urbano latino": "latin urban, urbano",
        "latin pop": "pop latino, pop in spanish, contemporary latin",
        "latin alternative + latin rock": "rock y alternativo, alternative and rock in spanish",
        "rock en espanol": "rock in spanish",
        "regional mexican": "regional mexicano, mexican music, musica mexicana, traditional mexicano",
        "bolero": "baladas y boleros, baladas",
        "corrido": "corridos",
        "mpb": "brazilian music, musique bresilienne, musica brasileira, brasilianische musik, musica popular brasileira",
        "funk carioca": "baile funk, brazilian funk, funk brasileiro",
        "j-pop + k-pop + c-pop": "asian music, musique asiatique, asiatische musik, musica asiatica",
        "j-pop": "japanese music, japanese pop",
        "k-pop": "korean music",
        "c-pop": "chinese music, chinese pop, mandarin pop",
        "cantopop": "cantopop hk pop, hong kong pop",
        "taiwan pop": "tai pop",
        "thai pop": "thai music, t pop",
        "vietnamese pop": "vietnamese music, v pop vietnamese",
        "malaysian pop": "malaysian music",
        "indonesian pop": "indonesian music, indo pop",
        "opm": "original pilipino, pinoy, pinoy pop",
        "manila sound": "manilla sound",
        "filmi": "bollywood, indian pop",
        "filmi + indian classical": "indian music, musique indienne, indische musik, musica indiana",
        "punjabi pop": "punjabi",
        "tamil pop": "tamil",
        "telugu worship + filmi": "telugu",
        "malayalam pop": "malayalam",
        "kannada pop": "kannada",
        "marathi pop": "marathi",
        "gujarati pop": "gujarati",
        "bhojpuri pop": "bhojpuri",
        "haryanvi pop": "haryanvi",
        "odia pop": "odia",
        "assamese pop": "assamese",
        "rajasthani pop": "rajasthani",
        "bengali folk": "bengali",
        "ghazal": "ghazals",
        "arab pop": "arabic, arab, arabe, arabic pop, arabische, arabic music",
        "classic arab pop": "tarab",
        "khaliji": "khaleeji",
        "jalsat": "khaleeji jalsat",
        "sheilat": "khaleeji shailat, shailat",
        "mahraganat": "electro chaabi",
        "turkish pop": "turkish music, fantezi",
        "turkish folk": "halk, turkish folklore",
        "turkish classical": "sanat",
        "israeli pop": "israeli music",
        "french pop": "musique francophone, variete",
        "chanson": "chanson francaise, chanson a texte, chanson realiste",
        "german pop": "deutsch pop",
        "classic italian pop": "canzone italiana, canzone",
        "italian pop": "pop italiano, musica italiana",
        "greek pop": "greek music",
        "cuban rumba": "rumba cubana, guaguanco",
        "son cubano": "son, son montuno",
        "musica tradicional cubana": "cuban, guajira, danzon, musica cubana",
        "balkan beats": "balkan",
        "rai": "maghreb rai",
        "hawaiian": "hawaii",
        "tibetan traditional": "tibetan native music",
        "bard": "russian bard",
    }
)


def normalise_genre(genre: str) -> str:
    """The form in which the table's names are written: lower case, single spaces, no underscores."""
    return " ".join(genre[:LONGEST].lower().replace("_", " ").split())


def plain(genre: str) -> list[str]:
    """Words of a name in lower case without accents, hyphens and apostrophes, an ampersand as "and"."""
    text = unicodedata.normalize("NFKD", genre[:LONGEST].lower().translate(_LETTERS))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return _WORD.findall(_APOSTROPHES.sub("", _AND.sub(" and ", text)))


def spelled(genre: str) -> tuple[str, ...]:
    """Words of a name whatever its case, accents, hyphens, apostrophes and ampersands; none if it has no letters.

    Equal for "R&B", "rnb" and "R'n'B", and for "Alt-Rock" and "alternative rock". Only the first LONGEST characters are read.
    """
    return tuple(part for word in plain(genre) for part in _WORDS.get(word, (word,)))


def key(words: tuple[str, ...]) -> str:
    """What two spellings of a name have in common, however it is split: the same for "k-pop" and "kpop"."""
    return "".join(words)


def readings(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words themselves, then without decades and without words such as "music"; never none, and no reading twice."""
    seen = set()
    timeless = tuple(word for word in words if not _DECADE.fullmatch(word))
    bare = tuple(word for word in timeless if word not in _FILLERS)
    for reading in (words, timeless, bare):
        if reading and reading not in seen:
            seen.add(reading)
            yield reading


def everyday(words: tuple[str, ...]) -> bool:
    """Whether a name that is not known as a whole is an opinion, a sentence or a nationality, and no genre."""
    return not _EVERYDAY.isdisjoint(words) or (len(words) == 1 and words[0] in _NATIONALITIES)


# Names in the table for each name that a service uses, by its key.
SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {key(spelled(name)): tuple(targets.split(" + ")) for targets, names in _SERVICES.items() for name in names.split(", ")}
)
