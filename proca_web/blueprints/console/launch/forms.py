"""What is typed on the launch list."""

from wtforms import Form, StringField


class OpenedForm(Form):
    """The code from a test signature that was opened."""

    code = StringField(default="")
