"""The key log: what was appended stays, in its order and its bytes, and every Home identity follows from the last."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from proca_web.crypto.errors import KeyLogRefused
from proca_web.crypto.keys import key_log
from proca_web.crypto.keys.key_log import Chain, Head
from tests.org_tool.export_maker import b64
from tests.org_tool.platform_maker import Platform, RawHome, RawKey, be64, labelled

FIRST, SECOND, OTHER = (RawKey("org-one", letter * 32) for letter in (b"1", b"2", b"3"))
RECOVERY = replace(OTHER, role="recovery")
NOON = 1_772_366_400


@pytest.fixture
def platform() -> Platform:
    """A log of four entries: the Home, and three activations."""
    made = Platform()
    for key in (FIRST, RawKey("org-two", b"t" * 32), RECOVERY):
        made.activate(key)
    return made


def refused(entries: list[Any]) -> str:
    with pytest.raises(KeyLogRefused) as caught:
        key_log.read(entries)
    return str(caught.value)


def changed(platform: Platform, place: int, **members: Any) -> list[Any]:
    """The log with one entry's members replaced; the entries after it are left as they are."""
    entries: list[Any] = list(platform.entries)
    entries[place] = json.dumps({**json.loads(entries[place]), **members})
    return entries


# The chain


def test_every_hash_is_over_the_one_before_and_the_entrys_bytes(platform: Platform) -> None:
    chain, last = key_log.read(platform.entries), bytes(32)
    for text, found in zip(platform.entries, chain.hashes, strict=True):
        expected = hashlib.sha512(labelled("keylog") + last + text.encode()).digest()[:32]
        assert found == expected == key_log.entry_hash(last, text)
        last = expected
    assert (chain.size, chain.last_hash) == (4, last)


def test_a_written_entry_is_compact_sorted_and_names_its_place() -> None:
    text = key_log.write_entry(3, b"#" * 32, {"event": "retire", "org": "żółw", "index": 9, "prev": "x"})
    assert text == f'{{"event":"retire","index":3,"org":"żółw","prev":"{b64(b"#" * 32)}"}}'


def test_what_is_written_entry_by_entry_reads_as_a_log() -> None:
    facts: list[dict[str, str | int]] = [
        {"event": "home", "identity": b64(b"i" * 32), "box": b64(b"b" * 32)},
        {"event": "activate", "org": "org-one", "role": "recipient", "public": b64(b"1" * 32)},
    ]
    entries, last = [], key_log.BEGINNING
    for index, fact in enumerate(facts):
        entries.append(key_log.write_entry(index, last, fact))
        last = key_log.entry_hash(last, entries[-1])
    assert key_log.read(entries).last_hash == last


def test_an_entry_changed_by_one_byte_breaks_the_chain_behind_it(platform: Platform) -> None:
    respelled = [text.replace('"at":', '"at": ') if place == 1 else text for place, text in enumerate(platform.entries)]
    assert refused(respelled) == "entry 2 does not follow from the one before it"


def test_the_last_entry_changed_gives_another_last_hash(platform: Platform) -> None:
    assert key_log.read(changed(platform, 3, public=b64(b"4" * 32))).last_hash != platform.hashes[-1]


def test_an_entry_in_another_place_is_noticed(platform: Platform) -> None:
    one, two, three, four = platform.entries
    assert refused([one, three, two, four]) == "entry 1 says that it has another place"
    assert refused([one, three, four]) == "entry 1 says that it has another place"
    assert refused([one, two, two, three]) == "entry 2 says that it has another place"
    assert refused([two, three, four]) == "entry 0 says that it has another place"


@pytest.mark.parametrize("index", [1, True, "2", None, 2.0])
def test_an_index_that_is_not_the_entrys_place_is_refused(platform: Platform, index: object) -> None:
    assert refused(changed(platform, 2, index=index)) == "entry 2 says that it has another place"


@pytest.mark.parametrize("prev", ["", None, b64(bytes(32)), b64(b"x" * 32), 7])
def test_an_entry_that_names_another_hash_before_it_is_refused(platform: Platform, prev: object) -> None:
    assert refused(changed(platform, 2, prev=prev)) == "entry 2 does not follow from the one before it"


def test_a_log_cut_at_its_end_reads_but_does_not_hold_its_head(platform: Platform) -> None:
    head = Head.of(platform.head())
    assert key_log.read(platform.entries).has(head)
    assert not key_log.read(platform.entries[:-1]).has(head)


def test_a_log_extended_later_still_holds_an_earlier_head(platform: Platform) -> None:
    heads = [Head.of(platform.head(size=size)) for size in range(5)]
    platform.about("retire", FIRST)
    chain = key_log.read(platform.entries)
    assert all(chain.has(head) for head in heads)
    assert not chain.has(replace(heads[2], hash=heads[3].hash))
    assert not chain.has(replace(heads[0], hash=heads[3].hash))


def test_a_log_rewritten_from_some_entry_on_does_not_hold_the_head(platform: Platform) -> None:
    head = Head.of(platform.head())
    fake = Platform(platform.home, platform.entries[:2], platform.hashes[:2])
    fake.activate(RawKey("org-two", b"f" * 32))
    fake.activate(RECOVERY)
    assert not key_log.read(fake.entries).has(head)


def test_an_empty_log_is_no_fault_and_knows_nobody() -> None:
    chain = key_log.read([])
    assert (chain.size, chain.last_hash, list(chain.homes), chain.current("org-one")) == (0, bytes(32), [], "")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (None, "is not a short text"),
        ({"event": "home"}, "is not a short text"),
        (" " * 4097, "is not a short text"),
        ("", "is not JSON"),
        ("[" * 4000, "is not JSON"),
        ('{"event":"home","at":"\ud800"}', "is not JSON"),
        ("[]", "is no entry"),
        ("7", "is no entry"),
        ("{}", "is no entry"),
        ('{"event":7}', "is no entry"),
    ],
)
def test_what_is_no_entry_is_refused_with_its_place(platform: Platform, entry: object, reason: str) -> None:
    assert refused([platform.entries[0], entry]) == f"entry 1 {reason}"


@given(some.lists(some.text() | some.none() | some.dictionaries(some.text(), some.integers()), min_size=1, max_size=3))
@example(['{"event":"home","index":0,"prev":"' + "A" * 43 + '","identity":7,"box":[]}'])
@example(['{"event":"home-rotate","index":0,"prev":"' + "A" * 43 + '"}'])
def test_whatever_is_given_as_a_log_is_read_or_refused(entries: list[Any]) -> None:
    with pytest.raises(KeyLogRefused):
        key_log.read(entries)


VALUES = some.none() | some.booleans() | some.integers() | some.text() | some.lists(some.integers(), max_size=2)
MEMBERS = ("at", "event", "index", "prev", "identity", "box", "time", "statement", "org", "public", "role")


@given(some.integers(0, 3), some.dictionaries(some.sampled_from(MEMBERS), VALUES, max_size=4))
def test_an_entry_with_hostile_members_gives_a_log_or_a_refusal(place: int, members: dict[str, Any]) -> None:
    platform = Platform(RawHome(b"h" * 32))
    platform.activate(FIRST)
    platform.rotate(RawHome(b"n" * 32), NOON)
    platform.activate(SECOND)
    try:
        chain = key_log.read(changed(platform, place, **members))
    except KeyLogRefused:
        return
    assert chain.size == 4
    assert isinstance(chain.current("org-one"), str)


# The Home Org


def test_a_log_begins_with_its_home_and_has_no_second_beginning(platform: Platform) -> None:
    other = Platform(RawHome(), ["stands for nothing"])
    other.entries, other.hashes = [], []
    other.activate(FIRST)
    assert refused(other.entries) == "the log does not begin with the keys of its site"
    platform.log("home", identity=b64(b"i" * 32), box=b64(b"b" * 32))
    assert refused(platform.entries) == "entry 4 is a second beginning"


@pytest.mark.parametrize("name", ["identity", "box"])
@pytest.mark.parametrize("value", [None, "", "A" * 42, "A" * 43 + "=", ["A" * 43]])
def test_a_home_with_a_damaged_key_is_refused(platform: Platform, name: str, value: object) -> None:
    assert refused(changed(platform, 0, **{name: value})).startswith("entry 0 has a damaged key")


def test_a_rotation_signed_by_the_old_home_is_followed(platform: Platform) -> None:
    old, new = platform.home, RawHome()
    platform.rotate(new, NOON)
    platform.activate(SECOND)
    chain = key_log.read(platform.entries)
    first, second = chain.homes
    assert (first.identity, first.box, first.since_index, first.until) == (old.identity, old.box, 0, NOON)
    assert (second.identity, second.box, second.since_index, second.until) == (new.identity, new.box, 4, None)
    assert second.vouched
    identities = [chain.identity_at(place) for place in range(6)]
    assert identities == [old.identity] * 4 + [new.identity] * 2


def test_three_homes_follow_each_other_each_signed_by_the_one_before(platform: Platform) -> None:
    second, third = RawHome(), RawHome()
    platform.rotate(second, NOON)
    platform.rotate(third, NOON + 60)
    assert [home.until for home in key_log.read(platform.entries).homes] == [NOON, NOON + 60, None]


@pytest.mark.parametrize("signer", ["stranger", "new", "first"])
def test_a_rotation_the_old_home_did_not_sign_is_refused(platform: Platform, signer: str) -> None:
    first, second, third = platform.home, RawHome(), RawHome()
    platform.rotate(second, NOON)
    platform.rotate(third, NOON, signer={"stranger": RawHome(), "new": third, "first": first}[signer])
    assert refused(platform.entries) == "entry 5 changes the site's identity without the old one's signature"


@pytest.mark.parametrize("change", [{"time": NOON + 1}, {"box": b64(b"b" * 32)}, {"identity": b64(b"i" * 32)}])
def test_a_rotation_counts_for_exactly_what_was_signed(platform: Platform, change: dict[str, Any]) -> None:
    platform.rotate(RawHome(), NOON, **change)
    assert refused(platform.entries).endswith("without the old one's signature")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"statement": None}, "entry 4 has a damaged statement: statement is missing"),
        ({"statement": "A" * 85}, "entry 4 has a damaged statement"),
        ({"time": None}, "entry 4 has a time that is no time"),
        ({"time": -1}, "entry 4 has a time that is no time"),
        ({"time": 2**63}, "entry 4 has a time that is no time"),
        ({"time": True}, "entry 4 has a time that is no time"),
        ({"time": str(NOON)}, "entry 4 has a time that is no time"),
        ({"identity": "A" * 42}, "entry 4 has a damaged key"),
    ],
)
def test_a_malformed_rotation_is_refused(platform: Platform, change: dict[str, Any], reason: str) -> None:
    platform.rotate(RawHome(), NOON, **change)
    assert refused(platform.entries).startswith(reason)


def test_a_home_that_begins_anew_is_known_as_one_nobody_vouched_for(platform: Platform) -> None:
    old, new = platform.home, RawHome()
    platform.anew(new, NOON)
    first, second = key_log.read(platform.entries).homes
    assert (first.identity, first.until, first.vouched) == (old.identity, NOON, True)
    assert (second.identity, second.vouched) == (new.identity, False)


# Who receives


def current(platform: Platform, org: str = "org-one", role: str = "recipient") -> str:
    return key_log.read(platform.entries).current(org, role)


def test_the_key_activated_last_receives_each_role_for_itself(platform: Platform) -> None:
    assert current(platform) == b64(FIRST.public)
    assert current(platform, role="recovery") == b64(RECOVERY.public)
    assert current(platform, "org-two") == b64(b"t" * 32)
    assert current(platform, "org-three") == ""
    platform.activate(SECOND)
    assert current(platform) == b64(SECOND.public)


@pytest.mark.parametrize("event", ["retire", "revoke"])
def test_a_key_that_was_ended_receives_no_more(platform: Platform, event: str) -> None:
    platform.about(event, FIRST)
    assert current(platform) == ""
    assert current(platform, role="recovery") == b64(RECOVERY.public)


def test_the_end_of_an_older_key_does_not_end_the_newer(platform: Platform) -> None:
    platform.activate(SECOND)
    platform.about("retire", FIRST)
    assert current(platform) == b64(SECOND.public)
    platform.about("revoke", SECOND)
    assert current(platform) == ""
    platform.activate(FIRST)
    assert current(platform) == b64(FIRST.public)


# Heads


def test_a_head_is_by_the_home_that_signed_its_size_hash_and_time(platform: Platform) -> None:
    head = Head.of(platform.head(moment=NOON))
    platform.home.signing.verify_key.verify(
        labelled("keylog-head") + be64(4) + platform.hashes[-1] + be64(NOON), head.signature
    )
    assert head.is_by(platform.home.identity)
    assert not head.is_by(RawHome().identity)
    for changed_head in (replace(head, size=3), replace(head, hash=b"#" * 32), replace(head, time=NOON + 1)):
        assert not changed_head.is_by(platform.home.identity)


def test_a_head_survives_its_way_as_json(platform: Platform) -> None:
    head = Head.of(platform.head())
    content = head.as_json()
    assert content["code"] == key_log.short_code(head.size, head.hash)
    assert Head.of(json.loads(json.dumps(content))) == head


@pytest.mark.parametrize("content", [None, [], "head", {}])
def test_what_is_no_head_is_refused(content: object) -> None:
    with pytest.raises(KeyLogRefused):
        Head.of(content)


@pytest.mark.parametrize(
    "change",
    [
        *({"size": value} for value in (-1, True, 1.0, "4", None, 2**63)),
        *({"time": value} for value in (-1, True, 1.0, "4", None, 2**63)),
        *({"hash": value} for value in (None, "", "A" * 42, 7)),
        *({"signature": value} for value in (None, "A" * 43, "A" * 88)),
    ],
)
def test_a_head_of_another_shape_is_refused(platform: Platform, change: dict[str, Any]) -> None:
    with pytest.raises(KeyLogRefused):
        Head.of({**platform.head(), **change})


def test_a_short_code_is_the_first_sixty_bits_of_a_hash_in_three_groups() -> None:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    bits = f"{int.from_bytes(hashlib.sha512(labelled('keylog-code') + be64(7) + b'#' * 32).digest(), 'big'):0512b}"
    letters = "".join(alphabet[int(bits[start : start + 5], 2)] for start in range(0, 60, 5))
    assert key_log.short_code(7, b"#" * 32) == f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


@given(some.integers(0, 2**63 - 1), some.binary(min_size=32, max_size=32))
def test_a_short_code_has_always_the_same_shape_and_tells_heads_apart(size: int, last: bytes) -> None:
    code = key_log.short_code(size, last)
    groups = code.split("-")
    assert [len(group) for group in groups] == [4, 4, 4]
    assert set("".join(groups)) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert code != key_log.short_code(size ^ 1, last)


def test_a_chain_shows_its_entries_in_no_repr(platform: Platform) -> None:
    chain = key_log.read(platform.entries)
    assert isinstance(chain, Chain)
    assert "activate" not in repr(chain)
