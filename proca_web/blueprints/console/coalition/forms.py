"""What is typed and chosen on the pages about partners."""

from wtforms import Form, SelectMultipleField, StringField


class InvitationForm(Form):
    """An org that is here by its name or title, or what a new one is called and its address."""

    org = StringField(default="")
    email = StringField(default="")


class TermsForm(Form):
    """Who gets a copy."""

    copies = StringField(default="")


class ApprovalForm(Form):
    """Which state of a page was looked at."""

    seen = StringField(default="")


class ReceiversForm(Form):
    """Further orgs of a page, by name; which there are is asked of the campaign."""

    further = SelectMultipleField(choices=[], validate_choice=False)
