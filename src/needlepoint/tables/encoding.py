"""The text of a file: UTF-8, UTF-16, or the Latin alphabet of Windows; which of them is said when it was not plain."""

from __future__ import annotations

from needlepoint.errors import InputError

__all__ = ["decoded"]

_BINARY = 0.02  # share of control characters above which bytes are no text
_EVERY_OTHER = 0.4  # share of zero bytes at even or odd places that two-byte text of Latin letters has


def decoded(content: bytes, name: str) -> tuple[str, str | None]:
    """The text of ``content``, and the encoding where it is another than UTF-8.

    Raises
    ------
    InputError
        The bytes are no text.
    """
    encoding = _two_bytes(content)
    if encoding is None:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            encoding = "cp1252" if not set(content) & _UNUSED else "latin-1"
        else:
            return _checked(text, name), None
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _no_text(name) from error
    said = {"cp1252": "Windows-1252 (Latin-1)", "latin-1": "Latin-1"}.get(encoding, "UTF-16")
    return _checked(text.removeprefix("\ufeff"), name), said


_UNUSED = frozenset(b"\x81\x8d\x8f\x90\x9d")  # bytes that Windows-1252 leaves open


def _two_bytes(content: bytes) -> str | None:
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    sample = content[:4096]
    half = len(sample) // 2
    if half < 4:
        return None
    if sample[1::2].count(0) > _EVERY_OTHER * half and sample[0::2].count(0) == 0:
        return "utf-16-le"
    if sample[0::2].count(0) > _EVERY_OTHER * half and sample[1::2].count(0) == 0:
        return "utf-16-be"
    return None


def _checked(text: str, name: str) -> str:
    odd = sum(1 for c in text[:20_000] if c < " " and c not in "\t\r\n\f")
    if "\0" in text or odd > _BINARY * min(len(text), 20_000):
        raise _no_text(name)
    return text


def _no_text(name: str) -> InputError:
    return InputError(
        f"{name} cannot be read as {_ending(name)}: it is no text",
        field="file",
        mend="save it again as CSV in UTF-8, one row a study, names in the first row",
    )


def _ending(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else "text"
