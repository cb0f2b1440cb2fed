"""Digests of a pack's files: a changed number cannot pass unseen."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

from needlepoint.errors import PackError
from needlepoint.evidence.read import read_bytes
from needlepoint.evidence.tables import FILES

__all__ = ["MANIFEST", "check_manifest", "digest", "write_manifest"]

MANIFEST = "manifest.toml"
_REWRITE = "if the change is meant, run `needlepoint evidence check --write-manifest`"


def _sha256(data: bytes) -> str:
    # line ends are not content: git may write CR LF on another system
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()


def digest(data: dict[str, bytes]) -> str:
    """Twelve hexadecimal digits of the content of all files of a pack."""
    whole = hashlib.sha256()
    for file in sorted(data):
        whole.update(f"{file} {_sha256(data[file])}\n".encode())
    return whole.hexdigest()[:12]


def check_manifest(folder: Path, data: dict[str, bytes]) -> Iterator[PackError]:
    """Compare the files with ``manifest.toml``, where the pack has one."""
    path = folder / MANIFEST
    if not path.exists():
        return
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8"))["sha256"]
        expected = {str(file): str(value) for file, value in listed.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        yield PackError("the manifest cannot be read", file=MANIFEST, mend=_REWRITE)
        return
    for file in FILES:
        if file in data and expected.get(file) != _sha256(data[file]):
            yield PackError("the file has changed since the manifest was written", file=file, mend=_REWRITE)


def write_manifest(folder: Path) -> None:
    """Write ``manifest.toml`` with the digest of each file of the pack.

    Raises
    ------
    PackError
        A file is missing.
    """
    lines = [f'"{file}" = "{_sha256(read_bytes(folder, file))}"' for file in FILES]
    (folder / MANIFEST).write_text("\n".join(["[sha256]", *lines, ""]), encoding="utf-8", newline="\n")
