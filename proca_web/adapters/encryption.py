"""The encryption extension: made at app start with the Home Org's keys and a nonce, kept in `app.extensions`.

It reads each org's key at use, composes the plaintext and seals it. No route, job or command calls `decrypt`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from flask import Flask, current_app
from sqlalchemy import select

from proca_web.adapters import clock
from proca_web.adapters.database import direct_write, reading, writing
from proca_web.adapters.keyring import keyring_of
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.sealing import Sealed, Sealer, open_box
from proca_web.crypto.boxes.sender import Clock, Sender
from proca_web.crypto.errors import CannotOpen, SecretUnavailable, SenderEnded
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.keys import RecipientKey
from proca_web.crypto.memory import Secret
from proca_web.domain.errors import CannotSealNow, GuardDamaged, HomeCannotReceive, NoActiveKey, RowRefused
from proca_web.domain.people.contact import ContactData
from proca_web.domain.rows import plaintext
from proca_web.domain.rows.plaintext import Context
from proca_web.models import Org, PublicKey
from proca_web.services.driver import Direct
from proca_web.services.keys import recipients
from proca_web.services.sealing import sender_rows, vouching
from proca_web.services.sealing.senders import SenderSource
from proca_web.services.sealing.vouching import Vouching

T = TypeVar("T")
_EXTENSION = "proca_encryption"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class SealingSubmission:
    """Seals the copies of one submission."""

    home: str
    sealer: Sealer

    def encrypt(self, key: RecipientKey, contact: ContactData, context: Context) -> Sealed:
        """One copy for one key; its minute is never before its sender's time, however long the request waited."""
        if context.at < self.sealer.not_before:
            context = replace(context, at=self.sealer.not_before)
        return self.sealer.seal(plaintext.compose(contact, context, to=key.fingerprint, role=key.role), key)


class Encryption:
    """The handle; its state (Home key, mode, first nonce, current sender) is the app's."""

    def init_app(self, app: Flask, home: HomeKey, mode: Mode, clock: Clock | None = None) -> None:
        """Take the Home Org's checked keys and draw the first nonce. Raises RuntimeError on a second call."""
        if _EXTENSION in app.extensions:
            raise RuntimeError("encryption is set up already for this app")
        if mode is not Mode.STATIC:
            home.forget_box_secret()
        app.extensions[_EXTENSION] = SenderSource(home, mode, _commit_row, clock)

    @property
    def source(self) -> SenderSource:
        """The current app's senders."""
        try:
            source: SenderSource = current_app.extensions[_EXTENSION]
        except KeyError:
            raise RuntimeError("this app has no encryption; make it with create_app") from None
        return source

    @property
    def vouching(self) -> Vouching:
        """Which keys may be sealed to at this moment. Raises GuardDamaged."""
        return vouching_of(current_app)

    @contextmanager
    def submission(self, *, throwaway: bool = False) -> Iterator[SealingSubmission]:
        """What seals one submission; its sender's row is committed before this returns."""
        with self.source.submission(throwaway=throwaway) as sealer:
            yield SealingSubmission(self.source.home.fingerprint, sealer)

    def store(
        self, seal: Callable[[SealingSubmission], T], write: Callable[[Direct, T], None], *, throwaway: bool = False
    ) -> None:
        """Seal, then write and commit in one transaction, which is opened only once everything is sealed.

        A spent sender or a used nonce: again with a new sender, three times; then CannotSealNow, nothing is stored.
        """
        for _ in range(_TRIES):
            try:
                with self.submission(throwaway=throwaway) as submission:
                    _commit(submission, write, seal(submission))
                return
            except (SenderEnded, RowRefused):
                continue
        raise CannotSealNow

    def encrypt(self, org: str, contact: ContactData, context: Context) -> Sealed:
        """One copy for the active key of the org with that name. Raises NoActiveKey, HomeCannotReceive."""
        key = active_key(org, self.vouching)
        with self.submission() as submission:
            return submission.encrypt(key, contact, context)

    def decrypt(self, sealed: Sealed, *, secret: Secret | None = None) -> bytes:
        """Open a copy: as its recipient with a secret, or as its sender while that sender lives here.

        Raises SecretUnavailable, CannotOpen. For tests and tools on the org's side; nothing in this server calls it.
        """
        with reading() as session:
            rows = session.execute(
                select(PublicKey.id, PublicKey.public).where(
                    PublicKey.id.in_((sealed.public_key_id, sealed.sign_key_id))
                )
            )
            publics = {row.id: bytes(row.public) for row in rows}
        if len(publics) < 2:
            raise CannotOpen("a key of this copy is not in the database")
        if secret is not None:
            return open_box(sealed.payload, sealed.nonce, publics[sealed.sign_key_id], secret)
        holder = self.source.holder_of(sealed.sign_key_id)
        if holder is None:
            raise SecretUnavailable("its sender is gone; only the recipient can open this")
        return holder.open(sealed.payload, sealed.nonce, publics[sealed.public_key_id])


def home_of(app: Flask) -> HomeKey:
    """The Home Org's key as this process read it."""
    home: HomeKey = app.extensions[_EXTENSION].home
    return home


def vouching_of(app: Flask) -> Vouching:
    """Which keys may be sealed to at this moment. Raises GuardDamaged."""
    return vouching.now(home_of(app), keyring_of(app).guard)


def vouching_if_known(app: Flask) -> Vouching | None:
    """The same for who shows or checks it; None while the guard cannot be read: then nothing is sealed to."""
    try:
        return vouching_of(app)
    except GuardDamaged:
        return None


def _commit(submission: SealingSubmission, write: Callable[[Direct, T], None], sealed: T) -> None:
    """Write and commit; a sender whose row or nonce was refused is not used again."""
    try:
        with direct_write(one_statement=True) as connection:
            write(connection, sealed)
    except RowRefused:
        submission.sealer.end_sender()
        raise


def active_key(org: str, trusted: Vouching) -> RecipientKey:
    """The key that the org's copies are sealed to, read now. Raises HomeCannotReceive, NoActiveKey."""
    with reading() as session:
        named = session.scalars(select(Org).where(Org.name == org)).first()
        if named is not None and named.is_home:
            raise HomeCannotReceive(org)
        key = recipients.key_of(session, named, trusted, clock.now()) if named is not None else None
        if key is None:
            raise NoActiveKey(org)
        return RecipientKey(key.id, key.public, key.role, key.fingerprint)


def _commit_row(sender: Sender) -> int:
    """A sender's row, in a transaction of its own (protocol 2, "row first")."""
    if not clock.is_right(current_app):
        raise CannotSealNow  # its certificate would lie about its time
    with writing() as session:
        return sender_rows.add(session, sender)
