"""The directive: what reaches the page, and which pages load the scripts."""

import json
import re

import interactive
import pytest

from .conftest import DATA, FIGURES, ROOT, build


@pytest.mark.parametrize("name", FIGURES)
def test_page_has_the_body_and_its_own_script(site, name):
    page = (site / f"{name}.html").read_text()
    inside = page.split(f'<ix-{name} class="interactive">')[1].split(f"</ix-{name}>")[0]
    assert f"<p>In <em>words</em>: {name}.</p>" in inside
    scripts = [script for script in ["kit", *FIGURES] if f"_static/interactive/{script}.js" in page]
    assert scripts == ["kit", name]
    assert page.count('defer="defer" src="_static/interactive/') == 2


def test_page_without_a_figure_loads_nothing(site):
    page = (site / "index.html").read_text()
    assert "interactive" not in page
    assert (site / "_static" / "interactive" / "kit.js").exists()


@pytest.mark.parametrize(("text", "says"), [
    ("```{interactive} nobody\nText.\n```", "no interactive figure is called 'nobody'; there are: " + ", ".join(FIGURES)),
    ("```{interactive} scores\n```", "Content block expected"),
    ("```{interactive} depth\n:data: nothing\n\nText.\n```", "no stored result is called 'nothing'; there are: "),
    ("Some {play}`words <scores gamma=2>` here.", "no interactive figure 'scores' stands on this page for 'words'"),
    ("Some {play}`words <scores>` here.", "write {play}`words <figure name=value …>`, not 'words <scores>'"),
    ("Some {play}`words` here.", "write {play}`words <figure name=value …>`, not 'words'"),
])
def test_mistakes_break_the_build(tmp_path, text, says):
    done = build(tmp_path, {"index": f"# Title\n\n{text}\n"})
    assert done.returncode != 0
    assert says in done.stderr


@pytest.mark.parametrize("name", FIGURES)
def test_only_a_figure_that_names_a_result_holds_one(site, name):
    page = (site / f"{name}.html").read_text()
    found = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    assert len(found) == (name in DATA)
    if found:
        stored = json.loads((ROOT / "book" / "experiments" / "results" / f"{DATA[name]}.json").read_text())
        assert json.loads(found[0]) == stored["result"]


def test_data_cannot_end_its_element(monkeypatch, tmp_path):
    monkeypatch.setattr(interactive, "RESULTS", tmp_path)
    hostile = {"text": "</script><b>", "number": 1}
    (tmp_path / "x.json").write_text(json.dumps({"result": hostile}))
    text = interactive.stored_result("x")
    assert "<" not in text and json.loads(text) == hostile


def test_scripts_name_no_other_host():
    for path in (ROOT / "book" / "_interactive").iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text and "import(" not in text, path.name
