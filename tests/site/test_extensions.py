"""The book's own Sphinx extensions, each on a page of its own."""

import io
import re
from xml.etree import ElementTree

import accessible_pages
import figure_theme
import lean_icons
import lean_pages
import live_code
import long_names
import page_description
import pytest

from tests import small_site
from tests.small_site import EXTENSIONS

CONFIG = {
    "extensions": ["myst_parser", "inline_figures", "katex_math", "page_description"],
    "html_math_renderer": "katex",
    "myst_enable_extensions": ["amsmath", "dollarmath"],
    "project": "A book",
    "html_title": "A book",
}


@pytest.fixture
def build(tmp_path):
    """Return a function from Markdown pages to their HTML and the build's warnings."""
    return lambda **pages: small_site.build(tmp_path, CONFIG, pages)


def visible(html: str) -> str:
    return re.sub(r"<[^>]+>", "", re.sub(r'<span class="katex-mathml">.*?</math></span>', "", html, flags=re.DOTALL))


# Formulas


def test_a_formula_is_html_for_the_eye_and_mathml_for_the_ear(build):
    html, warnings = build(index="# Page\n\nThe mean $\\mu$ of $x_i$.\n")
    assert warnings == ""
    assert html["index"].count('<span class="katex-mathml"><math') == 2
    assert html["index"].count('<span class="katex-html" aria-hidden="true">') == 2
    assert "katex/katex.css" in html["index"]


def test_the_name_of_a_function_is_one_index(build):
    html, _ = build(index="# Page\n\n$\\lambda_{\\max}$, $x_{\\max}^2$ and $\\log x$.\n")
    formulas = [ElementTree.fromstring(math) for math in re.findall(r"<math.*?</math>", html["index"], re.DOTALL)]
    counts = [(index.tag.split("}")[1], len(index)) for math in formulas for index in math.iter() if "sub" in index.tag]
    assert counts == [("msub", 2), ("msubsup", 3)]  # Firefox reports an error for any other count


def test_a_page_without_formulas_does_not_load_katex(build):
    html, _ = build(index="# Page\n\nNo formula.\n")
    assert "katex" not in html["index"]


def test_an_equation_keeps_its_number_and_can_be_referred_to(build):
    page = "# Page\n\n```{math}\n:label: square\ny = x^2\n```\n\nSee {eq}`square`.\n"
    html, warnings = build(index=page)
    assert warnings == ""
    assert re.search(r'id="equation-square">.*<span class="eqno">\(1\)', html["index"], re.DOTALL)
    assert 'href="#equation-square">(1)</a>' in html["index"]


@pytest.mark.parametrize(
    "formula",
    [
        "\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}",
        "\\begin{align*}\na &= b \\\\\nc &= d\n\\end{align*}",
        "\\begin{gather}\na = b \\\\\nc = d\n\\end{gather}",
        "\\begin{equation}\nf(x) = \\begin{cases} 0 & x < 0 \\\\ 1 & x \\ge 0 \\end{cases}\n\\end{equation}",
        "$$\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}$$",
        "$$\na &= b \\\\\nc &= d\n$$",
        "```{math}\na = b\n\nc = d\n```",
    ],
)
def test_environments_are_typeset_and_numbered_by_sphinx_alone(build, formula):
    html, warnings = build(index=f"# Page\n\n{formula}\n")
    assert warnings == ""
    assert html["index"].count('class="katex-display"') == 1
    assert "eqn-num" not in html["index"]
    numbered = re.match(r"\\begin\{(align|gather|equation)\}", formula)
    assert html["index"].count('class="eqno"') == bool(numbered)


@pytest.mark.parametrize("formula", ["$\\frac{1}{$", "$\\nosuchcommand$", "$$\\begin{aligned} a$$", "$20 €$"])
def test_a_mistake_in_latex_is_a_warning_with_its_place(build, formula):
    _, warnings = build(index=f"# Page\n\n{formula}\n")
    assert re.search(r"index\.md:3: WARNING: formula .+", warnings)


def test_punctuation_stays_with_its_formula(build):
    html, _ = build(index="# Page\n\nTake ($x$), then $y$; the $i$th, and $" + "a + " * 12 + "b$, which may break.\n")
    groups = re.findall(r'<span class="unbroken">(.*?)</span></span>([^<]*)</span>', html["index"], re.DOTALL)
    assert len(groups) == 3
    assert "Take (x), then y; the ith, and" in visible(html["index"])


def test_punctuation_stays_with_a_formula_that_is_long_only_as_latex(build):
    html, _ = build(index="# Page\n\nFor one token $y_i = \\gamma_i \\hat{x}_i + \\beta_i$, so it moves.\n")
    assert re.search(r'<span class="unbroken">.*</span>,</span> so it moves', html["index"], re.DOTALL)


def test_the_style_sheet_names_no_font_that_is_not_there(build, tmp_path):
    build(index="# Page\n\n$x$\n")
    sheet = tmp_path / "out" / "_static" / "katex" / "katex.css"
    fonts = set(re.findall(r"url\(([^)]+)\)", sheet.read_text(encoding="utf-8")))
    assert fonts and all((sheet.parent / font).is_file() and font.endswith(".woff2") for font in fonts)


# Figures


def figure(draw, **more) -> str:
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none"}):
        drawing, file = Figure(figsize=(2, 2)), io.StringIO()
        axes = drawing.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, 1), ylim=(0, 1))
        draw(axes)
        drawing.savefig(file, format="svg", **more)
    return file.getvalue()


def word(svg: str, text: str) -> str:
    return re.search(rf"<text([^>]*)>{text}</text>", svg)[1]


def test_ink_and_ground_follow_the_theme_and_colours_stay():
    def draw(axes):
        axes.plot([0, 1], [0, 1], color="#0072B2")
        axes.axhline(0.5, color="#222222")
        axes.axhline(0.6, color="#cccccc")
        axes.text(0.1, 0.8, "plain")
        axes.text(0.1, 0.9, "blue", color="#0072B2")

    svg = figure_theme.themed(figure(draw), "f1-", "A chart")
    assert "fill:var(--figure-ground)" in svg and "stroke:var(--figure-ink)" in svg and "stroke:#0072b2" in svg
    assert "stroke:color-mix(in srgb, var(--figure-ink) 20%, var(--figure-ground))" in svg
    assert "fill:var(--figure-ink)" in word(svg, "plain")
    assert "fill:var(--figure-word-blue)" in word(svg, "blue")
    assert not re.search("#000000|#222222|#ffffff", svg)


def test_the_books_colours_are_words_colours_in_both_themes(monkeypatch):
    monkeypatch.syspath_prepend(str(EXTENSIONS.parent))
    from experiments import style

    lines = {colour.lower() for colour in (style.BLUE, style.ORANGE, style.GREEN, style.RED, style.PURPLE, style.SKY)}
    assert set(figure_theme.WORD_COLOURS) == lines
    assert {style.INK.lower(), style.GREY.lower()} <= set(figure_theme.NAMED_GREYS)
    css = (EXTENSIONS.parent / "_static" / "course.css").read_text(encoding="utf-8")
    for name in figure_theme.WORD_COLOURS.values():
        assert css.count(f"--figure-word-{name}: #") == 2


def test_words_on_a_coloured_cell_keep_their_colour():
    def draw(axes):
        axes.barh([0.25], [0.5], height=0.3, color="#56B4E9")
        axes.barh([0.75], [5], left=-9, height=0.3, color="#0072B2")
        axes.text(0.25, 0.25, "dark", ha="center", color="#222222")
        axes.text(0.25, 0.35, "bare", ha="center")
        axes.text(0.8, 0.25, "beside", color="#222222")
        axes.imshow([[0.1]], extent=(0.6, 1, 0.4, 0.6), cmap="Greys")
        axes.text(0.8, 0.5, "on image", ha="center", color="#222222")
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="auto")
        axes.set_yticks([0.75], ["outside"])

    svg = figure_theme.themed(figure(draw, bbox_inches="tight"), "f1-", "Bars")
    assert "fill:#222222" in word(svg, "dark") and "fill:#222222" in word(svg, "on image")
    assert "fill:#000000" in word(svg, "bare")
    assert "fill:var(--figure-ink)" in word(svg, "beside")
    assert "fill:var(--figure-ink)" in word(svg, "outside")  # the bar reaches there, but is cut off at the axes


def test_ids_are_the_figures_own_and_nothing_leaks_into_the_page():
    svg = figure(lambda axes: axes.plot([0, 1], [0, 1], marker="o"))
    one, two = (figure_theme.themed(svg, prefix, "A <chart>") for prefix in ("f1-", "f2-"))
    ids = {svg: set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (one, two)}
    assert ids[one] and not ids[one] & ids[two]
    for svg, names in ids.items():
        assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg)) == names
        assert "<style" not in svg and "font-family" not in svg
        assert 'role="img" aria-label="A &lt;chart&gt;"' in svg


def test_words_at_the_side_have_room_to_grow():
    drawn = re.search(r'viewBox="0 0 (\d+) (\d+)"', figure(lambda axes: None))
    left, _, width, _ = re.search(r'viewBox="([^"]+)"', figure_theme.themed(drawn.string, "f1-", "A chart"))[1].split()
    assert float(left) < 0 and float(left) + float(width) > float(drawn[1])


def test_a_figure_without_alt_text_is_a_warning(build, tmp_path):
    (tmp_path / "chart.svg").write_text(figure(lambda axes: axes.plot([0, 1])), encoding="utf-8")
    html, warnings = build(index="# Page\n\n![](chart.svg)\n\n![A line](chart.svg)\n")
    assert html["index"].count('<svg class="course-figure" role="img"') == 2
    assert 'aria-label="A line"' in html["index"]
    assert warnings.count("a figure without alt text") == 1


# Pages


def test_a_description_is_the_front_matters_or_the_first_words(build):
    long = "Words that say what this is about, and more of them. " * 5
    html, warnings = build(
        index=f"# Page\n\n```{{note}}\nAside.\n```\n\n{long}\n\n```{{toctree}}\nother\n```\n",
        other='---\ndescription: Said & "done".\n---\n\n# A title\n\nText.\n',
    )
    said = re.search(r'name="description" content="([^"]*)"', html["index"])[1]
    assert said.startswith("Words that say") and said.endswith("…") and len(said) <= page_description.LENGTH
    assert 'name="description" content="Said &amp; &quot;done&quot;."' in html["other"]
    assert 'property="og:title" content="A title"' in html["other"]
    assert 'property="og:type" content="website"' in html["index"]


def test_a_description_is_cut_after_a_word_and_without_its_comma():
    first = "a" * 100
    assert page_description.shorten(f"{first}, {'b' * 100}") == f"{first}…"
    assert page_description.shorten(f" {first}\n b ") == f"{first} b"


def test_scripts_stay_where_they_are_needed():
    class Script:
        filename = "design-tabs.js?v=1"
        attributes = {}

    assert not lean_pages.is_needed(Script, "<p>no tabs</p>")
    assert lean_pages.is_needed(Script, '<div class="sd-tab-set docutils">')
    assert not lean_pages.is_needed("https://host/thebe.js", "<p>anything</p>")
    assert lean_pages.is_needed("_static/doctools.js", "")


def test_icons_that_nobody_names_go():
    rules = '.fa-sun:before{content:"\\f185"}.fa-a:before,.fa-moon:before{content:"\\f186"}.fa-x:before{content:"\\f00d"}.fa-x{color:red}'
    assert lean_icons.characters_in(rules + ':root{--icon:"\uf0eb"}') == {0xF185, 0xF186, 0xF00D, 0xF0EB}
    assert lean_icons.trimmed(rules, {"fa-sun", "fa-moon"}) == rules.replace('.fa-x:before{content:"\\f00d"}', "")


def test_mends_leave_the_rest_alone():
    table = '<th class="head"><p></p></th><th class="head"><p>shape</p></th>'
    assert accessible_pages.mended(table) == '<td class="head"></td><th class="head"><p>shape</p></th>'
    row = '<tr class="row-even"><td class="text-left"><p>μ</p></td>\n<td><p>(m,)</p></td>'
    assert accessible_pages.mended(row) == '<tr class="row-even"><th scope="row" class="text-left"><p>μ</p></th>\n<td><p>(m,)</p></td>'
    for nameless in ('<tr class="row-odd"><td class="head"></td>', '<tr class="row-odd"><td></td>', '<tr class="row-even"><td><p></p></td>'):
        assert accessible_pages.mended(nameless) == nameless
    assert accessible_pages.mended('<summary aria-label="Toggle hidden content">') == "<summary>"


# Code


@pytest.mark.parametrize(
    "name, jointed",
    [
        ("notebooks/1_z_scores/1_z_scores.ipynb", "notebooks/<wbr>1_z_scores/<wbr>1_z_scores.ipynb"),
        ("grading/feedback/&lt;student&gt;/x.html", "grading/<wbr>feedback/<wbr>&lt;student&gt;/<wbr>x.html"),
        ("torch.finfo(x.dtype).eps", "torch<wbr>.finfo(x.dtype)<wbr>.eps"),
        ("layernorm_backward_kernel", "layernorm_<wbr>backward_<wbr>kernel"),
        ("nn.TransformerEncoderLayer", "nn.TransformerEncoderLayer"),
        ("requires_grad", "requires_grad"),
        ("submission.MAX_CELL_CHARACTERS", "submission<wbr>.MAX_<wbr>CELL_<wbr>CHARACTERS"),
    ],
)
def test_a_long_name_breaks_at_its_joints(name, jointed):
    assert long_names.with_joints(f'<span class="pre">{name}</span>') == f'<span class="pre">{jointed}</span>'


@pytest.mark.parametrize("word", ["--student", "1e-8", "axis=-1", "2026-03-01"])
def test_a_short_word_with_a_hyphen_stays_whole(word):
    assert long_names.with_joints(f'<span class="pre">{word}</span>') == f'<span class="pre unbroken">{word}</span>'


@pytest.mark.parametrize("word", ["---", "-=", "x", "a-name-that-is-far-too-long-for-a-phone"])
def test_another_word_does_not(word):
    assert long_names.with_joints(f'<span class="pre">{word}</span>') == f'<span class="pre">{word}</span>'


def test_a_live_cell_is_coloured_as_the_python_that_follows():
    lexer = live_code.CourseLexer()
    marked, plain = (list(lexer.get_tokens(f"{magic}import math\n")) for magic in ("%%live\n", ""))
    assert marked[-len(plain) :] == plain
