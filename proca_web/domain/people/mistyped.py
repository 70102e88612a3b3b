"""Mail domains that are nearly always a slip of the finger. They are asked about once, never changed silently."""

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
