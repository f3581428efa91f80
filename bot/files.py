"""Files that are written whole or not at all: each gets its name only when it is complete and on the disk."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import InputError


@contextmanager
def whole_file(what: str, target: Path, *, force: bool) -> Iterator[Path]:
    """An empty file beside `target` to be filled, which gets that name at the end, at once; on an error none is left.

    `what` is what messages call it. Raises InputError where a file of this name is there (`force` replaces it) or none can
    be made.
    """
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not force and target.exists():
            raise _taken(target)
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
        os.close(handle)
        unfinished = Path(name)
        try:
            yield unfinished
            with unfinished.open("rb") as file:
                os.fsync(file.fileno())
            _give_name(unfinished, target, force)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(what, target, error) from error


def unwritable(what: str, target: Path, error: Exception) -> InputError:
    """The sentence for a file that cannot be written."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return InputError(
        f"The {what} {str(target)[:200]!r} cannot be written ({reason}); name a file where there is room and right."
    )


def _give_name(unfinished: Path, target: Path, force: bool) -> None:
    """Let the finished file have its name, at once; without `force` not even over one that appeared meanwhile."""
    if force:
        unfinished.replace(target)
        return
    try:
        target.hardlink_to(unfinished)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:  # a file system without links
        unfinished.rename(target)


def _taken(target: Path) -> InputError:
    return InputError(f"{str(target)!r} is there already; name another file, or replace it with --force.")
