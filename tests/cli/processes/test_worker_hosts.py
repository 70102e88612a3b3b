"""Worker hosts as an operator meets them: who may begin, who has left, whose key is lost, what an upgrade does."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask_migrate import downgrade

from proca_web.adapters import key_guard
from proca_web.adapters.database import reading, writing
from proca_web.adapters.engines import migrations
from proca_web.extensions import db, encryption
from proca_web.services.sealing import worker_keys
from proca_web.services.sealing.keyring import Keyring
from tests import worker
from tests.cli.operated import Site, signature
from tests.databases import ON_SQLITE

pytestmark = ON_SQLITE


def other_host(site: Site, age: timedelta = timedelta(minutes=5)) -> str:
    """Another worker host that made a key a while ago."""
    keyring = Keyring(site.folder / "other")
    keyring.prepare()
    with site.world.app.app_context(), writing() as session:
        now = datetime.now(UTC) - age
        worker_keys.add(session, encryption.source.home, keyring.become_worker(), keyring.worker.make(), now)
    return keyring.host


def hosts(site: Site) -> list[str]:
    with site.world.app.app_context(), reading() as session:
        return [host.name for host in worker_keys.hosts(session)]


@pytest.mark.parametrize("command", [("worker",), ("serve", "--port", "1"), ("sweep",)], ids=lambda command: command[0])
def test_a_second_worker_host_does_not_start_and_says_what_to_do(site: Site, command: tuple[str, ...]) -> None:
    host = other_host(site)
    said = site.refuses(*command, code=2)
    assert f"another, {host}, was seen at" in said
    assert f"keys leave {host}" in said
    assert hosts(site) == [host]


def test_a_host_that_has_left_lets_the_next_one_begin(site: Site) -> None:
    host = other_host(site)
    assert f"✓ worker host {host} has left" in site.does("keys", "leave", host)
    assert hosts(site) == []
    site.does("sweep")
    assert len(hosts(site)) == 1
    assert "there is no worker host" in site.refuses("keys", "leave", host)


def test_before_a_host_leaves_that_alone_could_open_addresses_somebody_says_yes(site: Site) -> None:
    assert site.world.sign(site.world.app.test_client()).status_code == 303
    (host,) = hosts(site)
    site.refuses("keys", "leave", host, typed="n\n")
    assert hosts(site) == [host]
    said = site.does("keys", "leave", host, typed="y\n")
    assert "1 addresses wait that only this host could open" in said
    assert hosts(site) == []


def test_check_and_health_name_the_worker_hosts_that_have_keys(site: Site) -> None:
    worker.has_key(site.world.app)
    (host,) = hosts(site)
    with site.world.app.app_context():
        key_guard.follow(site.world.app)
    assert f"note: worker host {host} has 1 keys, the newest of " in site.does("check")
    (shown,) = site.world.app.test_client().get("/health").json["worker_hosts"]
    assert shown["host"] == host
    assert shown["newest_key"].startswith("20")


def test_a_campaign_whose_key_is_here_gets_no_new_one_and_one_whose_key_is_lost_does(site: Site) -> None:
    signature(site.world, "zofia@example.org")
    assert "nothing was changed" in site.refuses("campaign", "new-key", "trees", "--yes")
    file = site.folder / "keyring" / "campaigns" / "1"
    file.unlink()
    site.refuses("campaign", "new-key", "trees", typed="n\n")
    assert site.world.query("SELECT count(*) FROM supporters WHERE fingerprint IS NOT NULL") == [(1,)]
    assert "✓ campaign trees counts with a new key" in site.does("campaign", "new-key", "trees", typed="y\n")
    assert site.world.query("SELECT count(*) FROM supporters WHERE fingerprint IS NOT NULL") == [(0,)]
    signature(site.world, "zofia@example.org")
    assert file.exists()
    browser = site.world.signed_in("admin@org-one.example.org")
    assert "may be counted again" in browser.get("/console/org-one/campaigns/trees/numbers").text


def test_a_web_host_can_take_no_campaigns_key_for_lost(site: Site, tmp_path: Path) -> None:
    signature(site.world, "zofia@example.org")
    own = tmp_path / "web"
    own.mkdir(mode=0o700)
    shutil.copytree(site.folder / "keyring" / "guard", own / "guard")
    said = site.refuses("campaign", "new-key", "trees", "--yes", PROCA_KEYRING_DIR=str(own))
    assert "this is no worker host" in said
    assert sorted(part.name for part in own.iterdir()) == ["guard"]


def test_an_upgrade_seals_what_waits_anew_and_overwrites_the_hourly_keys_of_before(site: Site) -> None:
    client = site.world.app.test_client()
    for name in ("waits", "other"):
        assert site.world.sign(client, email=f"{name}@example.org").status_code == 303
    migrations.bind(site.world.app)
    with site.world.app.app_context():
        downgrade(revision="0006")
        db.engine.dispose()
    (hourly,) = (site.folder / "keyring" / "transient").iterdir()
    kept = site.folder / "another name of the same file"
    kept.hardlink_to(hourly)
    site.does("upgrade")
    assert not (site.folder / "keyring" / "transient").exists()
    assert set(kept.read_bytes()) == {0}
    site.world.run("mail")
    assert {mail["to"] for mail in site.world.mails()} == {"waits@example.org", "other@example.org"}
