"""What an org writes in Markdown, as HTML that can do nothing but be read; the one room that makes it.

Two doors: the parser takes no HTML, no picture and no foreign link; what it makes passes a short list of tags besides.
"""

import re
from collections.abc import Iterator

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

HIGHEST_HEADING = 3  # above it stand the title of the page and the headings of its own
_LINK = re.compile(r"(?:https?://[^\s/]|mailto:[^\s/])", re.IGNORECASE)
_HEADINGS = {f"h{level}" for level in range(HIGHEST_HEADING, 7)}
_BLOCKS = {"p", "li", "blockquote", *_HEADINGS}
_TAGS = _BLOCKS | {"a", "br", "code", "em", "hr", "ol", "pre", "strong", "ul"}
_BEGINS_A_BLOCK = ("paragraph_open", "heading_open", "code_block", "fence", "hr")


def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(["image", "html_block", "html_inline"])
    made.validateLink = lambda url: bool(_LINK.match(url))  # type: ignore[method-assign]  # its way to be told
    return made


_PARSER = _parser()


def html(text: str) -> Markup:
    """The text as HTML: paragraphs, lists, links to the web and by mail; each block runs the way its words do."""
    tokens = _PARSER.parse(text)
    _lower_headings(tokens)
    made = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return Markup(  # noqa: S704  # made by the parser, which takes no HTML, and cleaned
        nh3.clean(
            made,
            tags=_TAGS,
            attributes={"*": set(), "a": {"href"}, "ol": {"start"}, **{tag: {"dir"} for tag in _BLOCKS}},
            set_tag_attribute_values={tag: {"dir": "auto"} for tag in _BLOCKS},
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener",
        )
    )


def plain(text: str) -> str:
    """The same words without marks, for mails and cards: paragraphs apart, a dash before each point of a list."""
    return "\n\n".join("\n".join(lines) for lines in _paragraphs(_PARSER.parse(text)) if lines)


def _lower_headings(tokens: list[Token]) -> None:
    """The highest heading of the text becomes the highest there may be, the next the next: none is left out."""
    ranks = {tag: rank for rank, tag in enumerate(sorted({each.tag for each in tokens if _is_heading(each)}))}
    for token in filter(_is_heading, tokens):
        token.tag = f"h{min(HIGHEST_HEADING + ranks[token.tag], 6)}"


def _is_heading(token: Token) -> bool:
    return token.type in ("heading_open", "heading_close")


def _paragraphs(tokens: list[Token]) -> Iterator[list[str]]:
    lines: list[str] = []
    depth, point = 0, ""
    for token in tokens:
        depth += token.nesting if token.type.endswith(("_list_open", "_list_close")) else 0
        if token.type == "list_item_open":
            point = "  " * (depth - 1) + "- "
        begins_list = token.type.endswith("_list_open") and depth == 1
        if begins_list or (token.type in _BEGINS_A_BLOCK and not (depth and lines)):
            yield lines
            lines = []
        if token.type in ("inline", "code_block", "fence"):
            said = _words(token.children) if token.children else token.content.strip()
            lines.append(point + said if depth else said)
            point = " " * len(point)
        if not depth and token.type.endswith("_list_close"):
            yield lines
            lines = []
    yield lines


def _words(children: list[Token]) -> str:
    """What is read of a line; the address of a link stands behind its words, unless it is them."""
    said, begun, address = "", 0, ""
    for child in children:
        if child.type == "link_open":
            begun, address = len(said), str(child.attrGet("href") or "")
        elif child.type == "link_close":
            words, bare = said[begun:], address.removeprefix("mailto:")
            said += "" if words in (address, bare) else f" ({bare})"
        else:
            said += "\n" if child.type in ("softbreak", "hardbreak") else child.content
    return said
