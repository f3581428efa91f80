"""A bundle is what its manifest says, or it is refused with one sentence that says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference import bundle as bundle_module
from inference.bundle import FILES, Bundle, read_manifest, shipped, write_manifest
from inference.errors import BundleError, DeviceError

Change = Callable[[dict[str, Any]], object]


def refusal(folder: Path) -> str:
    """The message with which a bundle is refused: one line, ending like a sentence."""
    with pytest.raises(BundleError) as caught:
        Bundle.open(folder, device="cpu", threads=1)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def change_manifest(folder: Path, change: Change) -> None:
    """Edit the manifest as somebody with a text editor would."""
    path = folder / "manifest.json"
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))


def test_opens_and_tells_what_it_is(made_bundle: Path) -> None:
    opened = Bundle.open(made_bundle, device="cpu", threads=1)
    assert (opened.manifest.name, opened.manifest.version, opened.device) == ("tiny", "1", "cpu")
    assert opened.tokenizer.size == opened.manifest.sizes.vocabulary == opened.ngram.vocabulary
    assert set(opened.manifest.files) == set(FILES)


def test_manifest_is_written_as_it_is_read(made_bundle: Path, bundle_folder: Path) -> None:
    before = read_manifest(made_bundle)
    assert write_manifest(bundle_folder, before) == before
    assert read_manifest(bundle_folder) == before
    assert json.loads((bundle_folder / "manifest.json").read_text()) == json.loads(json.dumps(before.as_dict()))


def test_manifest_needs_every_file(made_bundle: Path, bundle_folder: Path) -> None:
    (bundle_folder / "ngram.npz").unlink()
    with pytest.raises(BundleError, match=r"lacks ngram\.npz"):
        write_manifest(bundle_folder, read_manifest(made_bundle))


def test_encoder_finds_a_latent(bundle: Bundle) -> None:
    mean, logvar = bundle.encoder.run(None, {"tokens": np.array([[20, 30, 40]])})
    assert mean.shape == logvar.shape == (1, bundle.manifest.sizes.latent)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused(bundle_folder: Path, name: str) -> None:
    path = bundle_folder / name
    path.write_bytes(path.read_bytes()[:-1])
    assert name in refusal(bundle_folder)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_refused(bundle_folder: Path, name: str) -> None:
    path = bundle_folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "not the file that the bundle was made with" in refusal(bundle_folder)


@pytest.mark.parametrize("name", FILES)
def test_rubbish_with_the_right_hash_is_refused(bundle_folder: Path, name: str) -> None:
    (bundle_folder / name).write_bytes(b"rubbish")
    write_manifest(bundle_folder, read_manifest(bundle_folder))
    if name == "encoder.onnx":
        with pytest.raises(BundleError, match=r"encoder\.onnx"):
            _ = Bundle.open(bundle_folder, device="cpu", threads=1).encoder
    else:
        assert name in refusal(bundle_folder)


def test_a_missing_file_is_refused(bundle_folder: Path) -> None:
    (bundle_folder / "words.npz").unlink()
    assert "words.npz is missing" in refusal(bundle_folder)


def test_a_link_out_of_the_folder_is_refused(bundle_folder: Path, made_bundle: Path) -> None:
    (bundle_folder / "words.npz").unlink()
    (bundle_folder / "words.npz").symlink_to(made_bundle / "words.npz")
    assert "link" in refusal(bundle_folder)


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    assert "no manifest.json" in refusal(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000, '{"schema_version": 1e999}', "\x00", "NaN"])
def test_a_manifest_that_is_none_is_refused(bundle_folder: Path, text: str) -> None:
    (bundle_folder / "manifest.json").write_text(text)
    assert "manifest" in refusal(bundle_folder) or "schema" in refusal(bundle_folder)


def test_an_endless_manifest_is_refused(bundle_folder: Path) -> None:
    (bundle_folder / "manifest.json").write_text(" " * 1_000_001)
    assert "larger than" in refusal(bundle_folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.update(schema_version=2), "schema version 2"),
        (lambda m: m.pop("schema_version"), "schema version None"),
        (lambda m: m.pop("sizes"), "lacks sizes"),
        (lambda m: m["sizes"].pop("hidden"), "lacks sizes.hidden"),
        (lambda m: m["sizes"].update(hidden=0), "sizes.hidden"),
        (lambda m: m["sizes"].update(hidden="640"), "sizes.hidden"),
        (lambda m: m["sizes"].update(hidden=True), "sizes.hidden"),
        (lambda m: m["sizes"].update(hidden=10**30), "sizes.hidden"),
        (lambda m: m["sizes"].update(hidden=7), "h 7 wide"),
        (lambda m: m["sizes"].update(latent=3), "z 3 wide"),
        (lambda m: m["sizes"].update(vocabulary=9999), "vocabulary 9999"),
        (lambda m: m["sizes"].update(condition=3), "condition 3"),
        (lambda m: m["sizes"].update(top_k=2), "sizes.top_k"),
        (lambda m: m["sampling"].update(top_k=33), "sampling.top_k"),
        (lambda m: m["sampling"].update(temperature=0), "sampling.temperature"),
        (lambda m: m["sampling"].update(min_p=-1), "sampling.min_p"),
        (lambda m: m["sampling"]["style"].update(source="diary"), "sampling.style.source"),
        (lambda m: m["sampling"]["style"].update(words=[8]), "sampling.style.words"),
        (lambda m: m["special"].update(banned=[10**6]), "special"),
        (lambda m: m["special"].update(banned=[3]), "end"),
        (lambda m: m["limits"].update(max_tokens=100_000), "limits.max_tokens"),
        (lambda m: m.update(more=1), "unknown key 'more'"),
        (lambda m: m.update(name=""), "name"),
        (lambda m: m.update(name="a\nb"), "name"),
        (lambda m: m.update(files=[]), "files"),
        (lambda m: m["files"].pop("ngram.npz"), "does not list ngram.npz"),
        (lambda m: m["files"].update({"../secret.npz": m["files"]["ngram.npz"]}), "../secret.npz"),
        (lambda m: m["files"].update({"/etc/passwd": m["files"]["ngram.npz"]}), "/etc/passwd"),
        (lambda m: m["files"].update({"a\\b.npz": m["files"]["ngram.npz"]}), "plain file names"),
        (lambda m: m["files"].update({"manifest.json": m["files"]["ngram.npz"]}), "plain file names"),
        (lambda m: m["files"]["ngram.npz"].update(bytes=10**9), "ngram.npz"),
        (lambda m: m["files"]["ngram.npz"].update(sha256="0" * 63), "sha256"),
    ],
)
def test_a_wrong_manifest_is_refused(bundle_folder: Path, change: Change, said: str) -> None:
    change_manifest(bundle_folder, change)
    assert said in refusal(bundle_folder)


def test_graphs_with_other_tensors_are_refused(bundle_folder: Path) -> None:
    (bundle_folder / "decoder_start.onnx").write_bytes((bundle_folder / "encoder.onnx").read_bytes())
    write_manifest(bundle_folder, read_manifest(bundle_folder))
    assert "decoder_start.onnx must take z, condition" in refusal(bundle_folder)


def test_an_unknown_device_is_refused(made_bundle: Path) -> None:
    with pytest.raises(DeviceError, match="no device 'tpu'; use auto, cpu, cuda"):
        Bundle.open(made_bundle, device="tpu")


def test_the_device_is_the_one_that_runs(
    made_bundle: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if bundle_module._has_cuda():
        pytest.skip("a GPU is here")
    assert Bundle.open(made_bundle, device="auto").device == "cpu"
    with pytest.raises(DeviceError, match=r"deephypebot\[gpu\]"):
        Bundle.open(made_bundle, device="cuda")
    # A driver without CUDA's libraries: auto falls back, and nothing is printed.
    monkeypatch.setattr(bundle_module, "_has_cuda", lambda: True)
    assert Bundle.open(made_bundle, device="auto").device == "cpu"
    assert capfd.readouterr() == ("", "")


def test_one_bundle_is_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_bundle: Path) -> None:
    monkeypatch.setattr(bundle_module, "MODELS", tmp_path)
    with pytest.raises(BundleError, match="there are 0"):
        shipped()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_bytes((made_bundle / "manifest.json").read_bytes())
        if name == "one":
            assert shipped() == tmp_path / "one"
    with pytest.raises(BundleError, match="there are 2"):
        shipped()
