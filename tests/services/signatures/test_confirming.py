"""Accepting: once a person and campaign, safe to repeat, safe at the same time, and undone by a withdrawal."""

import re
import threading
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import writing
from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.encoding import decode, encode
from proca_web.services.signatures import bouncing, fingerprints
from tests.factories import FakeClock, World
from tests.services.conftest import confirm_path, waiting_token


def sign_and_link(world: World, client: FlaskClient, page: str = "trees", **fields: str) -> str:
    """Sign, and give the confirm path without sending the mail."""
    assert world.sign(client, page, **fields).status_code == 303
    path = confirm_path(waiting_token(world))
    world.run("mail")
    return path


def count(client: FlaskClient) -> int:
    from proca_web.web import page_cache

    page_cache.forget(client.application)
    number: int = client.get("/p/trees/count.json").json["count"]
    return number


def test_looking_at_the_link_changes_nothing(signed: bytes, world: World, client: FlaskClient) -> None:
    path = confirm_path(signed)
    before = world.query("SELECT * FROM actions"), world.query("SELECT * FROM transients")
    for _ in range(5):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    client.head(path)
    assert client.get(f"{path}/reject").location == path
    assert (world.query("SELECT * FROM actions"), world.query("SELECT * FROM transients")) == before


def test_confirming_twice_changes_nothing(signed: bytes, world: World, client: FlaskClient) -> None:
    path = confirm_path(signed)
    first = client.post(path)
    world.run("release", "mail")
    after_first = world.query("SELECT * FROM actions"), world.query("SELECT * FROM contacts")
    second = client.post(path)
    world.run("release", "mail")
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert (world.query("SELECT * FROM actions"), world.query("SELECT * FROM contacts")) == after_first
    assert count(client) == 1
    assert len([mail for mail in world.mails() if "Thank you" in mail["subject"]]) == 1


@pytest.mark.parametrize("same", ["zofia@example.org", "ZOFIA@Example.ORG", " zofia@example.org "])
def test_the_same_person_is_counted_once_in_the_campaign(world: World, client: FlaskClient, same: str) -> None:
    for page, address in (("trees", "zofia@example.org"), ("trees-partner", same)):
        client.post(sign_and_link(world, client, page, email=address))
    world.run("release", "mail")
    assert count(client) == 1
    assert [row["repeat"] for row in world.export("org-one")] == ["false"]
    assert [row["repeat"] for row in world.export("org-two")] == ["true"]
    subjects = [mail["subject"] for mail in world.mails()]
    assert "You had already signed: Neighbours for street trees" in subjects


def test_dots_and_plus_signs_make_different_people(world: World, client: FlaskClient) -> None:
    for address in ("zofia@example.org", "zo.fia@example.org", "zofia+news@example.org"):
        client.post(sign_and_link(world, client, email=address))
    world.run("release")
    assert count(client) == 3


def test_the_same_address_in_another_campaign_has_another_fingerprint(world: World, client: FlaskClient) -> None:
    one = fingerprints.of(b"1" * 32, "zofia@example.org")
    assert one != fingerprints.of(b"2" * 32, "zofia@example.org")
    assert one == fingerprints.of(b"1" * 32, "Zofia@EXAMPLE.org")


def test_an_international_domain_has_one_form() -> None:
    assert fingerprints.normalise_address("A@Exämple.org") == fingerprints.normalise_address("a@xn--exmple-cua.org")


def test_a_test_signature_is_not_counted_and_makes_no_supporter(world: World, client: FlaskClient) -> None:
    client.post(sign_and_link(world, client, query="?testing=true"))
    world.run("release")
    assert count(client) == 0
    assert world.query("SELECT count(*) FROM supporters") == [(0,)]
    assert world.export("org-one") == []
    (row,) = world.export("org-one", "?include_testing=true")
    assert row["testing"] == "true"


def test_confirming_at_the_same_time_counts_once(signed: bytes, world: World) -> None:
    path = confirm_path(signed)
    answers: list[int] = []
    ready = threading.Barrier(6)

    def press() -> None:
        browser = world.app.test_client()
        ready.wait()
        answers.append(browser.post(path).status_code)

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * 6
    world.run("release", "mail")
    assert world.query("SELECT count(*), sum(supporter_count) FROM campaigns") == [(1, 1)]
    assert world.query("SELECT count(*) FROM supporters") == [(1,)]


def test_one_person_confirming_two_signatures_at_the_same_time_is_one_supporter(
    world: World, client: FlaskClient
) -> None:
    paths = [sign_and_link(world, client, page) for page in ("trees", "trees-partner", "trees")]
    ready = threading.Barrier(len(paths))

    def press(path: str) -> None:
        browser = world.app.test_client()
        ready.wait()
        browser.post(path)

    threads = [threading.Thread(target=press, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.run("release")
    assert world.query("SELECT count(*) FROM supporters") == [(1,)]
    assert world.query("SELECT count(*) FROM actions WHERE repeat") == [(2,)]
    assert count(client) == 1


def test_confirm_and_reject_at_the_same_time_end_in_one_of_both(signed: bytes, world: World) -> None:
    path = confirm_path(signed)
    ready = threading.Barrier(2)

    def press(where: str) -> None:
        browser = world.app.test_client()
        ready.wait()
        browser.post(where)

    threads = [threading.Thread(target=press, args=(where,)) for where in (path, f"{path}/reject")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.run("release", "mail")
    left = world.query("SELECT status FROM actions")
    assert left in ([], [("withdrawn",)])
    assert world.query("SELECT count(*) FROM contacts WHERE payload IS NOT NULL") == [(0,)]
    assert world.query("SELECT count(*) FROM transients") == [(0,)]
    assert world.query("SELECT supporter_count FROM campaigns") == [(0,)]


def test_withdrawing_leaves_who_shares_the_mailbox_and_counts_one_person(world: World, client: FlaskClient) -> None:
    first = sign_and_link(world, client, "trees", first_name="Anna")
    second = sign_and_link(world, client, "trees-partner", lead_opt_in="yes", first_name="Ben")
    other = sign_and_link(world, client, email="other@example.org")
    for path in (first, second, other):
        client.post(path)
    world.run("release", "mail")
    assert count(client) == 2
    assert client.post(f"{second}/reject").status_code == 303
    world.run("release")
    assert count(client) == 2
    assert world.query("SELECT count(*) FROM contacts WHERE payload IS NOT NULL") == [(2,)]
    assert client.get(second).status_code == 410
    assert client.get(first).status_code == 200
    assert client.post(f"{first}/reject").status_code == 303
    world.run("release")
    assert count(client) == 1
    assert world.query("SELECT count(*) FROM supporters") == [(1,)]
    assert client.get(other).status_code == 200


@pytest.mark.parametrize("released", [True, False])
def test_when_the_first_goes_the_oldest_that_stays_is_the_person_and_is_released_again(
    world: World, client: FlaskClient, released: bool
) -> None:
    paths = [sign_and_link(world, client, page) for page in ("trees", "trees-partner", "trees")]
    client.post(paths[0])
    world.run("release")
    client.post(paths[1])
    client.post(paths[2])
    if released:
        world.run("release")
        assert [row["repeat"] for row in world.export("org-one")] == ["false", "true"]
    client.post(f"{paths[0]}/reject")
    assert world.query("SELECT repeat, status FROM actions ORDER BY id") == [
        (False, "withdrawn"),
        (False, "accepted"),
        (True, "accepted"),
    ]
    world.run("release")
    assert count(client) == 1
    assert world.export("org-two")[-1]["repeat"] == "false"
    for path in paths[1:]:
        client.post(f"{path}/reject")
    world.run("release")
    assert count(client) == 0
    assert world.query("SELECT count(*) FROM supporters") == [(0,)]


def test_a_mail_of_the_one_that_stays_that_came_back_just_before_loses_nobody(
    world: World, client: FlaskClient
) -> None:
    paths = [sign_and_link(world, client, page) for page in ("trees", "trees")]
    for path in paths:
        client.post(path)
    world.run("release")
    with world.app.app_context(), writing() as session:
        assert bouncing.bounced(session, 2, datetime.now(UTC)) == bouncing.Effect.MARKED
    client.post(f"{paths[0]}/reject")
    world.run("release")
    assert count(client) == 1
    assert world.query("SELECT counted, repeat, released FROM actions WHERE id = 2") == [(True, False, True)]


def test_the_link_of_the_thank_you_withdraws_this_signature_and_the_ticked_ones(
    world: World, client: FlaskClient
) -> None:
    stranger = sign_and_link(world, client, email="stranger@example.org")
    paths = [sign_and_link(world, client, page) for page in ("trees", "trees-partner", "trees")]
    for path in (stranger, *paths):
        client.post(path)
    world.run("release", "mail")
    link = f"/withdraw/{encode(transient_seal.withdraw_token(decode(paths[2].rpartition('/')[2], 32)))}"
    assert [link in mail["text"] for mail in world.mails()].count(True) == 2
    page = client.get(link)
    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    assert re.findall(r'<form method="post" action="([^"]+)"', page.text) == [link]
    ticks = re.findall(r'name="also" value="([^"]+)"( checked)?', page.text)
    assert [checked for _, checked in ticks] == ["", ""]
    strangers = encode(world.query("SELECT ref FROM actions ORDER BY id LIMIT 1")[0][0])
    assert client.post(link, data={"also": [ticks[0][0], strangers]}).status_code == 200
    world.run("release")
    assert world.query("SELECT status FROM actions ORDER BY id") == [
        ("accepted",),
        ("withdrawn",),
        ("accepted",),
        ("withdrawn",),
    ]
    assert count(client) == 2
    assert client.get(link).status_code == 410
    assert "Nothing is held" in client.post(link).text


def test_the_withdraw_link_works_before_the_confirmation_too(signed: bytes, world: World, client: FlaskClient) -> None:
    link = f"/withdraw/{encode(transient_seal.withdraw_token(signed))}"
    world.run("mail")
    assert link in world.mails()[-1]["text"]
    before = world.query("SELECT * FROM actions"), world.query("SELECT * FROM transients")
    page = client.get(link)
    assert page.status_code == 200
    assert "open the first link of the same mail" in page.text
    assert client.head(link).status_code == 200
    assert (world.query("SELECT * FROM actions"), world.query("SELECT * FROM transients")) == before
    assert client.post(link).status_code == 200
    assert world.query("SELECT count(*) FROM actions") == [(0,)]
    assert client.post(confirm_path(signed)).status_code == 410


def test_a_withdrawal_and_an_acceptance_of_the_same_address_never_lose_the_person(
    world: World, client: FlaskClient
) -> None:
    first, second = (sign_and_link(world, client, page) for page in ("trees", "trees-partner"))
    client.post(first)
    world.run("release")
    ready = threading.Barrier(2)

    def press(where: str) -> None:
        browser = world.app.test_client()
        ready.wait()
        browser.post(where)

    threads = [threading.Thread(target=press, args=(where,)) for where in (second, f"{first}/reject")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.run("release")
    assert world.query("SELECT status, repeat FROM actions ORDER BY id") == [("withdrawn", False), ("accepted", False)]
    assert count(client) == 1


def test_a_withdrawal_tells_each_org_which_rows_to_delete(world: World, client: FlaskClient) -> None:
    path = sign_and_link(world, client, "trees-partner", lead_opt_in="yes")
    client.post(path)
    world.run("release")
    before = {org: world.export(org)[0] for org in ("org-one", "org-two")}
    client.post(f"{path}/reject")
    world.run("release")
    for org, row in before.items():
        (tombstone,) = world.export(org, f"?since={row['seq']}")
        assert tombstone["action_type"] == "erased"
        assert tombstone["contact_ref"] == row["contact_ref"]
        assert tombstone["payload"] == tombstone["nonce"] == tombstone["custom_fields"].strip("{}") == ""


def test_withdrawing_before_the_release_leaves_no_trace_in_any_export(world: World, client: FlaskClient) -> None:
    path = sign_and_link(world, client)
    client.post(path)
    client.post(f"{path}/reject")
    world.run("release", "mail")
    assert world.export("org-one") == []
    assert count(client) == 0
    assert not any("Thank you" in mail["subject"] for mail in world.mails())


def test_who_withdrew_can_sign_again(world: World, client: FlaskClient) -> None:
    path = sign_and_link(world, client)
    client.post(path)
    world.run("release")
    client.post(f"{path}/reject")
    world.run("release")
    client.post(sign_and_link(world, client))
    world.run("release")
    assert count(client) == 1


@pytest.mark.parametrize("token", ["A" * 43, "A" * 42 + "B", "A" * 42 + "_"])
def test_an_unknown_link_is_gone_for_confirm_and_harmless_for_reject(client: FlaskClient, token: str) -> None:
    assert client.get(f"/confirm/{token}").status_code == 410
    assert client.post(f"/confirm/{token}").status_code == 410
    answer = client.post(f"/confirm/{token}/reject")
    assert answer.status_code == 200
    assert "Nothing is held under this link" in answer.text


def test_the_link_lives_on_as_your_signature(world: World, client: FlaskClient) -> None:
    path = sign_and_link(world, client, "trees-partner", opt_in="yes", lead_opt_in="yes")
    client.post(path)
    page = client.get(path)
    assert page.status_code == 200
    for shown in ("Your signature", "Org One", "Org Two", "word for word", "Delete my signature"):
        assert shown in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "<script" not in page.text


def test_after_thirty_days_of_closing_nobody_can_tell_who_signed(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    client.post(sign_and_link(world, client))
    world.run("release", "mail")
    world.execute(
        "UPDATE campaigns SET status = 'closed', closed_at = :at", at=clock().strftime("%Y-%m-%d %H:%M:%S.%f")
    )
    clock.forward(days=29)
    world.run("sweep")
    assert world.query("SELECT count(*) FROM supporters WHERE fingerprint IS NOT NULL") == [(1,)]
    clock.forward(days=2)
    world.run("sweep")
    assert world.query("SELECT count(*) FROM supporters WHERE fingerprint IS NOT NULL") == [(0,)]
    assert not world.app.extensions["proca_keyring"].has_campaign_key(1)
    assert count(client) == 1
