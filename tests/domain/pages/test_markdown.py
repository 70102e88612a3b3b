"""What an org writes becomes HTML that can be read and do nothing else."""

import html
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from proca_web.domain.pages import markdown

# The kinds of the OWASP filter-evasion list, as HTML and as Markdown; each must end as text, or as nothing.
HOSTILE = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://xss.example/xss.js></SCRIPT>",
    "<script/src=//xss.example/x></script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<SCRIPT>alert(1);//<</SCRIPT>",
    "<script\x0d\x0asrc=//xss.example></script>",
    "<img src=x onerror=alert(1)>",
    '<IMG SRC="javascript:alert(1);">',
    "<IMG SRC=JaVaScRiPt:alert(1)>",
    "<IMG SRC=`javascript:alert(1)`>",
    '<IMG """><SCRIPT>alert(1)</SCRIPT>">',
    "<IMG SRC=&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)>",
    "<IMG SRC=&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)>",
    '<IMG SRC="jav\tascript:alert(1);">',
    '<IMG SRC=" &#14; javascript:alert(1);">',
    "<IMG DYNSRC=\"javascript:alert('XSS')\">",
    "<IMG LOWSRC=\"javascript:alert('XSS')\">",
    "<svg onload=alert(1)>",
    "<svg/onload=alert`1`//",
    "<svg><script>alert(1)</script></svg>",
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    '<math><mi//xlink:href="data:x,<script>alert(4)</script>">',
    "<BODY ONLOAD=alert(1)>",
    '<BODY BACKGROUND="javascript:alert(1)">',
    "<body onscroll=alert(1)><br><input autofocus>",
    "<iframe src=javascript:alert(1)></iframe>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<EMBED SRC="data:image/svg+xml;base64,PHN2Zz4=">',
    '<OBJECT TYPE="text/x-scriptlet" DATA="https://xss.example/scriptlet.html"></OBJECT>',
    '<FRAMESET><FRAME SRC="javascript:alert(1);"></FRAMESET>',
    '<LINK REL="stylesheet" HREF="javascript:alert(1);">',
    "<STYLE>@import'https://xss.example/xss.css';</STYLE>",
    '<DIV STYLE="background-image: url(javascript:alert(1))">',
    '<p style="width: expression(alert(1));">x</p>',
    '<META HTTP-EQUIV="refresh" CONTENT="0;url=javascript:alert(1);">',
    '<BASE HREF="javascript:alert(1);//">',
    '<form action="https://xss.example"><input name=password></form>',
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    '<a href="javascript:alert(1)">x</a>',
    '<a onmouseover="alert(1)" href="#">x</a>',
    "<!--[if gte IE 4]><SCRIPT>alert(1);</SCRIPT><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><x onclick=alert(1)>",
    "<template><script>alert(1)</script></template>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "\x00<script>alert(1)</script>",
    "<script>alert(1)",
    "¼script¾alert(1)¼/script¾",
    "+ADw-SCRIPT+AD4-alert(1);+ADw-/SCRIPT+AD4-",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](javascript&colon;alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "[x](//xss.example)",
    "[x](/logout)",
    "[x](\\\\xss.example)",
    "[x](https:javascript:alert(1))",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example/"onmouseover="alert(1))',
    "[x][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "![x](javascript:alert(1))",
    "![x](https://xss.example/track.png)",
    '![x](https://a.example/x.png"onerror="alert(1))',
    "`<script>alert(1)</script>`",
    "```<script>\nalert(1)\n```",
    '```"onclick=alert(1)\nx\n```',
    "    <script>alert(1)</script>",
    "# <img src=x onerror=alert(1)>",
    "> <script>alert(1)</script>",
    "* <svg onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[<img src=x onerror=alert(1)>](https://a.example)",
)
ALLOWED = {
    *("a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6"),
    *("hr", "li", "ol", "p", "pre", "strong", "ul"),
}


class _Read(HTMLParser):
    """What a browser would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def _elements(made: str) -> list[tuple[str, dict[str, str | None]]]:
    read = _Read()
    read.feed(made)
    return read.found


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_nothing_that_acts(text: str) -> None:
    for tag, attributes in _elements(str(markdown.html(text))):
        assert tag in ALLOWED
        assert set(attributes) <= {"dir", "href", "rel", "start"}, attributes
        if "href" in attributes:
            assert urlsplit(attributes["href"] or "").scheme in ("http", "https", "mailto")
            assert attributes["rel"] == "noopener"


@pytest.mark.parametrize("text", HOSTILE)
def test_as_plain_text_it_brings_no_element_that_was_not_written(text: str) -> None:
    written = {tag for tag, _ in _elements(html.unescape(text))}
    assert {tag for tag, _ in _elements(markdown.plain(text))} <= written


def test_what_people_write_looks_as_they_meant_it() -> None:
    made = markdown.html("We ask:\n\n- **trees**\n- *shade*\n\n[Read](https://a.example/b) or <mailto:x@a.example>")
    assert '<p dir="auto">We ask:</p>' in made
    assert '<li dir="auto"><strong>trees</strong></li>' in made
    assert '<a href="https://a.example/b" rel="noopener">Read</a>' in made
    assert 'href="mailto:x@a.example"' in made


def test_headings_begin_below_those_of_the_page_and_leave_none_out() -> None:
    made = markdown.html("## Why\n\n#### How\n\n## When")
    assert [tag for tag, _ in _elements(made) if tag != "p"] == ["h3", "h4", "h3"]


def test_text_that_runs_the_other_way_keeps_its_way() -> None:
    made = markdown.html("أنقذوا الأشجار\n\nSave the trees")
    assert made.count('dir="auto"') == 2
    assert "أنقذوا الأشجار" in made


@pytest.mark.parametrize(
    "text", ["word " * 2000, "[" * 10_000, "*" * 10_000, "> " * 5_000, "[x](" * 2_500, "`" * 10_000, "- " * 5_000]
)
def test_ten_thousand_characters_are_read_in_a_moment(text: str) -> None:
    assert markdown.html(text)
    assert markdown.plain(text) is not None


def test_plain_text_has_paragraphs_points_and_addresses() -> None:
    text = (
        "# Why\n\nIt is **hot**.\nVery.\n\n- one\n- two\n  - deep\n\n[Read](https://a.example) it, <https://b.example>"
    )
    assert markdown.plain(text) == (
        "Why\n\nIt is hot.\nVery.\n\n- one\n- two\n  - deep\n\nRead (https://a.example) it, https://b.example"
    )
    assert markdown.plain("") == ""
