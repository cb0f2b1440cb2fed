"""Writing files: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from needlepoint.errors import InputError

__all__ = ["write_bytes", "write_text"]


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text so that a reader sees the old file or the whole new one, never a half."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes atomically, through a temporary file in the same folder; through a link, to what it points at.

    What is no file (a pipe, a device) takes them as they come, and stays what it is.

    Raises
    ------
    InputError
        The folder is not there or cannot be written, or the disk is full.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        _pour(path, content)
        return
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror}", mend="choose a folder you may write to"
        ) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except OSError as error:  # the disk is full, or the file may not be replaced
        os.unlink(name)
        raise InputError(
            f"cannot write {path}: {error.strerror}",
            mend="make room or choose another place; nothing was changed",
        ) from error
    except BaseException:
        os.unlink(name)
        raise


def _pour(path: Path, content: bytes) -> None:
    try:
        with path.open("wb") as stream:
            stream.write(content)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}", mend="choose another place") from error
