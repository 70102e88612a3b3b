"""What is typed on the page of settings."""

from wtforms import BooleanField, Form, StringField


class IdentityForm(Form):
    """What an org says about itself; the logo is a file beside it."""

    title = StringField()
    legal_name = StringField()
    legal_contact = StringField()
    privacy_url = StringField()
    retention = StringField()
    mail_name = StringField()
    mail_from = StringField()
    reply_to = StringField()
    color = StringField()
    locale = StringField()
    time_zone = StringField()
    no_logo = BooleanField()


class ServerForm(Form):
    """A mail server of the org's own; the password is never shown again."""

    server = StringField(default="")
    way = StringField(default="587-starttls")
    username = StringField(default="")
    password = StringField(default="")
    server_from = StringField(default="")
