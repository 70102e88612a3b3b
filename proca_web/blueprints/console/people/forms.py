"""What is typed on the pages about people."""

from wtforms import Form, StringField


class InvitationForm(Form):
    """Whom to invite, as what; `meant` is an address that was asked about."""

    email = StringField(default="")
    role = StringField(default="")
    meant = StringField(default="")


class RoleForm(Form):
    """Another role for a member."""

    role = StringField(default="")
