"""What lets a page draw sooner leaves it as it was: lighter style sheets, one sheet, plainer code, later layout."""

from types import SimpleNamespace

import fewer_requests
import pytest
from fewer_requests import in_order, joined, with_one_sheet
from katex_math import height_of
from late_layout import with_lines
from lean_code import plain_kinds, without_marks
from lean_styles import deferred, pruned


@pytest.mark.parametrize(
    "css, left",
    [
        (".a{x:1}.b{x:2}", ".a{x:1}"),
        (".b .a{x:1}.a:hover{x:2}", ".a:hover{x:2}"),
        (".b,.a{x:1}", ".a{x:1}"),
        (":not(.b){x:1}.a:is(.b,.c) p{x:2}", ":not(.b){x:1}.a:is(.b,.c) p{x:2}"),
        ('p[class~=".b"]{x:1}', 'p[class~=".b"]{x:1}'),
        ("@media print{.b{x:1}.a{x:2}}@media screen{.b{x:1}}", "@media print{.a{x:2}}"),
        ('@charset "utf-8";.b{x:1}', '@charset "utf-8";'),
        ("@font-face{src:url(data:x;y)}@keyframes b{from{x:1}}", "@font-face{src:url(data:x;y)}@keyframes b{from{x:1}}"),
        ('.a:before{content:"}.b{"}', '.a:before{content:"}.b{"}'),
        (r".md\:b{x:1}", r".md\:b{x:1}"),
        ("/* .a{} */.b{x:1}", ""),
    ],
)
def test_a_rule_stays_if_it_can_match(css, left):
    assert pruned(css, {"a"}) == left


def test_scripts_wait_except_the_one_that_the_page_writes_into():
    html = '<script src="a.js"></script><script defer src="b.js"></script><script>x</script>'
    assert deferred(html) == html.replace('<script src="a', '<script defer src="a')
    assert deferred(deferred(html)) == deferred(html)
    assert "defer" not in deferred('<script src="_static/documentation_options.js?v=1"></script>')


def test_one_sheet_in_an_order_that_every_page_has():
    assert in_order([["a", "b", "d"], ["a", "c", "d"]]) in (["a", "b", "c", "d"], ["a", "c", "b", "d"])
    assert in_order([["a"]]) == ["a"]


def test_addresses_and_imports_lead_where_they_led(tmp_path):
    (tmp_path / "katex").mkdir()
    (tmp_path / "katex" / "katex.css").write_text("a{src:url(fonts/x.woff2)}b{src:url('data:x')}")
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "theme.css").write_text('@charset "UTF-8";@import "../basic.css";c{d:e}')
    (tmp_path / "basic.css").write_text("f{src:url(file.png)}")
    css = joined(["styles/theme.css", "katex/katex.css"], tmp_path)
    assert css == "f{src:url(../file.png)}c{d:e}\na{src:url(../katex/fonts/x.woff2)}b{src:url('data:x')}"


def test_a_page_keeps_its_sheets_for_print():
    links = '<link href="../_static/{}.css?v=1" rel="stylesheet" />\n'
    kept = '<link media="print" rel="stylesheet" href="../_static/p.css">\n'
    page = "<head>" + links.format("a") + kept + links.format("b") + "</head>"
    assert with_one_sheet(page, "s.css") == f'<head>    <link rel="stylesheet" href="../_static/s.css">\n{kept}</head>'


def test_a_page_of_an_earlier_build_keeps_its_sheet(tmp_path):
    """A build that writes no page again finds them joined already."""
    (tmp_path / "_static" / "styles").mkdir(parents=True)
    (tmp_path / "_static" / "a.css").write_text("a{b:c}")
    (tmp_path / "_static" / "documentation_options.js").write_text("const x = 1;")
    page = tmp_path / "index.html"
    page.write_text('<head><link rel="stylesheet" href="_static/a.css?v=1"></head>')
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    fewer_requests.join(app, None)
    once = page.read_text()
    [sheet] = (tmp_path / "_static" / "styles").iterdir()
    assert sheet.name in once and sheet.read_text() == "a{b:c}"
    fewer_requests.join(app, None)
    assert page.read_text() == once
    assert [*(tmp_path / "_static" / "styles").iterdir()] == [sheet]


def test_code_loses_the_marks_that_look_like_text_in_every_theme():
    rule = 'html[data-theme="{}"] .highlight{} {{ {} }}\n'
    css = ""
    for theme, text in (("light", "#000"), ("dark", "#fff")):
        css += rule.format(theme, "", f"background: red; color: {text}") + rule.format(theme, " .n", f"color: {text}")
        css += rule.format(theme, " .p", "color: #000") + rule.format(theme, " .gs", f"color: {text}; font-weight: bold")
    assert plain_kinds(css) == {"n"}
    assert without_marks('<span class="n">x</span><span class="p">(</span>', {"n"}) == 'x<span class="p">(</span>'


def test_heights_are_known_before_the_layout():
    code = '<div class="highlight"><pre><span></span>a\nb\n</pre></div>'
    assert with_lines(code) == code.replace("<pre>", '<pre style="--lines: 2">')
    strut = '<span class="strut" style="height:{}em;{}"></span>'
    assert height_of(strut.format(0.7, "") + strut.format(1.0, "vertical-align:-0.25em;")) == pytest.approx(1.0)
