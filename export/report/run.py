"""The report stage: gathers the sections of a run and writes the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.progress import Progress

from export.bias import find_bias
from export.errors import StageError
from export.report import measured, sections
from export.report.page import Page, render
from export.stages import Run
from inference.bundle import read_manifest
from inference.manifest import MANIFEST, Manifest

REPORT = "report.html"


def write_report(
    run: Run, progress: Progress, *, bundle: Path | None = None, replies: int = 200, output: Path | None = None
) -> Path:
    """Write the page of a run and return its path; `bundle` (the run's own, if None and it has one) is asked for `replies`.

    Raises StageError when the run has no folder: a half-made run has a page, one that never began has none.
    """
    if not run.folder.is_dir():
        raise StageError(f"There is no run in {run.folder}; run `python -m export corpus` first.")
    own = run.bundle
    speaks = bundle if bundle is not None else own if (own / MANIFEST).exists() else None
    manifest = None if speaks is None else read_manifest(speaks)
    spoken: dict[str, Any] = find_bias(run, speaks, replies, progress) if run.commentary.exists() else {}
    page = Page(
        title=f"Run {run.folder.name}",
        facts=_facts(run, manifest),
        sections=[
            measured.evaluation(run.folder),
            measured.blind(run.folder),
            measured.samples(run.folder, spoken),
            sections.corpus(run.folder),
            sections.training(run.folder),
            sections.latent(run.folder),
            sections.topics(run.folder),
            sections.contrast(run.folder),
            sections.ladder(run.folder),
            sections.lcgan(run.folder),
            measured.bias(spoken),
        ],
    )
    path = output or run.folder / REPORT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(page), encoding="utf-8")
    return path


def _facts(run: Run, manifest: Manifest | None) -> dict[str, str]:
    """What the page is about."""
    facts = {"Seed": str(run.config.seed)}
    if manifest is not None:
        size = sum(entry.bytes for entry in manifest.files.values()) / 1e6
        facts["Bundle"] = f"{manifest.name} {manifest.version}, made on {manifest.created}, {size:.1f} MB"
        sizes = manifest.sizes
        facts["Model"] = f"{sizes.vocabulary:,} subwords, {sizes.hidden} hidden units, z of {sizes.latent}"
    return facts
