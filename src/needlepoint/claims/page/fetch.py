"""Fetch a page politely: one request, a name, limits of size and time; private addresses are refused."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from needlepoint.errors import InputError

__all__ = ["fetch"]

LARGEST = 5_000_000  # bytes
SECONDS = 10.0
_REDIRECTS = 4
_UNICAST = ipaddress.IPv6Network("2000::/3")
_AGENT = "needlepoint (health claim checker)"
_KINDS = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/pdf": "pdf",
}


def fetch(address: str, *, obey_robots: bool = True) -> tuple[bytes, str, str]:
    """Bytes, kind ("html", "txt", "md", "pdf") and final address of a public page.

    Raises
    ------
    InputError
        Not http(s), a private address, refused by robots.txt, too large, too slow, or not a text.
    """
    deadline = time.monotonic() + SECONDS
    for _ in range(_REDIRECTS + 1):
        parts = _split(address)
        if obey_robots:
            _ask_robots(parts, address, deadline)
        status, headers, data = _get(parts, address, deadline, LARGEST)
        target = headers.get("location")
        if status in {301, 302, 303, 307, 308} and target:
            address = urljoin(address, target)
            continue
        if status != 200:
            raise InputError(f"the server answered {status}", field="address", got=address)
        kind = headers.get("content-type", "text/html").partition(";")[0].strip().lower()
        if kind not in _KINDS:
            raise InputError("no page of text", field="address", got=kind, allowed=", ".join(_KINDS))
        return data, _KINDS[kind], address
    raise InputError("too many redirections", field="address", got=address)


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise InputError("no valid address", field="address", got=address) from error
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.username
        or port not in {None, 80, 443}
    ):
        raise InputError(
            "this address may not be fetched",
            field="address",
            got=address,
            allowed="http or https, usual ports, no login",
        )
    return parts


def _public_ip(host: str, port: int, address: str) -> str:
    """The IP address to connect to; every address that the name stands for must be public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InputError("the host was not found", field="address", got=address) from error
    ips = [str(entry[4][0]) for entry in found]
    if not all(map(_is_public, ips)):
        raise InputError("a private address is never fetched", field="address", got=address)
    return ips[0]


def _is_public(ip: str) -> bool:
    """True for an address of the open internet; one that only wraps another is judged by that, or refused."""
    parsed = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        elif parsed not in _UNICAST or parsed.sixtofour or parsed.teredo:
            return False
    return parsed.is_global and not parsed.is_multicast


def _get(
    parts: SplitResult, address: str, deadline: float, largest: int
) -> tuple[int, dict[str, str], bytes]:
    """One GET; the connection goes to the address that was checked, so the name cannot change meanwhile."""
    host = parts.hostname or ""
    port = 443 if parts.scheme == "https" else 80
    ip = _public_ip(host, port, address)
    left = max(0.1, deadline - time.monotonic())
    connection = http.client.HTTPConnection(host, port, timeout=left)
    try:
        connection.sock = _connect(ip, port, parts, left)
        with _hanging_up_after(left, connection.sock):
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers={"User-Agent": _AGENT, "Accept-Encoding": "identity"})
            response = connection.getresponse()
            if response.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
                raise InputError("the server sends compressed text unasked", field="address", got=address)
            data = _read(response, deadline, largest, address)
        return response.status, {k.lower(): v for k, v in response.headers.items()}, data
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, InputError):
            raise
        if time.monotonic() > deadline:
            raise _too_slow(address) from error
        raise InputError(f"the page could not be fetched ({error})", field="address", got=address) from error
    finally:
        connection.close()


def _connect(ip: str, port: int, parts: SplitResult, seconds: float) -> socket.socket:
    raw = socket.create_connection((ip, port), timeout=seconds)
    if parts.scheme == "http":
        return raw
    context = ssl.create_default_context()
    return context.wrap_socket(raw, server_hostname=parts.hostname, do_handshake_on_connect=False)


@contextmanager
def _hanging_up_after(seconds: float, connection: socket.socket) -> Generator[None]:
    """End a connection in time, whatever it waits for: the limit of a socket counts anew from byte to byte."""

    def hang_up() -> None:
        with suppress(OSError):  # it has ended already
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read(response: http.client.HTTPResponse, deadline: float, largest: int, address: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := response.read(65_536):
        size += len(chunk)
        if size > largest:
            raise InputError(
                "the page is too large", field="address", got=address, allowed=f"{largest:,} bytes"
            )
        parts.append(chunk)
    if time.monotonic() > deadline:
        raise _too_slow(address)
    if response.length:  # bytes that were promised and never came
        raise InputError("the page ends too early", field="address", got=address, mend="try again")
    return b"".join(parts)


def _too_slow(address: str) -> InputError:
    return InputError("the server is too slow", field="address", got=address, allowed=f"{SECONDS:g} s")


def _ask_robots(parts: SplitResult, address: str, deadline: float) -> None:
    robots = f"{parts.scheme}://{parts.netloc}/robots.txt"
    try:
        status, _, data = _get(_split(robots), robots, deadline, 500_000)
    except InputError as error:
        if "private" in str(error) or "not found" in str(error):
            raise
        return
    if status == 200:
        parser = RobotFileParser()
        parser.parse(data.decode("utf-8", errors="replace").splitlines())
        if not parser.can_fetch(_AGENT, address):
            raise InputError("the site asks robots not to read this page", field="address", got=address)
