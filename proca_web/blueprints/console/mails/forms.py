"""What is typed on the page about mails."""

from wtforms import Form, StringField

from proca_web.domain.pages.mail_words import MailWords
from proca_web.services.petitions.making.mail_texts import Typed, Written


class MailForm(Form):
    """A mail's words and who it is from; `state` names what it was when the form was opened."""

    sender_name = StringField(default="")
    reply_to = StringField(default="")
    subject = StringField(default="")
    preheader = StringField(default="")
    body = StringField(default="")
    state = StringField(default="")

    def typed(self) -> Typed:
        """As it was typed."""
        fields = (self.sender_name, self.reply_to, self.subject, self.preheader, self.body)
        return Typed(*(field.data or "" for field in fields))


class SeenForm(Form):
    """Both mails were read; `mark` names what they said."""

    mark = StringField(default="")


def form_of(written: Written, suggested: MailWords) -> MailForm:
    """The mail as it is, to be changed."""
    words = written.words or suggested
    return MailForm(
        sender_name=written.sender_name,
        reply_to=written.reply_to,
        subject=words.subject,
        preheader=words.preheader,
        body=words.body,
        state=written.state,
    )
