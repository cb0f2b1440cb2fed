"""Fetching against a server of our own: the resolver says that it is public, the connection goes to it."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from needlepoint.claims.api import check
from needlepoint.claims.page import fetch as fetching
from needlepoint.claims.page.fetch import fetch
from needlepoint.errors import InputError

PUBLIC = "93.184.216.34"
NAMES = {
    "pages.example": [PUBLIC],
    "inside.example": ["10.0.0.8"],
    "both.example": [PUBLIC, "127.0.0.1"],
    "tunnel.example": ["64:ff9b::7f00:1"],
    "old-tunnel.example": ["2002:7f00:1::1"],
    "mapped.example": ["::ffff:192.168.0.1"],
    "loop.example": ["::1"],
}
HTML = b"<html><body><article><h1>Needles</h1><p>Acupuncture has no side effects at all.</p></article></body></html>"


class Site(BaseHTTPRequestHandler):
    """Each path misbehaves in its own way."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list] = []  # (path, name the page was asked by, who asks)
    robots = b""

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.asked.append((self.path, self.headers["Host"], self.headers["User-Agent"]))
        if self.path == "/robots.txt":
            self.send(self.robots, "text/plain", 200 if self.robots else 404)
        elif self.path.startswith("/to/"):
            self.send(b"", "text/html", 302, Location=self.path.removeprefix("/to/"))
        else:
            getattr(self, self.path.strip("/").partition("?")[0].replace("-", "_"))()

    def send(self, body, kind="text/html", status=200, **headers):
        self.send_response(status)
        for name, value in ({"Content-Type": kind, "Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def page(self):
        self.send(HTML, "text/html; charset=utf-8")

    def round(self):
        self.send(b"", status=302, Location="/round")

    def missing(self):
        self.send(b"no", status=404)

    def picture(self):
        self.send(b"\x89PNG", "image/png")

    def packed(self):
        self.send(b"...", **{"Content-Encoding": "gzip"})

    def short(self):
        self.send(HTML, **{"Content-Length": str(len(HTML) + 100)})
        self.close_connection = True

    def endless(self):
        """No length, no end: only the limit of size stops it."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"needles " * 8000)
        except OSError:
            self.close_connection = True

    def drip(self):
        """A byte now and then: each comes in time, the page never."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.trickle()

    def slow_head(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Wait: ")
        self.trickle()

    def silent(self):
        time.sleep(1.5)
        self.close_connection = True

    def trickle(self):
        try:
            for _ in range(30):
                self.wfile.write(b"a")
                time.sleep(0.1)
        except OSError:
            pass
        self.close_connection = True


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as made:
        made.daemon_threads = True
        threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def site(server, monkeypatch):
    """The list of what was asked; names are resolved by ``NAMES``, connections all go to the server."""

    def resolve(host, port, **_):
        if host not in NAMES:
            return system(host, port, type=socket.SOCK_STREAM)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (ip, port)) for ip in NAMES[host]]

    def connect(address, timeout):
        assert address == (PUBLIC, 80)
        made = socket.socket()
        made.settimeout(timeout)
        made.connect(server.server_address)
        return made

    system = socket.getaddrinfo
    monkeypatch.setattr(fetching.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(fetching.socket, "create_connection", connect)
    monkeypatch.setattr(Site, "robots", b"")
    monkeypatch.setattr(Site, "asked", [])
    return Site.asked


def test_a_page_is_asked_for_once_by_its_name_after_the_robots_file(site):
    data, kind, final = fetch("http://pages.example/page?a=1")
    assert (data, kind, final) == (HTML, "html", "http://pages.example/page?a=1")
    assert [path for path, _, _ in site] == ["/robots.txt", "/page?a=1"]
    assert {(host, agent.partition(" ")[0]) for _, host, agent in site} == {("pages.example", "needlepoint")}


def test_an_address_is_checked_like_a_text(site):
    result = check("http://pages.example/page")
    assert (result.address, [j.verdict for j in result.claims]) == (
        "http://pages.example/page",
        ["contradicted"],
    )


@pytest.mark.parametrize("target", ["/page", "http://pages.example/page", "//pages.example/page"])
def test_a_redirection_is_followed(site, target):
    assert fetch(f"http://pages.example/to/{target}")[2] == "http://pages.example/page"


@pytest.mark.parametrize(
    "target",
    [
        "http://inside.example/secret",
        "http://127.0.0.1/secret",
        "http://[::1]/secret",
        "http://both.example/secret",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "http://pages.example:8080/secret",
        "http://user:word@pages.example/secret",
    ],
)
def test_a_redirection_leads_to_no_private_place(site, target):
    with pytest.raises(InputError):
        fetch(f"http://pages.example/to/{target}")
    assert not any("secret" in path for path, _, _ in site[2:])


@pytest.mark.parametrize("name", [name for name in NAMES if name != "pages.example"])
def test_a_name_is_refused_if_one_of_its_addresses_is_private_or_wraps_another(site, name):
    with pytest.raises(InputError, match="private"):
        fetch(f"http://{name}/page")
    assert site == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("round", "too many redirections"),
        ("missing", "answered 404"),
        ("picture", "no page of text"),
        ("packed", "compressed"),
        ("short", "too early"),
    ],
)
def test_what_is_no_whole_page_is_refused(site, path, words):
    with pytest.raises(InputError, match=words):
        fetch(f"http://pages.example/{path}")


def test_a_page_without_end_is_cut_off_at_the_limit_of_size(site, monkeypatch):
    monkeypatch.setattr(fetching, "LARGEST", 200_000)
    with pytest.raises(InputError, match=r"too large.*200,000"):
        fetch("http://pages.example/endless")


@pytest.mark.parametrize("path", ["drip", "slow-head", "silent"])
def test_a_server_that_keeps_us_waiting_is_left_in_time(site, monkeypatch, path):
    monkeypatch.setattr(fetching, "SECONDS", 0.5)
    start = time.monotonic()
    with pytest.raises(InputError, match=r"too slow|could not be fetched"):
        fetch(f"http://pages.example/{path}")
    assert time.monotonic() - start < 1.5


def test_the_robots_file_is_obeyed_unless_told_otherwise(site, monkeypatch):
    monkeypatch.setattr(Site, "robots", b"User-agent: *\nDisallow: /page\n")
    with pytest.raises(InputError, match="robots"):
        fetch("http://pages.example/page")
    assert fetch("http://pages.example/page", obey_robots=False)[0] == HTML
