"""What each place of a page's form is called, where it is spoken of by name: differences, conflicts, drafts."""

from proca_web.domain.messages import N_, Message

_OWN = {
    "title": N_("Title"),
    "addressee": N_("To whom"),
    "demand": N_("What you ask"),
    "body": N_("The text"),
    "hero": N_("Main picture"),
    "hero_alt": N_("What the picture shows"),
    "closed_text": N_("When it is closed, people read"),
    "thanks_text": N_("Thank-you"),
    "next_step_label": N_("The next step"),
    "next_step_url": N_("Where the next step leads"),
    "share_whatsapp": N_("Words for WhatsApp"),
    "share_other": N_("Words for other channels"),
    "locale": N_("Language of this page"),
    "default_country": N_("Country that is chosen at first"),
    "comment": N_("A comment"),
    "double_opt_in": N_("Ask each person to confirm by mail"),
    "consent_style": N_("How consent is asked"),
    "slug": N_("Address of the page"),
    "opens_at": N_("Opens"),
    "closes_at": N_("Closes"),
    "goal_kind": N_("Goal: moves on or fixed"),
    "goal": N_("Goal"),
    "confirm_days": N_("Days to confirm"),
    "reminder": N_("One reminder"),
    "ask_last_name": N_("Last name"),
    "ask_phone": N_("Telephone"),
    "ask_country": N_("Country"),
    "ask_postcode": N_("Postcode"),
    "ask_street": N_("Street"),
    "ask_street_number": N_("House no."),
    "ask_locality": N_("Town"),
    "ask_region": N_("Region"),
    "ask_birth_date": N_("Date of birth"),
}
_OF_MILESTONES = {
    "number": N_("Milestone %(n)s: people"),
    "day": N_("Milestone %(n)s: day"),
    "text": N_("Milestone %(n)s: what happens then"),
}
_ANSWERS = {
    "off": N_("off"),
    "optional": N_("optional"),
    "needed": N_("needed"),
    "yes": N_("yes"),
    "": N_("no"),
    "box": N_("one box to tick"),
    "choice": N_("yes or no"),
    "moves": N_("moves on"),
    "fixed": N_("one fixed number"),
    "public": N_("published after you approved it"),
    "sealed": N_("only the organisations of this page read it"),
}
_CHOSEN = ("ask_", "comment", "double_opt_in", "consent_style", "goal_kind", "reminder")


def of(place: str) -> Message:
    """Its name."""
    if place.startswith("milestone_"):
        _, n, what = place.split("_", 2)
        return Message(_OF_MILESTONES[what], {"n": n})
    return Message(_OWN.get(place, N_("How an organisation asks for consent")))


def said(place: str, typed: str) -> Message | None:
    """What a choice says in words; None: what is typed is words already."""
    return Message(_ANSWERS[typed]) if place.startswith(_CHOSEN) and typed in _ANSWERS else None
