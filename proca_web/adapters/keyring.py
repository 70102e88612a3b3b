"""The keyring of an app: made once at start, found here by whoever needs a key of it."""

from flask import Flask

from proca_web.services.sealing.keyring import Keyring

_EXTENSION = "proca_keyring"


def init_app(app: Flask, keyring: Keyring) -> None:
    """Remember the app's keyring; nothing is opened."""
    app.extensions[_EXTENSION] = keyring


def keyring_of(app: Flask) -> Keyring:
    """The app's keyring."""
    keyring: Keyring = app.extensions[_EXTENSION]
    return keyring
