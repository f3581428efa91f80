"""The manifest of a bundle: what is in it, with units and ranges, read strictly and written back the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from inference.conditions import SOURCES
from inference.errors import BundleError

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
LEAST_TOP_K = 8  # of the likeliest tokens, up to four are refused at a step: the last, the end, and two slots
MOST_DRAWS = 64  # of latents for one candidate
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST = 2**31  # no size, count or number of bytes in a manifest is larger

T = TypeVar("T")


@dataclass(frozen=True)
class Sizes:
    """Dimensions of the model; the letters are the legend of every shape."""

    vocabulary: int  # V
    embedding: int  # E
    hidden: int  # H
    latent: int  # Z
    condition: int  # A
    top_k: int  # K, how many next tokens a step returns


@dataclass(frozen=True)
class Limits:
    """How far a sentence may go."""

    max_tokens: int  # subwords, the end counted


@dataclass(frozen=True)
class Special:
    """Token ids with a meaning of their own."""

    pad: int
    bos: int
    eos: int
    banned: tuple[int, ...]  # never sampled


@dataclass(frozen=True)
class FileEntry:
    """What a file of the bundle must be."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Tensor:
    """An input of a graph: its dimensions are numbers or letters of the legend."""

    dtype: str
    shape: tuple[int | str, ...]
    unit: str
    range: tuple[float, float] | None = None


@dataclass(frozen=True)
class DataSource:
    """Text that the model learnt from."""

    source: str
    licence: str
    documents: int
    sentences: int


@dataclass(frozen=True)
class Style:
    """What sentences are asked to be like; None leaves it open."""

    source: str | None = None  # one of conditions.SOURCES
    descriptive: float | None = None  # 0 to 1
    words: tuple[float, float] | None = None  # lengths between which the candidates are spread


@dataclass(frozen=True)
class Sampling:
    """How tokens and latents are drawn."""

    temperature: float
    top_k: int
    min_p: float  # tokens less likely than this share of the likeliest are left out
    top_p: float = 1.0  # tokens beyond this much probability are left out
    scale: float = 1.0  # standard deviation of z
    truncation: float = 2.0  # z stays within so many standard deviations
    guidance: float = 0.0  # how much words that the song calls for are preferred, 1: as in what people wrote
    style: Style = field(default_factory=Style)


@dataclass(frozen=True)
class Proposals:
    """How latents are proposed in a bundle with a learnt generator and critics."""

    generator: bool  # whether the generator is used unless one says otherwise: what measured best
    critics: bool  # the same for the critics
    draws: int  # latents from which the critics choose one
    scale: float  # standard deviation of the z that the generator moves
    truncation: float  # that z stays within so many standard deviations
    weights: Mapping[str, float]  # output of the critics -> what the logarithm of that score counts for


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything that is told about a bundle; `write_manifest` in `inference.bundle` fills in `files`."""

    name: str
    version: str
    created: str  # ISO 8601
    sizes: Sizes
    limits: Limits
    special: Special
    inputs: Mapping[str, Mapping[str, Tensor]]  # graph -> tensor name -> tensor
    data: tuple[DataSource, ...]
    figures: Mapping[str, Any]  # measured while the bundle was made
    seeds: Mapping[str, int]
    sampling: Sampling
    proposals: Proposals | None = None
    files: Mapping[str, FileEntry] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def as_dict(self) -> dict[str, Any]:
        """The manifest as it stands in JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read a manifest; BundleError with the place of the first fault."""
        try:
            raw = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise BundleError(f"{MANIFEST} is no JSON ({error}); make the bundle again.") from error
        if isinstance(raw, dict) and raw.get("schema_version") != SCHEMA_VERSION:
            raise BundleError(
                f"The bundle has schema version {raw.get('schema_version')!r:.40}, but this program reads version "
                f"{SCHEMA_VERSION}; use a bundle that was made for it."
            )
        manifest = _record(cls, raw, "", _MANIFEST_READERS)
        _check(manifest)
        return manifest


def _fault(place: str, wanted: str) -> BundleError:
    return BundleError(f"In {MANIFEST}, {place or 'the whole'} must be {wanted}; make the bundle again.")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


Reader = Callable[[Any, str], Any]


def _record(kind: type[T], raw: Any, place: str, readers: Mapping[str, Reader]) -> T:
    """A dataclass from a JSON object with just its fields; those with a default may be left out."""
    if not isinstance(raw, dict):
        raise _fault(place, "an object")
    unknown = sorted(raw.keys() - readers.keys())
    if unknown:
        raise BundleError(f"{MANIFEST} has an unknown key {unknown[0]!r:.60}; make the bundle again.")
    values = {name: read(raw[name], f"{place}.{name}".lstrip(".")) for name, read in readers.items() if name in raw}
    try:
        return kind(**values)
    except TypeError:
        missing = next(f.name for f in fields(kind) if f.name not in values)  # type: ignore[arg-type]  # a dataclass
        raise BundleError(f"{MANIFEST} lacks {f'{place}.{missing}'.lstrip('.')}; make the bundle again.") from None


def _text(raw: Any, place: str) -> str:
    if not isinstance(raw, str) or not 0 < len(raw) <= 500 or not raw.isprintable():
        raise _fault(place, "1 to 500 printable characters")
    return raw


def _whole(raw: Any, place: str) -> int:
    if type(raw) is not int or not 0 <= raw < _MOST:
        raise _fault(place, f"a whole number from 0 to {_MOST}")
    return raw


def _positive(raw: Any, place: str) -> int:
    if _whole(raw, place) == 0:
        raise _fault(place, "a whole number above 0")
    return int(raw)


def _flag(raw: Any, place: str) -> bool:
    if type(raw) is not bool:
        raise _fault(place, "true or false")
    return raw


def _number(low: float, high: float) -> Reader:
    def read(raw: Any, place: str) -> float:
        if type(raw) not in (int, float) or not low <= raw <= high:
            raise _fault(place, f"a number from {low:g} to {high:g}")
        return float(raw)

    return read


def _optional(read: Reader) -> Reader:
    return lambda raw, place: None if raw is None else read(raw, place)


def _list(read: Reader) -> Reader:
    def read_all(raw: Any, place: str) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            raise _fault(place, "a list")
        return tuple(read(value, f"{place}[{i}]") for i, value in enumerate(raw))

    return read_all


def _pair(read: Reader) -> Reader:
    def read_two(raw: Any, place: str) -> tuple[Any, ...]:
        if not isinstance(raw, list) or len(raw) != 2:
            raise _fault(place, "two numbers")
        return _list(read)(raw, place)  # type: ignore[no-any-return]  # a Reader may return anything

    return read_two


def _map(read: Reader) -> Reader:
    def read_all(raw: Any, place: str) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise _fault(place, "an object")
        return {name: read(value, f"{place}.{name:.60}") for name, value in raw.items()}

    return read_all


def _of(kind: type[Any], **readers: Reader) -> Reader:
    return lambda raw, place: _record(kind, raw, place, readers)


def _dimension(raw: Any, place: str) -> int | str:
    return _text(raw, place) if isinstance(raw, str) else _positive(raw, place)


def _as_is(raw: Any, _place: str) -> Any:
    return raw


_STYLE = _of(
    Style,
    source=_optional(_text),
    descriptive=_optional(_number(0, 1)),
    words=_optional(_pair(_number(1, 60))),
)
_SAMPLING = _of(
    Sampling,
    temperature=_number(0.01, 10),
    top_k=_positive,
    min_p=_number(0, 1),
    top_p=_number(0.01, 1),
    scale=_number(0, 10),
    truncation=_number(0.1, 10),
    guidance=_number(0, 10),
    style=_STYLE,
)
_PROPOSALS = _of(
    Proposals,
    generator=_flag,
    critics=_flag,
    draws=_positive,
    scale=_number(0, 10),
    truncation=_number(0.1, 10),
    weights=_map(_number(-100, 100)),
)
_MANIFEST_READERS: Mapping[str, Reader] = {
    "schema_version": _whole,
    "name": _text,
    "version": _text,
    "created": _text,
    "sizes": _of(Sizes, **{f.name: _positive for f in fields(Sizes)}),
    "limits": _of(Limits, max_tokens=_positive),
    "special": _of(Special, pad=_whole, bos=_whole, eos=_whole, banned=_list(_whole)),
    "inputs": _map(
        _map(
            _of(
                Tensor,
                dtype=_text,
                shape=_list(_dimension),
                unit=_text,
                range=_optional(_pair(_number(-1e12, 1e12))),
            )
        )
    ),
    "data": _list(_of(DataSource, source=_text, licence=_text, documents=_whole, sentences=_whole)),
    "figures": _map(_as_is),
    "seeds": _map(_whole),
    "sampling": _SAMPLING,
    "proposals": _optional(_PROPOSALS),
    "files": _map(_of(FileEntry, sha256=_text, bytes=_whole)),
}


def _check(manifest: Manifest) -> None:
    """What no single field can tell."""
    sizes, special, sampling = manifest.sizes, manifest.special, manifest.sampling
    if max(special.pad, special.bos, special.eos, *special.banned, 0) >= sizes.vocabulary:
        raise _fault("special", f"ids below the vocabulary of {sizes.vocabulary}")
    if special.eos in special.banned or sampling.top_k > sizes.top_k:
        raise _fault("sampling.top_k", f"at most sizes.top_k ({sizes.top_k}), and the end not banned")
    if sampling.style.source not in (None, *SOURCES):
        raise _fault("sampling.style.source", f"one of {', '.join(SOURCES)}")
    if sizes.top_k < LEAST_TOP_K:
        raise _fault("sizes.top_k", f"at least {LEAST_TOP_K}")
    if manifest.proposals is not None and not (1 <= manifest.proposals.draws <= MOST_DRAWS and manifest.proposals.weights):
        raise _fault("proposals", f"with at least one weight, and 1 to {MOST_DRAWS} draws")
    if manifest.limits.max_tokens > 512:
        raise _fault("limits.max_tokens", "at most 512")
    for name, entry in manifest.files.items():
        if not _FILE_NAME.fullmatch(name) or name == MANIFEST:
            raise _fault("files", f"plain file names of the same folder, not {name!r:.80}")
        if not _SHA256.fullmatch(entry.sha256):
            raise _fault(f"files.{name}.sha256", "64 hexadecimal digits")
