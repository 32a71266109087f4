"""Submissions whose text is a page's script, or asks a page to fetch something: for every place that shows text.

A script that runs sets ``window.owned``; everything that a page would fetch is at FETCH, which no browser here resolves.
"""

from tests.attacks.lying import FORGE
from tests.attacks.protocol import PICTURE
from tests.attacks.rows import ALL, EXERCISES, QUIZ, Make, Row, answered, changed, code, written

FETCH = "http://fetched.example/x"
OWN = "window.owned=1"
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{OWN}"><script>{OWN}</script></svg>'

HTML = (
    f"<script>{OWN}</script>",
    f"<ScRiPt\n>{OWN}</sCrIpT >",
    f'<script src="{FETCH}.js"></script>',
    f'<img src="x" onerror="{OWN}">',
    f'<img src="{FETCH}.png">',
    f"<svg/onload={OWN}>",
    SVG,
    f'<iframe srcdoc="<script>parent.{OWN}</script>"></iframe>',
    f'<iframe src="javascript:parent.{OWN}"></iframe>',
    f'<object data="{FETCH}.svg"></object><embed src="{FETCH}.pdf">',
    f'<video src="x" onerror="{OWN}" autoplay></video><audio src="{FETCH}.mp3" autoplay></audio>',
    f'<details open ontoggle="{OWN}"><summary>x</summary></details>',
    f'<input autofocus onfocus="{OWN}">',
    f'<body onload="{OWN}">',
    f'<link rel="stylesheet" href="{FETCH}.css"><style>@import url({FETCH}2.css)</style>',
    f'<p style="background-image:url({FETCH}3.png)">x</p>',
    f'<meta http-equiv="refresh" content="0;url={FETCH}.html"><base href="{FETCH}/">',
    f'<form action="{FETCH}"><button>press</button></form><math href="javascript:{OWN}">x</math>',
    f"</pre></code></textarea></title></style></script><script>{OWN}</script>",
    f"--><script>{OWN}</script><!--",
    f"]]><script>{OWN}</script>",
    f"'\"><script>{OWN}</script>",
    f"{{{{ ''.__class__ }}}}{{% raw %}}<script>{OWN}</script>",
    f"\x1b[31m<img src=x onerror={OWN}>\x1b]8;;javascript:{OWN}\x07link\x1b]8;;\x07",
)

MARKDOWN = (
    f"[press](javascript:{OWN})",
    f"[press](JaVaScRiPt:{OWN} 'title')",
    f"[press](<javascript:{OWN}>)",
    f"[press](data:text/html,<script>{OWN}</script>)",
    f"[press][there]\n\n[there]: javascript:{OWN}",
    f"[there]\n\n[there]:\njavascript:{OWN}",
    f"<javascript:{OWN}>",
    f"![image]({FETCH}4.png)",
    f"![image][far]\n\n[far]: {FETCH}5.png",
    f'![image](x"onerror="{OWN})',
    f"&lt;script&gt;{OWN}&lt;/script&gt;",
    f"&#60;img src=x onerror={OWN}&#62;",
    f"`` ` <script>{OWN}</script>",
    f"```html\n<script>{OWN}</script>\n```",
    f"```mermaid\ngraph TD; a-->b; click a href \"javascript:{OWN}\"; c[<img src=x onerror={OWN}>]\n```",
    f"    <script>{OWN}</script>",
    f"| a |\n|---|\n| <img src=x onerror={OWN}> |",
    f"~~<img src=x onerror={OWN}>~~ **<svg/onload={OWN}>**",
    f"[^note]\n\n[^note]: <img src=x onerror={OWN}>",
)

LATEX = (
    rf"$\href{{javascript:{OWN}}}{{press}}$",
    rf"$$\href{{{FETCH}}}{{press}}$$",
    r"$\class{btn}{x} \cssId{quiz}{x} \style{position:fixed;top:0;left:0;font-size:900px}{x}$",
    rf"$\require{{html}}\def\link{{\href}}\link{{javascript:{OWN}}}{{x}}$",
    rf"$\mmlToken{{mi}}[href='javascript:{OWN}']{{x}} \bbox[background-image:url({FETCH}6.png)]{{x}}$",
    rf"&#36;&#92;href{{javascript:{OWN}}}{{press}}&#36;",
    rf"\\href{{javascript:{OWN}}}{{press}}",
    rf"$<script>{OWN}</script>$",
    rf"$$</script><img src=x onerror={OWN}>$$",
)

FORMULA = r"$\mu = \frac{1}{n}\sum_i x_i$ and $a<b$"


def in_words(*texts: str) -> Make:
    """A solved notebook with these texts as its written answer."""
    return changed(lambda notebook: written(notebook).update(source="\n\n".join((FORMULA, *texts))))


def refused(name: str, folder: str) -> Row:
    """A solved notebook of a student whose folder has this name."""
    return Row(name, lambda place: place.write(place.solved()), folder=folder, refused=True, tells="odd characters")


def beside(name: str) -> Make:
    """Only a notebook with this name."""
    return lambda place: (place.folder / name).write_text("{}") and None


EVERYTHING = HTML + MARKDOWN + LATEX
EACH = f"TEXTS = {EVERYTHING!r}\n"
EVERY_FUNCTION = "standard_deviation = z_scores = z_scores_by_row = running_mean_variance = {}\n"

ROWS = (
    Row("words_html", in_words(*HTML), ALL, exact=True),
    Row("words_markdown", in_words(*MARKDOWN), ALL, exact=True),
    Row("words_latex", in_words(*LATEX), ALL, exact=True),
    Row("words_without_end", in_words("[" * 9000, "*a " * 9000, "![" * 9000, "\\\\[" * 9000), ALL, exact=True),
    Row("printed", code(EACH + "for text in TEXTS: print(text)\n")),
    Row("in_the_source", code("".join(f"# {line}\n" for text in EVERYTHING for line in text.replace("\r", "").split("\n")))),
    Row("in_an_error_of_a_cell", code(EACH + "raise ValueError('\\n'.join(TEXTS))\n")),
    Row("in_errors_of_calls", code(EACH + """
calls = iter(TEXTS * 99)
def fail(*a): raise ValueError(next(calls))
""" + EVERY_FUNCTION.format("fail"))),
    Row("in_the_name_of_an_error", code(EACH + """
calls = iter(TEXTS * 99)
def fail(*a): raise type(next(calls).replace("\\0", ""), (Exception,), {})()
""" + EVERY_FUNCTION.format("fail"))),
    Row("in_the_name_of_a_type", code(EACH + """
calls = iter(TEXTS * 99)
def give(*a): return type(next(calls).replace("\\0", ""), (), {})()
""" + EVERY_FUNCTION.format("give"))),
    Row("in_a_warning", code(f"""
import warnings
def z_scores(x):
    warnings.warn({HTML[3]!r})
    return np.zeros(np.shape(x))
""")),
    Row("in_the_quiz", answered(QUIZ, f"answers = {{'q1': '<script>', 'q2': {HTML[5]!r}, 'q3': '`<b>`', 'q4': '{{{{7*7}}}}'}}"), EXERCISES, exact=True),
    Row("in_the_name_of_a_file", beside("<img src=x onerror=window.owned=1>.ipynb"), tells="rename it"),
    refused("in_the_name_of_the_student", f"<img src=x onerror={OWN}>"),
    refused("in_quotes_of_the_student", f"'\"{OWN}"),
    refused("orders_to_the_terminal", "\x1b[2J\n"),
    refused("student_is_not_text", "\udcff\udcfe"),
    Row("as_a_picture", code(FORGE + PICTURE.format(f"{SVG!r}.encode(), b'\\x89PNG\\r\\n\\x1a\\n' + {SVG!r}.encode()", "''"))),
    Row("as_output_of_the_notebook", changed(lambda n: [cell.update(outputs=[
        {"output_type": "display_data", "data": {"text/html": HTML[0], "application/javascript": OWN, "image/svg+xml": SVG}, "metadata": {}}
    ]) for cell in n["cells"] if cell["cell_type"] == "code"] and None), ALL, exact=True),
    Row("as_an_attachment", changed(lambda n: written(n).update(
        source="![x](attachment:x.svg)", attachments={"x.svg": {"image/svg+xml": SVG}})), ALL, exact=True),
)  # fmt: skip
