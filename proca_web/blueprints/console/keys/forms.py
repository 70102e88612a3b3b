"""What is typed, or sent by a script, on the key pages: texts only. The form token is looked at before, with access."""

import json

from wtforms import Form, StringField
from wtforms.validators import AnyOf


class KeyForm(Form):
    """A new key, as `proca-org keygen` prints it."""

    role = StringField(default="")
    public = StringField(default="")
    fingerprint = StringField(default="")
    sign_public = StringField(default="")
    rotation = StringField(default="")


class ProofForm(Form):
    """The answer to a challenge: as two fields, or as the line that `proca-org prove` prints."""

    challenge = StringField(default="")
    answer = StringField(default="")
    proof = StringField(default="")

    def pair(self) -> tuple[str, str]:
        """Challenge id and answer; empty where there is none."""
        line = self.proof.data.strip()
        try:
            values = json.loads(line) if line else self.data
        except (ValueError, RecursionError):
            values = {}
        if not isinstance(values, dict):
            return "", ""
        return str(values.get("challenge") or ""), str(values.get("answer") or "")


class RevokeForm(Form):
    """That somebody means it."""

    really = StringField(
        default="",
        validators=[AnyOf(["yes"], message="please tick the box: a revoked key never becomes active again")],
    )
