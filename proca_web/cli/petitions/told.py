"""What is told after a change of who gets a copy."""

from collections.abc import Sequence

import click

from proca_web.models import ActionPage
from proca_web.services.petitions import wordings


def who_receives(page: ActionPage) -> str:
    """Who gets a copy of what people sign on a page, as a sentence."""
    orgs_of, policy = wordings.orgs_of(page), wordings.distribution_of(page)
    always = " and ".join(orgs_of[receiver].name for receiver in policy.always())
    asked = " and ".join(orgs_of[receiver].name for receiver in policy.by_consent())
    also = f"; to {asked} if the person says yes" if asked else ""
    return f"page {page.name}: every signature goes to {always}{also}"


def tell(renewed: Sequence[str]) -> None:
    """Print these sentences, and what they mean for people who sign."""
    for sentence in renewed:
        click.echo(f"  {sentence}")
    if renewed:
        click.echo("  From now on people are shown, and agree to, a new text; copies made before stay where they are.")
