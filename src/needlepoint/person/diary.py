"""The diary's store: one SQLite file on this machine, append-only, so that edits keep their history.

The standard library's ``sqlite3`` is used rather than SQLAlchemy: a command that writes one number must start at
once, and what matters here is SQLite's own durability settings (full synchronisation, secure deletion, VACUUM). Every
record is a row that is written once; the latest record of a day wins field by field. A confirmed ``add`` has been
synchronised to disk: a killed process loses nothing that it confirmed and leaves nothing half-written.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from needlepoint.errors import InputError, NeedlepointError
from needlepoint.person.entries import FIELDS, Entry, as_day, entry
from needlepoint.person.seal import Seal, new_salt

if TYPE_CHECKING:
    from needlepoint.person.diary_answer import DiaryAnswer
    from needlepoint.person.periods import PeriodsAnswer

__all__ = ["Diary", "default_path"]

_APPLICATION = 0x6E705F64  # marks the file as a diary
_SCHEMA = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE record (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
"""
_VERSION = 1  # form of the tables
_PATIENCE = 10  # seconds to wait for another process
_SIDE_FILES = ("-journal", "-wal", "-shm")
SETTINGS = (
    "treatment",
    "pack",
    "duration",
    "first_day",
    "baseline_days",
    "window_days",
    "start_day",
    "period_days",
    "treated",
    "created",
)

_SHAPES: Mapping[str, Callable[[str], object]] = {  # what a setting's text must be read as
    **dict.fromkeys(("first_day", "start_day"), date.fromisoformat),
    **dict.fromkeys(("baseline_days", "window_days", "period_days"), int),
}


def default_path() -> Path:
    """``$NEEDLEPOINT_DIARY``, or ``needlepoint/diary.sqlite`` in the user's data folder."""
    told = os.environ.get("NEEDLEPOINT_DIARY")
    if told:
        return Path(told)
    folder = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(folder) / "needlepoint" / "diary.sqlite"


class Diary:
    """A diary file. Open one with ``Diary(path)``; make a new one with :meth:`start`.

    Raises
    ------
    InputError
        There is no diary at ``path``, it is another kind of file, or the passphrase is wrong or missing.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> diary = Diary.start(pathlib.Path(folder.name) / "diary.sqlite")
    >>> _ = diary.add(day="2026-03-01", pain=6)
    >>> diary.add(day="2026-03-01", session=True).pain
    6.0
    >>> diary.delete(); folder.cleanup()
    """

    def __init__(self, path: str | Path | None = None, *, passphrase: str | None = None) -> None:
        self.path = Path(path) if path is not None else default_path()
        if not self.path.is_file():
            raise InputError(
                "there is no diary here", field="path", got=str(self.path), mend="start one first"
            )
        _check_readable(self.path)
        self._seal: Seal | None = None
        with self._connect() as db:
            stored = dict(
                db.execute("SELECT name, value FROM setting WHERE name IN ('salt', 'proof')").fetchall()
            )
        if stored:
            if passphrase is None:
                raise InputError("this diary is encrypted", field="passphrase", mend="give its passphrase")
            self._seal = Seal(passphrase, stored["salt"])
            self._seal.check(stored["proof"])

    @classmethod
    def start(
        cls, path: str | Path | None = None, *, passphrase: str | None = None, **settings: Any
    ) -> Diary:
        """Make a new diary; with a passphrase it is encrypted.

        Raises
        ------
        InputError
            There is a file already, or an unknown setting.
        """
        where = Path(path) if path is not None else default_path()
        if where.exists() and where.stat().st_size > 0:
            raise InputError(
                "there is a diary here already",
                field="path",
                got=str(where),
                mend="delete it or name another file",
            )
        if wrong := set(settings) - set(SETTINGS):
            raise InputError("no such setting", field=sorted(wrong)[0], allowed=", ".join(SETTINGS))
        seal = Seal(passphrase, salt := new_salt()) if passphrase is not None else None
        try:
            where.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(where, os.O_CREAT, 0o600))  # nobody else may read it
        except OSError as error:
            raise InputError(
                f"no diary can be made here ({error.strerror})", field="path", got=str(where),
                mend="choose a folder you may write to",
            ) from error  # fmt: skip
        rows: list[tuple[str, bytes]] = []
        if seal is not None:
            rows = [("salt", salt), ("proof", seal.proof())]  # pyright: ignore[reportPossiblyUnboundVariable]
        with _opened(where) as db:
            db.executescript(
                f"BEGIN; PRAGMA application_id={_APPLICATION}; PRAGMA user_version={_VERSION}; {_SCHEMA} COMMIT;"
            )
            db.executemany("INSERT INTO setting VALUES (?, ?)", rows)
        diary = cls(where, passphrase=passphrase)
        diary.set(created=datetime.now(UTC).date().isoformat(), **settings)
        return diary

    @property
    def encrypted(self) -> bool:
        """Whether the records are encrypted."""
        return self._seal is not None

    def set(self, **settings: Any) -> None:
        """Store settings of the diary; ``None`` leaves one as it is."""
        given = {name: str(value) for name, value in settings.items() if value is not None}
        rows = [(name, self._sealed(value.encode())) for name, value in given.items()]
        with self._connect() as db:
            db.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?)", rows)

    def settings(self) -> dict[str, str]:
        """Settings of the diary: treatment, pack, how long the pain had lasted, the drawn first day ...

        Raises
        ------
        InputError
            A setting is damaged.
        """
        with self._connect() as db:
            rows = db.execute(
                "SELECT name, value FROM setting WHERE name NOT IN ('salt', 'proof')"
            ).fetchall()
        return {name: self._setting(name, value) for name, value in rows}

    def _setting(self, name: str, value: bytes) -> str:
        try:
            text = self._opened(value).decode()
            _SHAPES.get(name, str)(text)
        except (ValueError, AttributeError, TypeError) as error:
            raise InputError(
                "a setting of this diary is damaged",
                field=name,
                got=str(self.path),
                mend="restore the file from a copy; nothing in it was changed",
            ) from error
        return text

    def add(self, values: Mapping[str, Any] | None = None, /, **fields: Any) -> Entry:
        """Write one day, or more about a day that has an entry; returns the day as it now stands.

        When this returns, the record is on disk.

        Raises
        ------
        InputError
            A value off its scale, or none at all.
        """
        written = entry({**(values or {}), **fields})
        if len(_plain(written)) < 2:
            raise InputError(
                "nothing to write down",
                field="day",
                got=str(written.day),
                mend="give pain, session or another value",
            )
        self._write([written])
        return next(each for each in self.entries() if each.day == written.day)

    def clear(self, day: date | str, *fields: str) -> Entry:
        """Take back values of one day; the history keeps them. Returns the day as it now stands.

        Raises
        ------
        InputError
            No such field, or nothing is written for that day.
        """
        if wrong := set(fields) - set(FIELDS[1:]):
            raise InputError(
                "no such field in a diary", field=sorted(wrong)[0], allowed=", ".join(FIELDS[1:])
            )
        when = as_day(day)
        if not self.history(when):
            raise InputError("nothing is written for that day", field="day", got=str(when))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._append([{"day": when.isoformat(), "cleared": list(fields), "written": now}])
        return next(each for each in self.entries() if each.day == when)

    def extend(self, data: Any) -> tuple[str, ...]:
        """Write many days, all of them or none; returns notes on what was left out or replaced.

        ``data`` in any shape that :func:`needlepoint.analyse_diary` takes.
        """
        from needlepoint.person.diary_data import as_entries

        entries, notes = as_entries(data)
        new = {each.day for each in entries}
        again = sum(each.day in new for each in self.entries())
        self._write(entries)
        if again:
            notes.append(
                f"{again} days stood there before; the new values replace the old ones, which are kept."
            )
        return tuple(notes)

    def _write(self, entries: Iterable[Entry]) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._append([{**_plain(each), "written": now} for each in entries])

    def _append(self, records: Iterable[Mapping[str, Any]]) -> None:
        bodies = [(self._sealed(json.dumps(each, ensure_ascii=False).encode()),) for each in records]
        with self._connect() as db:
            db.executemany("INSERT INTO record (body) VALUES (?)", bodies)

    def entries(self) -> tuple[Entry, ...]:
        """Every day with an entry, in order; later records of a day complete or replace earlier ones."""
        days: dict[str, dict[str, Any]] = {}
        for record in self._records():
            day = days.setdefault(record["day"], {})
            for name in record.get("cleared", ()):
                day.pop(name, None)
            day.update({name: value for name, value in record.items() if name in FIELDS})
        return tuple(entry(days[day]) for day in sorted(days))

    def history(self, day: date | str) -> tuple[dict[str, Any], ...]:
        """Every record of one day, oldest first, each with the time of writing."""
        return tuple(record for record in self._records() if record["day"] == str(day))

    def report(self, **options: Any) -> DiaryAnswer:
        """Analyse the diary: see :func:`needlepoint.analyse_diary`."""
        from needlepoint.person.nof1 import analyse_diary
        from needlepoint.person.plan import candidates
        from needlepoint.person.priors import load_priors

        settings, entries = self.settings(), self.entries()
        drawn = candidates(settings)
        start = next((each.day for each in entries if each.session), None)
        kept = start is not None and settings.get("start_day") == start.isoformat()
        options.setdefault("priors", load_priors(settings.get("pack")))
        options.setdefault("duration", settings.get("duration"))
        options.setdefault("start_days", drawn if kept else ())
        answer = analyse_diary(entries, **options)
        if drawn and start is not None and not kept:
            note = f"The first session was on {start}, not on the day drawn, so there is no test by lot."
            answer = dataclasses.replace(answer, notes=(*answer.notes, note))
        return answer

    def report_periods(self, **options: Any) -> PeriodsAnswer:
        """Analyse the periods that were drawn: see :func:`needlepoint.person.periods.analyse_periods`.

        Raises
        ------
        InputError
            No periods were drawn for this diary.
        """
        from needlepoint.person.periods import Periods, analyse_periods

        settings = self.settings()
        if not {"first_day", "period_days", "treated"} <= set(settings):
            raise InputError("no periods were drawn for this diary", field="treated", mend="draw them first")
        periods = Periods(
            first_day=date.fromisoformat(settings["first_day"]),
            days=int(settings["period_days"]),
            treated=tuple(each == "1" for each in settings["treated"]),
        )
        return analyse_periods(self.entries(), periods, **options)

    def delete_day(self, day: date | str) -> int:
        """Remove every record of one day, its history too, and overwrite where they stood; returns how many."""
        doomed = [(number,) for number, record in self._numbered() if record["day"] == str(day)]
        with self._connect() as db:
            db.executemany("DELETE FROM record WHERE id = ?", doomed)
        # secure_delete has overwritten the rows; VACUUM only gives the space back, and may lack room to work
        with suppress(NeedlepointError), _opened(self.path) as db:
            db.execute("VACUUM")
        return len(doomed)

    def delete(self) -> None:
        """Remove the whole diary: overwrite the file and its side files, then remove them.

        Copies elsewhere (backups, exports, blocks that a solid-state disk keeps) are out of reach.
        """
        Diary.erase(self.path)

    @staticmethod
    def erase(path: str | Path) -> None:
        """:meth:`delete` without opening the records: a forgotten passphrase does not keep a diary alive.

        Raises
        ------
        InputError
            The file is no diary; it is left alone.
        """
        with _opened(Path(path)) as db:
            _check_is_diary(db, Path(path))
        for suffix in ("", *_SIDE_FILES):
            each = Path(f"{path}{suffix}")
            if each.is_file():
                _overwrite(each)
                each.unlink()

    def _records(self) -> Iterator[dict[str, Any]]:
        return (record for _, record in self._numbered())

    def _numbered(self) -> list[tuple[int, dict[str, Any]]]:
        with self._connect() as db:
            rows: Sequence[tuple[int, bytes]] = db.execute(
                "SELECT id, body FROM record ORDER BY id"
            ).fetchall()
        return [(number, self._record(number, body)) for number, body in rows]

    def _record(self, number: int, body: bytes) -> dict[str, Any]:
        try:
            record = json.loads(self._opened(body))
            as_day(record["day"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                "a record of this diary is damaged",
                field="record",
                got=f"record {number} of {self.path}",
                mend="restore the file from a copy; nothing in it was changed",
            ) from error
        return record

    def _sealed(self, body: bytes) -> bytes:
        return body if self._seal is None else self._seal.seal(body)

    def _opened(self, body: bytes) -> bytes:
        return body if self._seal is None else self._seal.open(body)

    @contextmanager
    def _connect(self) -> Generator[sqlite3.Connection]:
        """One transaction; nothing stays open between calls."""
        with _opened(self.path) as db:
            _check_is_diary(db, self.path)
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")


def _check_is_diary(db: sqlite3.Connection, path: Path) -> None:
    if db.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
        raise InputError("this file is no diary", field="path", got=str(path))
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:
        raise InputError(
            "this diary was written by a newer needlepoint; it was left as it is",
            field="path",
            got=f"{path} (form {version})",
            allowed=f"form {_VERSION}",
            mend="update needlepoint",
        )


def _check_readable(path: Path) -> None:
    """Say that a diary is damaged rather than that it is none: its first bytes tell."""
    with path.open("rb") as file:
        head = file.read(72)
    marked = head[:16] == b"SQLite format 3\0" and int.from_bytes(head[68:72], "big") == _APPLICATION
    if not marked:
        return
    try:
        with _opened(path) as db:
            whole = db.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    except InputError:
        whole = False
    if not whole:
        raise InputError(
            "this diary is damaged",
            field="path",
            got=str(path),
            mend="restore it from a copy or an export; nothing in it was changed",
        )


@contextmanager
def _opened(path: Path) -> Generator[sqlite3.Connection]:
    db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        # EXTRA also synchronises the folder once the rollback journal is gone; deleted content is zeroed
        for pragma in ("journal_mode=DELETE", "synchronous=EXTRA", "secure_delete=ON", "temp_store=MEMORY"):
            db.execute(f"PRAGMA {pragma}")
        yield db
    except sqlite3.OperationalError as error:  # another process is writing, the disk is full ...
        raise NeedlepointError(f"the diary cannot be used now ({error}); nothing was changed") from error
    except sqlite3.DatabaseError as error:
        raise InputError("this file is no diary", field="path", got=str(path)) from error
    finally:
        db.close()


def _plain(each: Entry) -> dict[str, Any]:
    values = {name: value for name, value in dataclasses.asdict(each).items() if value is not None}
    return {**values, "day": each.day.isoformat()}


def _overwrite(path: Path) -> None:
    """Zeros over the whole file, on disk before it is removed."""
    with path.open("r+b", buffering=0) as file:
        left = path.stat().st_size
        while left > 0:
            left -= file.write(bytes(min(left, 1 << 20)))
        os.fsync(file.fileno())
