"""Mail domains that are nearly always a slip of the finger. They are asked about once, never changed silently."""

from proca_web.domain.errors import AddressDoubted

_INTENDED = {
    "gmail.com": "gmial.com gmal.com gmil.com gmai.com gamil.com gnail.com gmaill.com gmail.co gmail.con "
    "gmail.cm gmail.om gmail.comm gmail.cim",
    "googlemail.com": "googlemail.con googlemail.co",
    "hotmail.com": "hotmial.com hotmal.com hotmai.com hotmil.com hotmail.con hotmail.co hotmail.cm homail.com "
    "hotamil.com",
    "yahoo.com": "yaho.com yahooo.com yhoo.com yahoo.con yahoo.co yahoo.cm yaoo.com",
    "outlook.com": "outlok.com outloo.com outlook.con outlook.co otlook.com",
    "icloud.com": "iclod.com icloud.con icloud.co icoud.com",
    "gmx.de": "gmx.ed gmx.dee",
    "web.de": "web.ed wbe.de",
}
_MEANT = {slip: meant for meant, slips in _INTENDED.items() for slip in slips.split()}


def suggestion(address: str) -> str | None:
    """The address that was probably meant, or None."""
    local, _, domain = address.rpartition("@")
    meant = _MEANT.get(domain.lower())
    return f"{local}@{meant}" if meant else None


def settle(address: str, *, kept: str, fix: str) -> str:
    """The address to use: `fix` is the suggestion that was accepted, `kept` what was asked about and sent again.

    Raises AddressDoubted when it has not been asked about yet. A `fix` that nobody suggested counts for nothing.
    """
    meant = suggestion(address)
    if fix and fix in (meant, suggestion(kept)):
        return fix
    if meant is None or kept == address:
        return address
    raise AddressDoubted(address, meant)
