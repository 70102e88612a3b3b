"""Which of the few large receivers a mail goes to, so that sends can be counted by them.

Whoever is not among them is `other`: a rare domain may be one person's, and is written down nowhere.
"""

OTHER = "other"
_DOMAINS = {
    "gmail": "gmail.com googlemail.com",
    "outlook": "outlook.com outlook.de outlook.fr outlook.it outlook.es hotmail.com hotmail.de hotmail.fr hotmail.it "
    "hotmail.co.uk hotmail.es live.com live.de live.fr live.nl live.co.uk msn.com",
    "yahoo": "yahoo.com yahoo.de yahoo.fr yahoo.it yahoo.es yahoo.co.uk ymail.com rocketmail.com aol.com aol.de",
    "gmx": "gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.fr",
    "web.de": "web.de",
    "icloud": "icloud.com me.com mac.com",
    "proton": "proton.me protonmail.com protonmail.ch pm.me",
    "t-online": "t-online.de magenta.de",
    "freenet": "freenet.de",
    "orange": "orange.fr wanadoo.fr",
    "free": "free.fr",
    "sfr": "sfr.fr neuf.fr",
    "laposte": "laposte.net",
    "libero": "libero.it virgilio.it",
    "bluewin": "bluewin.ch",
    "telenet": "telenet.be",
    "ziggo": "ziggo.nl",
    "kpn": "kpnmail.nl planet.nl hetnet.nl",
    "btinternet": "btinternet.com",
    "wp": "wp.pl o2.pl",
    "onet": "onet.pl onet.eu op.pl poczta.onet.pl vp.pl",
    "interia": "interia.pl interia.eu poczta.fm",
    "seznam": "seznam.cz email.cz",
    "yandex": "yandex.ru yandex.com ya.ru",
    "mail.ru": "mail.ru bk.ru inbox.ru list.ru",
}
_BY_DOMAIN = {domain: name for name, domains in _DOMAINS.items() for domain in domains.split()}


def of(address: str) -> str:
    """The receiver of mails to that address."""
    return _BY_DOMAIN.get(address.rpartition("@")[2].lower(), OTHER)
