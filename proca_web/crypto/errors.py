"""What can go wrong with keys and boxes. Messages never hold key material or plaintext."""


class CryptoError(Exception):
    """Root of every refusal in this floor."""


class EncodingError(CryptoError, ValueError):
    """A text is not canonical base64url without padding, or has the wrong length."""


class KeyRefused(CryptoError):
    """A public key that must not be sealed to: malformed, low-order or an alias."""


class HomeKeyError(CryptoError):
    """The Home Org's key file cannot be used; the message says what to do."""


class SenderEnded(CryptoError):
    """This sender gives no more nonces and seals nothing more; take a new one."""


class CannotOpen(CryptoError):
    """The box does not open with this secret, nonce and sender."""


class SecretUnavailable(CryptoError):
    """Nobody in this process holds a secret that could open the box."""


class CertificateRefused(CryptoError):
    """A sender's certificate fails a check; the message is the reason (protocol 2)."""


class KeyFileDamaged(CryptoError):
    """A key file is not well-formed, or was changed after it was written."""


class WrongPassphrase(CryptoError):
    """The key file is intact, but this passphrase does not open it."""


class StatementRefused(CryptoError):
    """A signed statement is malformed or not signed by the key that had to."""


class ChallengeRefused(CryptoError):
    """What was given is not a challenge for this key; the message never holds what was in it."""


class KeyLogRefused(CryptoError):
    """A key log does not hold together; the message says where."""
