"""The visitor of these tests sees what they promise never happens: an instrument is tried before it is trusted."""

import pytest

from tests.browser.live import Visitor

DEEDS = {
    "an inline style": (
        "document.body.insertAdjacentHTML('beforeend', '<p style=color:red>')",
        "policy: ('style-src-attr'",
    ),
    "an inline script": (
        "document.body.setAttribute('onclick', '1'); document.body.click()",
        "policy: ('script-src-attr'",
    ),
    "a picture from elsewhere": ("new Image().src = 'https://elsewhere.example.org/pixel.png'", "policy: ('img-src'"),
    "a fault in a script": ("setTimeout(() => { throw new Error('oh no') })", "script: oh no"),
    "a warning": ("console.warn('careful')", "console: careful"),
    "a cookie": ("document.cookie = 'followed=1'", "kept: followed"),
    "a stored value": ("localStorage.followed = 1", "kept: followed"),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_the_visitor_complains_about(visitor: Visitor, deed: str) -> None:
    script, complaint = DEEDS[deed]
    page = visitor.page()
    page.goto("/p/trees")
    page.evaluate(f"() => {{ {script} }}")
    for _ in range(500):  # what is told comes a little later; what is kept is looked for at the end
        if complaint.startswith("kept") or any(complaint in line for line in visitor.complaints):
            break
        page.evaluate("() => new Promise((done) => setTimeout(done))")
    with pytest.raises(AssertionError):
        visitor.end()
    assert any(complaint in line for line in visitor.complaints), visitor.complaints
    visitor.complaints.clear()
