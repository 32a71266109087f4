"""Style sheets lose the rules that can match nothing, and only those; scripts wait for the page."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))

from lean_styles import deferred, pruned  # noqa: E402


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
