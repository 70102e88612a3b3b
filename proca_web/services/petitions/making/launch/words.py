"""What the launch list says: of each step what it is called, what is said when it is done or not, and its cure."""

from dataclasses import dataclass
from enum import StrEnum

from proca_web.domain.messages import N_


class Grade(StrEnum):
    """What a step is for."""

    STOPS = "stops"
    WANTS = "wants"
    ADVICE = "advice"


class Standing(StrEnum):
    """Where a step stands."""

    DONE = "done"
    MISSING = "missing"
    SOON = "soon"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Words:
    """A step as people read it; `cure` is the endpoint that its button opens."""

    grade: Grade
    title: str
    done: str
    lacks: str
    cure: str = ""
    deed: str = ""


_EDITOR, _SETTINGS, _KEYS = "campaign_pages.edit", "settings.index", "keys.index"
OF = {
    "open": Words(
        Grade.STOPS,
        N_("Open"),
        N_("People can sign."),
        N_("It takes no signatures: it is closed or paused, or the organisation that leads has not begun it."),
        "launch.reopen",
        N_("Reopen"),
    ),
    "key": Words(
        Grade.STOPS,
        N_("Key of %(org)s"),
        N_("In use and proven."),
        N_("%(org)s gets every signature and has no key in use; without one nothing may be stored for it."),
        _KEYS,
        N_("Make a key"),
    ),
    "dates": Words(
        Grade.STOPS,
        N_("Dates"),
        N_("No date keeps people from signing."),
        N_("The closing date has passed. Choose a later one, or none."),
        _EDITOR,
        N_("Change the dates"),
    ),
    "mail": Words(
        Grade.STOPS,
        N_("Mails leave in time"),
        N_("Who signs gets the link at once."),
        N_("Mails leave hours late; until they leave again nobody can sign. Whoever runs this site has been told."),
    ),
    "notice": Words(
        Grade.WANTS,
        N_("Legal notice of %(org)s"),
        N_("Name, contact, privacy page, how long you keep it."),
        N_("Name, contact, privacy page or how long it is kept is lacking."),
        _SETTINGS,
        N_("Write the legal notice"),
    ),
    "texts": Words(
        Grade.WANTS,
        N_("Title, addressee, demand, text"),
        N_("All four are written."),
        N_("Not all of title, addressee, demand and text are written."),
        _EDITOR,
        N_("Write them"),
    ),
    "alt": Words(
        Grade.WANTS,
        N_("What the picture shows"),
        N_("People who cannot see it are told."),
        N_("The main picture has no words for people who cannot see it."),
        _EDITOR,
        N_("Write the words"),
    ),
    "mails": Words(
        Grade.WANTS,
        N_("Both mails read"),
        N_("Read, and not changed since."),
        N_("Nobody has read both mails as they are now."),
        "mails.index",
        N_("Read the mails"),
    ),
    "test": Words(
        Grade.WANTS,
        N_("A test signature, opened by %(org)s"),
        N_("Opened with the key in use."),
        N_("%(org)s has not opened one yet, so nobody knows whether its key file is at hand."),
        "launch.index",
        N_("Test it"),
    ),
    "yes": Words(
        Grade.WANTS,
        N_("The yes of %(org)s"),
        N_("Given to the page as it is now."),
        N_("%(org)s has not said yes to the page as it is now."),
        "coalition.index",
        N_("See the partners"),
    ),
    "recovery": Words(
        Grade.ADVICE,
        N_("Recovery key"),
        N_("There is one. Keep it apart from the other."),
        N_("Without one, a lost key is lost for good."),
        _KEYS,
        N_("Make one"),
    ),
    "picture": Words(
        Grade.ADVICE,
        N_("A picture"),
        N_("There is one."),
        N_("A page with a picture is shared more often."),
        _EDITOR,
        N_("Choose a picture"),
    ),
    "share": Words(
        Grade.ADVICE,
        N_("Words for sharing"),
        N_("They are written."),
        N_("Without words of your own people share the title."),
        _EDITOR,
        N_("Write the words"),
    ),
    "fields": Words(
        Grade.ADVICE,
        N_("At most five fields"),
        N_("Asked: %(number)s."),
        N_("Asked: %(number)s. Up to five is kind, and more people sign."),
        _EDITOR,
        N_("See the form"),
    ),
}
SOON = {
    "key": N_("It runs out soon. Make the next one in time."),
    "dates": N_("It closes within a week."),
    "planned": N_("It goes live now and opens by itself on the date you chose."),
}
