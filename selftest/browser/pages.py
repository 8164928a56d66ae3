"""A small real web application: a shop's notes behind a sign-in, its API, and a page for each thing that goes wrong."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PASSWORD = "correct horse battery staple"  # noqa: S105 - of nobody
TOKEN = "eyJhbGciOiJub25lIn0.c2hvcA.signature-of-anna"  # noqa: S105 - of nobody
LATE = 1.9  # seconds that the late script takes

SIGN_IN = """
<form><label>E-mail <input name=email type=email></label> <label>Password <input name=password type=password></label>
<button>Sign in</button></form> <p role=alert></p>
<script>
  document.forms[0].onsubmit = async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    const answer = await fetch("/api/sign-in", {method: "POST", body: JSON.stringify(given)});
    if (!answer.ok) return document.querySelector("[role=alert]").textContent = "Not known";
    localStorage.token = (await answer.json()).access_token;
    location.assign("/notes");
  };
</script>"""
NOTES = """
<label>New note <input id=note></label> <button>Add</button> <ul></ul>
<script>
  if (!localStorage.token) location.replace("/sign-in");
  const headers = {Authorization: `Bearer ${localStorage.token}`};
  const show = (notes) => document.querySelector("ul").replaceChildren(...notes.map((note) => {
    const item = document.createElement("li");
    item.textContent = note;
    return item;
  }));
  document.querySelector("button").onclick = async () => {
    const body = JSON.stringify({note: document.querySelector("#note").value});
    show(await (await fetch("/api/notes", {method: "POST", headers, body})).json());
  };
</script>"""
PAGES: Mapping[str, str] = {
    "/": "<p>A shop. <a href=/sign-in>Sign in</a></p>",
    "/sign-in": SIGN_IN,
    "/notes": NOTES,
    "/route": "<button onclick=\"history.pushState(0, '', '/inner'); document.querySelector('main').innerHTML += "
    "'<h2>inner</h2><img src=/dot.svg width=20 height=20>'\">go</button>",
    "/gone": "<button>deeper</button> <button>away</button>"
    "<script>document.querySelectorAll('button')[0].onclick = () => {"
    " history.pushState(0, '', '/nowhere'); document.querySelector('main').innerHTML += '<img src=/dot.svg width=20>';"
    " document.querySelectorAll('button')[1].onclick = () => location.assign('/'); }</script>",
    "/console": "<script>console.error('the cart is broken')</script>",
    "/uncaught": "<script>setTimeout(() => { throw new Error('no such cart') })</script>",
    "/request": "<script>fetch('/missing?token=abcdefgh')</script>",
    "/refused": "<img alt=none src=http://127.0.0.1:9/none.png width=10 height=10>",
    "/image": "<img src=/dot.svg width=20 height=20>",
    "/late-paint": "<div id=x></div><script>setTimeout(() => x.innerHTML = '<p style=\"font-size: 60px\">' + "
    f"'late words '.repeat(30) + '</p>', {LATE * 1000})</script><script src=/late.js async></script>",
    "/shift": "<div id=x></div><p style='font-size: 60px'>These words are moved down.</p>"
    "<script>setTimeout(() => x.style.height = '400px', 100)</script>",
    "/contrast": "<p style='color: #ccc; background: #fff'>hardly to be read</p>",
}
BLANK = "<!doctype html><html lang=en><title>blank</title><link rel=icon href=data:,><body></body></html>"


class Shop:
    """The application's state, and what it was asked."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.asked: Counter[str] = Counter()

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, str, str]:
        """Return status, type and content."""
        self.asked[f"{method} {path}"] += 1
        if path in PAGES:
            title = path.strip("/") or "start"
            # what is in `main` comes before the heading, so that a script there holds up all that is painted
            return (
                200,
                "text/html; charset=utf-8",
                (
                    f"<!doctype html><html lang=en><head><title>{title}</title><link rel=icon href=data:,></head>"
                    f"<body><main>{PAGES[path]}<h1>Your {title}</h1></main></body></html>"
                ),
            )
        if path.startswith("/api/"):
            status, content = self._api(method, path, headers, body)
            return status, "application/json", json.dumps(content)
        if path == "/late.js":
            time.sleep(LATE)
            return 200, "text/javascript", ""
        if path == "/dot.svg":
            return 200, "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'><circle r='9'/></svg>"
        if path == "/nowhere":
            return 200, "text/html", "<script>location.replace('/')</script>"
        return (200, "text/html", BLANK) if path == "/blank" else (404, "text/plain", "not found")

    def _api(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any]:
        if path == "/api/health":
            return 200, {"status": "healthy", "version": "1"}
        if path == "/api/sign-in":
            known = json.loads(body).get("password") == PASSWORD
            return (200, {"access_token": TOKEN}) if known else (401, {"title": "not known"})
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"title": "sign in first"}
        if method == "POST" and path == "/api/notes":
            self.notes.append(json.loads(body)["note"])
        return 200, self.notes


@contextmanager
def served(shop: Shop, *, certificate: tuple[Path, Path] | None = None) -> Iterator[int]:
    """Serve on a free port of 127.0.0.1, with TLS if there is a certificate (its file and key), and give the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, text = shop.answer(self.command, self.path.partition("?")[0], self.headers, body)
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - the base class's name

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of browsers that hang up, or refuse the certificate."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
