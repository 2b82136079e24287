"""The page: static files that read the API as any client does. May touch: tornado, `page/`."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from tornado import routing, web

PAGE = Path(__file__).parent.parent / "page"

#: Nothing inline, nothing from elsewhere, nobody may frame it; `blob:` is for pictures and files
#: that were fetched with the token in a header. No string becomes markup or code.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

#: `no-cache` lets a browser keep a file, and has it ask each time whether the ETag still holds.
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

#: Not left to the system's table of types, which may call scripts text, and then none would run.
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class IndexHandler(web.RequestHandler):
    """The page itself, told where the API is and which modules it will need."""

    def initialize(self, api: str) -> None:
        self.api = api

    def set_default_headers(self) -> None:
        _add_headers(self)

    def get(self) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.write(render_index(self.api))

    def head(self) -> None:
        self.get()


class FileHandler(web.StaticFileHandler):
    """One file of the page, with an ETag."""

    def set_default_headers(self) -> None:
        _add_headers(self)

    def get_content_type(self) -> str:
        suffix = Path(self.absolute_path or "").suffix
        return CONTENT_TYPES.get(suffix, "text/plain; charset=utf-8")


def render_index(api: str) -> str:
    """index.html for an API under `api`; all modules are named, so that they load at once."""
    modules = "\n  ".join(
        f'<link rel="modulepreload" href="page/js/{path.name}">'
        for path in sorted((PAGE / "js").glob("*.js"))
        if path.name != "theme.js"  # a classic script
    )
    text = (PAGE / "index.html").read_text(encoding="utf-8")
    return text.replace("{{modules}}", modules).replace("{{api}}", html.escape(api))


def routes(prefix: str = "/api", at: str = "/") -> list[routing.URLSpec]:
    """The page under the path `at`, which ends in a slash, for an API under `prefix`."""
    files: dict[str, Any] = {"path": str(PAGE)}
    return [
        routing.URLSpec(at, IndexHandler, {"api": prefix}),
        routing.URLSpec(f"{at}page/(.*)", FileHandler, files),
    ]


def _add_headers(handler: web.RequestHandler) -> None:
    for name, value in HEADERS.items():
        handler.set_header(name, value)
