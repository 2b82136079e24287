"""The snippets of the README and of the guides run as they stand, in order."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def snippets(path: Path) -> list[str]:
    """The Python blocks of a document."""
    return re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def demo(demo_server, tmp_path_factory):
    """The environment that the documents ask for."""
    environment = {
        "SKYPORTAL_SERIES_URL": demo_server.url,
        "SKYPORTAL_SERIES_TOKEN": demo_server.token,
    }
    before = dict(os.environ), Path.cwd()
    os.environ.update(environment)
    os.chdir(tmp_path_factory.mktemp("documents"))
    yield
    os.environ.clear()
    os.environ.update(before[0])
    os.chdir(before[1])


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    "document", ["README.md", "docs/guide.md", "docs/tutorial.md", "docs/client.md"]
)
def test_snippets_run(document):
    found = snippets(ROOT / document)
    assert found
    namespace = {}
    for snippet in found:
        exec(compile(snippet, document, "exec"), namespace)


@pytest.mark.parametrize(
    "document", ["README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_links_lead_somewhere(document):
    path = ROOT / document
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []
