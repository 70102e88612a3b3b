"""What each refusal says: its title, what to do, and why a petition takes no signature."""

from proca_web.domain.messages import N_, Message
from proca_web.domain.pages.stops import Stop

TITLES: dict[int, Message] = {
    400: Message(N_("We did not understand that")),
    401: Message(N_("Please sign in")),
    403: Message(N_("This was sent from another site")),
    404: Message(N_("There is nothing here")),
    405: Message(N_("This page cannot be used that way")),
    410: Message(N_("This is closed")),
    413: Message(N_("That was too much")),
    422: Message(N_("Please check what you sent")),
    429: Message(N_("Too many tries")),
    500: Message(N_("Something went wrong on our side")),
    503: Message(N_("We cannot take signatures just now")),
}
ADVICE: dict[int, Message] = {
    400: Message(N_("Please go back and try again.")),
    403: Message(N_("Your browser says the form came from elsewhere. Please open the page here and sign there.")),
    404: Message(N_("Please check the address, or start from the list of petitions.")),
    405: Message(N_("Please start from the list of petitions.")),
    413: Message(
        N_("The form was larger than it may be. Please go back, shorten your text or choose a smaller picture.")
    ),
    429: Message(N_("Many forms came from your network in the last minute. Please wait a minute and send it again.")),
    500: Message(N_("Nothing you sent is lost if you go back. Please try again in a minute.")),
    503: Message(N_("Nothing was stored. Please keep this page open and try again in a few minutes.")),
}
TOO_LARGE = N_("Please go back, and shorten your text or choose a smaller picture. Nothing of it was stored.")
NOT_OPEN: dict[str, Message] = {
    Stop.DRAFT: Message(N_("It has not begun yet. Nothing was stored.")),
    Stop.PLANNED: Message(N_("It has not begun yet. Nothing was stored.")),
    Stop.PAUSED: Message(N_("It takes a pause. Nothing was stored. Please come back another day.")),
    Stop.CLOSED: Message(N_("It is closed. Nothing was stored.")),
}
