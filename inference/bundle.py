"""The bundle: one folder with a manifest, checked file by file, opened as everything that speaking needs."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import io
import json
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import onnxruntime

from inference.conditions import ConditionEncoder
from inference.energy import ENERGY, EnergyModel
from inference.errors import BundleError, DeviceError
from inference.genres import GenreTable
from inference.guidance import GUIDANCE, Guidance
from inference.manifest import MANIFEST, FileEntry, Manifest
from inference.ngram import NgramModel
from inference.novelty import NoveltyFilter
from inference.tokenizer import Tokenizer
from inference.topics import TopicModel
from inference.words import WordList

MODELS = Path(__file__).with_name("models")
START, STEP, ENCODER = "decoder_start.onnx", "decoder_step.onnx", "encoder.onnx"
# What every bundle holds; further files may be listed beside them.
FILES = ("tokenizer.model", START, STEP, ENCODER, "genres.npz", "ngram.npz", "novelty.npz", "words.npz")
# In a bundle that has learnt where in the latent space to look: z and what is asked in, a better z or its scores out.
GENERATOR, CRITICS = "generator.onnx", "critics.onnx"
TOPICS = "topics.npz"  # in a bundle whose run has topics
# Names of what goes into each graph and comes out of it.
TENSORS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...] | None]] = {
    START: (("z", "condition"), ("h", "c", "drive")),
    STEP: (("token", "h", "c", "drive", "bias"), ("top_logp", "top_ids", "h_out", "c_out")),
    ENCODER: (("tokens",), ("mean", "logvar")),
    GENERATOR: (("z", "condition"), ("moved",)),
    CRITICS: (("z", "condition"), None),  # the manifest names what it returns
    ENERGY: (("tokens", "lengths", "condition"), ("logits",)),
}
_MOST_MANIFEST_BYTES = 1_000_000
_MOST_FILE_BYTES = 500_000_000
_MOST_THREADS = 4
_SILENT = 4  # onnxruntime's severity "fatal": what it would print is raised, or does not matter
DEVICES = ("auto", "cpu", "cuda")


def shipped() -> Path:
    """The folder of the bundle that came with the program."""
    folders = sorted(path for path in MODELS.glob("*") if (path / MANIFEST).is_file())
    if len(folders) != 1:
        raise BundleError(
            f"There must be one bundle in {MODELS}, but there are {len(folders)}; install again or name a bundle."
        )
    return folders[0]


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Write manifest.json with size and SHA-256 of all files of the folder that make the bundle, and return it.

    Those are FILES and whatever else ends in .onnx, .npz or .model. Raises BundleError when one of FILES is missing.
    """
    present = {path.name for suffix in ("onnx", "npz", "model") for path in folder.glob(f"*.{suffix}")}
    files = {name: _describe(folder / name) for name in sorted(present | set(FILES))}
    complete = replace(manifest, files=files)
    text = json.dumps(complete.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    Manifest.from_json(text)  # nothing is written that could not be read
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return complete


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files are what its manifest says, loaded, with its graphs ready to run on `device`."""

    folder: Path
    manifest: Manifest
    device: str  # the one that really runs: "cpu" or "cuda"
    threads: int
    tokenizer: Tokenizer
    conditions: ConditionEncoder
    ngram: NgramModel
    novelty: NoveltyFilter
    words: WordList
    start: onnxruntime.InferenceSession
    step: onnxruntime.InferenceSession
    topics: TopicModel | None = None  # what a sentence is about, if the bundle tells
    generator: onnxruntime.InferenceSession | None = None  # these two, if the bundle has learnt them
    critics: onnxruntime.InferenceSession | None = None
    energy: EnergyModel | None = None  # how good a sentence is, if the bundle tells
    guidance: Guidance | None = None  # which words a song calls for, if the bundle tells

    @classmethod
    def open(cls, folder: Path, *, device: str = "auto", threads: int | None = None) -> Bundle:
        """Check and load a bundle; `threads` (by default as many as there are cores, but 4 at most) run a graph.

        BundleError tells what is wrong with the folder, DeviceError that a device other than "auto" cannot run here.
        """
        if device not in DEVICES:
            raise DeviceError(f"There is no device {device!r:.40}; use {', '.join(DEVICES)}.")
        threads = threads or min(_cores(), _MOST_THREADS)
        manifest = read_manifest(folder)
        graphs = _verify(folder, manifest)
        start, runs_on = _session(graphs[START], START, device, threads)
        step, runs_on = _session(graphs[STEP], STEP, runs_on, threads)
        tokenizer = Tokenizer(folder / "tokenizer.model")
        energy = _session(graphs[ENERGY], ENERGY, runs_on, threads)[0] if ENERGY in graphs else None
        # So small that a GPU would take longer to be asked than to answer.
        learnt = [_session(graphs[name], name, "cpu", threads)[0] for name in _learnt(manifest)]
        bundle = cls(
            folder=folder,
            manifest=manifest,
            device=runs_on,
            threads=threads,
            tokenizer=tokenizer,
            conditions=ConditionEncoder(GenreTable.load(folder / "genres.npz")),
            ngram=NgramModel.load(folder / "ngram.npz"),
            novelty=NoveltyFilter.load(folder / "novelty.npz"),
            words=WordList.load(folder / "words.npz"),
            start=start,
            step=step,
            topics=TopicModel.load(folder / TOPICS) if TOPICS in manifest.files else None,
            generator=learnt[0] if learnt else None,
            critics=learnt[1] if learnt else None,
            energy=EnergyModel(energy, tokenizer) if energy is not None else None,
            guidance=Guidance.load(folder / GUIDANCE) if GUIDANCE in manifest.files else None,
        )
        bundle._check_sizes()
        bundle._check_critics()
        return bundle

    @cached_property
    def encoder(self) -> onnxruntime.InferenceSession:
        """The graph that finds the latent of a sentence; loaded when first asked for, as speaking does without it."""
        session, _ = _session((self.folder / ENCODER).read_bytes(), ENCODER, self.device, self.threads)
        return session

    def _check_sizes(self) -> None:
        sizes = self.manifest.sizes
        found = {
            "vocabulary": (sizes.vocabulary, self.tokenizer.size),
            "vocabulary of the n-gram model": (sizes.vocabulary, self.ngram.vocabulary),
            "condition": (sizes.condition, self.conditions.size),
        }
        if self.guidance is not None:
            found["condition of the guidance"] = (sizes.condition, self.guidance.sizes[0])
            found["vocabulary of the guidance"] = (sizes.vocabulary, self.guidance.sizes[1])
        for name, (told, true) in found.items():
            if told != true:
                raise BundleError(f"The manifest says {name} {told}, but the files have {true}; make the bundle again.")
        widths = {
            "z": sizes.latent,
            "condition": sizes.condition,
            **dict.fromkeys(("h", "c"), sizes.hidden),
            "drive": 4 * sizes.hidden,
            "bias": sizes.vocabulary,
        }
        energy = self.energy.inputs if self.energy else ()
        sessions = [session for session in (self.start, self.step, self.generator, self.critics) if session is not None]
        for tensor in (*(tensor for session in sessions for tensor in session.get_inputs()), *energy):
            width = tensor.shape[-1]
            if isinstance(width, int) and width != widths.get(tensor.name, width):
                raise BundleError(
                    f"The manifest's sizes want {tensor.name} {widths[tensor.name]} wide, but the graph takes {width}; "
                    "make the bundle again."
                )

    def _check_critics(self) -> None:
        """Whether the critics return what the manifest weighs."""
        if self.critics is not None and self.manifest.proposals is not None:
            missing = self.manifest.proposals.weights.keys() - {tensor.name for tensor in self.critics.get_outputs()}
            if missing:
                raise BundleError(f"{CRITICS} does not return {min(missing)!r:.60}, which the manifest weighs; make it again.")


def _learnt(manifest: Manifest) -> tuple[str, ...]:
    """Generator and critics, when the bundle has them; BundleError when it has a part of what belongs together."""
    listed = [name in manifest.files for name in (GENERATOR, CRITICS)]
    if any(listed) != all(listed) or any(listed) != (manifest.proposals is not None):
        raise BundleError(
            f"{GENERATOR}, {CRITICS} and the manifest's proposals belong together, but one is missing; make the bundle again."
        )
    return (GENERATOR, CRITICS) if any(listed) else ()


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a bundle, without looking at its other files."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > _MOST_MANIFEST_BYTES:
            raise BundleError(f"{path} is larger than {_MOST_MANIFEST_BYTES:,} bytes, so it is no manifest.")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BundleError(f"There is no bundle in {folder}: it has no {MANIFEST}; name a folder that has one.") from None
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read ({type(error).__name__}); name a folder that can.") from error
    return Manifest.from_json(text)


def _verify(folder: Path, manifest: Manifest) -> dict[str, bytes]:
    """Check size and hash of every file; return the graphs, so that what was checked is what runs."""
    missing = [name for name in FILES if name not in manifest.files]
    if missing:
        raise BundleError(f"The manifest does not list {missing[0]}; make the bundle again.")
    graphs = {}
    for name, told in manifest.files.items():
        path = folder / name
        _check_plain(path, told.bytes)
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != told.sha256:
            raise BundleError(f"{name} is not the file that the bundle was made with; copy the bundle again.")
        if name in TENSORS and name != ENCODER:
            graphs[name] = content
    return graphs


def _check_plain(path: Path, size: int) -> None:
    """Refuse what is no plain file of this folder, or not as long as it must be, before anything is read."""
    try:
        status = path.lstat()
    except OSError:
        raise BundleError(f"{path.name} is missing from the bundle; copy the bundle again.") from None
    if not stat.S_ISREG(status.st_mode):
        raise BundleError(f"{path.name} is a link or no file; a bundle holds plain files only.")
    if status.st_size != size or size > _MOST_FILE_BYTES:
        raise BundleError(
            f"{path.name} has {status.st_size:,} bytes, but the manifest says {size:,} "
            f"(at most {_MOST_FILE_BYTES:,}); copy the bundle again."
        )


def _describe(path: Path) -> FileEntry:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BundleError(f"The bundle lacks {path.name}; write it before the manifest.") from error
    return FileEntry(hashlib.sha256(content).hexdigest(), len(content))


def _cores() -> int:
    """Cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _session(graph: bytes, name: str, device: str, threads: int) -> tuple[onnxruntime.InferenceSession, str]:
    """A session for a graph and the device that it really runs on."""
    onnxruntime.set_default_logger_severity(_SILENT)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Several graphs take turns: threads of one that wait busily would hold up the next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    wants_cuda = device == "cuda" or (device == "auto" and _has_cuda())
    try:
        session = _open(graph, options, cuda=wants_cuda)
    except Exception as error:  # onnxruntime raises a class of its own for every fault of a graph
        raise BundleError(f"{name} cannot be run ({type(error).__name__}); make the bundle again.") from error
    runs_on = "cuda" if session.get_providers()[0] == "CUDAExecutionProvider" else "cpu"
    if device == "cuda" and runs_on != "cuda":
        raise DeviceError(
            "The device is cuda, but no CUDA runs here; install it with: pip install 'deephypebot[gpu]' "
            "(with an NVIDIA driver), or choose the device cpu."
        )
    _check_tensors(session, name)
    return session, runs_on


def _open(graph: bytes, options: onnxruntime.SessionOptions, *, cuda: bool) -> onnxruntime.InferenceSession:
    if cuda and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        # Both the libraries' loader and the session print what they miss; the caller learns it from the providers.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(RuntimeError, ValueError, OSError):
            onnxruntime.preload_dlls()
            providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
            return onnxruntime.InferenceSession(graph, options, providers=providers, enable_fallback=0)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _has_cuda() -> bool:
    """Whether an NVIDIA driver is here; asking onnxruntime itself would print errors where there is none."""
    with contextlib.suppress(OSError):
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        return bool(driver.cuInit(0) == 0)
    return False


def _check_tensors(session: onnxruntime.InferenceSession, name: str) -> None:
    def names(tensors: Iterable[onnxruntime.NodeArg]) -> set[str]:
        return {tensor.name for tensor in tensors}

    inputs, outputs = TENSORS[name]
    returned = names(session.get_outputs())
    if names(session.get_inputs()) != set(inputs) or (outputs is not None and returned != set(outputs)):
        told = f" and return {', '.join(outputs)}" if outputs is not None else ""
        raise BundleError(f"{name} must take {', '.join(inputs)}{told}; make the bundle again.")
