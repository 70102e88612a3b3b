"""What a name server's answers mean for a From domain: each fault by its name, with the record to publish."""

import pytest

from proca_web.domain.senders import judging, spf
from proca_web.domain.senders.findings import Finding, Kind, Severity, read, together, written
from proca_web.domain.senders.sender import Sender, is_aligned
from tests.domain.senders.zone import SILENT, Zone, organisation

HOST = "relay.example.net"
MX = {"example.org": ["mx.example.org"]}
ADDRESSES = {HOST: ["192.0.2.25", "2001:db8::25"], "mx.example.org": ["192.0.2.30"]}
QUARANTINE = {"_dmarc.example.org": ["v=DMARC1; p=quarantine"]}


def judged(
    texts: dict[str, list[str]] | None = None,
    *,
    relay: str = HOST,
    envelope: str = "example.org",
    domain: str = "example.org",
    **more: dict[str, list[str]],
) -> dict[Kind, Finding]:
    """What is found, by kind."""
    zone = Zone(QUARANTINE | (texts or {}), MX | more.get("exchangers", {}), ADDRESSES | more.get("addresses", {}))
    return {each.kind: each for each in judging.judge([Sender(domain, envelope, relay)], zone, organisation)}


def spf_of(record: str, **more: list[str]) -> dict[Kind, Finding]:
    """What is found about SPF where this is the record; `more` are the records of other names below example.com."""
    others = {f"{name}.example.com": texts for name, texts in more.items()}
    found = judged({"example.org": [record]} | others)
    return {kind: finding for kind, finding in found.items() if kind.value.startswith("spf")}


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 ip4:192.0.2.25 -all",
        "v=spf1 ip4:192.0.2.0/24 ~all",
        "V=SPF1 IP6:2001:db8::/32 -ALL",
        f"v=spf1 a:{HOST} -all",
        "v=spf1 mx/24 -all",
        "v=spf1 include:ours.example.com -all",
        "v=spf1 redirect=ours.example.com",
        "v=spf1 ip4:203.0.113.0/24 include:ours.example.com ?include:ours.example.com -all",
        "v=spf1 exp=why.example.com ip4:192.0.2.25 -all",
        "v=spf1 ip4:192.0.2.25 -all include:nothing.example.com +all",
    ],
)
def test_a_record_that_names_the_mail_server_is_good(record: str) -> None:
    assert list(spf_of(record, ours=["v=spf1 ip4:192.0.2.16/28 -all"])) == [Kind.SPF_GOOD]


@pytest.mark.parametrize(
    ("record", "kind", "publish"),
    [
        ("v=spf1 ip4:192.0.2.25", Kind.SPF_OPEN, "v=spf1 ip4:192.0.2.25 ~all"),
        ("v=spf1 ip4:192.0.2.25 +all", Kind.SPF_EVERYBODY, "v=spf1 ip4:192.0.2.25 ~all"),
        ("v=spf1 ip4:192.0.2.25 all", Kind.SPF_EVERYBODY, "v=spf1 ip4:192.0.2.25 ~all"),
        ("v=spf1 ip4:192.0.2.25 ?all", Kind.SPF_NEUTRAL, "v=spf1 ip4:192.0.2.25 ~all"),
        ("v=spf1 ip4:203.0.113.7 -all", Kind.SPF_RELAY, f"v=spf1 ip4:203.0.113.7 a:{HOST} -all"),
        ("v=spf1 -ip4:192.0.2.25 +all", Kind.SPF_RELAY, f"v=spf1 -ip4:192.0.2.25 a:{HOST} +all"),
        ("v=spf1 ip4:192.0.2.300 -all", Kind.SPF_SYNTAX, ""),
        ("v=spf1 ip4:2001:db8::25 -all", Kind.SPF_SYNTAX, ""),
        ("v=spf1 ipv4:192.0.2.25 -all", Kind.SPF_SYNTAX, ""),
        ("v=spf1 mx/99 -all", Kind.SPF_SYNTAX, ""),
        ("v=spf1 include:nothing.example.com -all", Kind.SPF_INCLUDE, ""),
        ("v=spf1 include:example.org -all", Kind.SPF_INCLUDE, ""),
        (f"v=spf1 include:{SILENT} -all", Kind.SPF_UNANSWERED, ""),
        ("v=spf1 exists:%{i}.example.com -all", Kind.SPF_UNSEEN, ""),
    ],
)
def test_each_fault_of_an_spf_record_has_its_name_and_its_cure(record: str, kind: Kind, publish: str) -> None:
    found = spf_of(record)
    assert kind in found
    assert found[kind].record == (f'example.org TXT "{publish}"' if publish else "")


def test_a_domain_without_spf_gets_the_whole_record() -> None:
    assert judged()[Kind.SPF_NONE].record == f'example.org TXT "v=spf1 a:{HOST} ~all"'
    assert (
        judged(relay="smtp.sendgrid.net")[Kind.SPF_NONE].record == 'example.org TXT "v=spf1 include:sendgrid.net ~all"'
    )
    assert judged(relay="localhost")[Kind.SPF_NONE].record == 'example.org TXT "v=spf1 ip4:YOUR.ADDRESS ~all"'


def test_two_records_become_one() -> None:
    found = judged({"example.org": ["v=spf1 a mx -all", "v=spf1 mx ip4:192.0.2.1 ~all", "v=spf10 x"]})
    assert found[Kind.SPF_SEVERAL].record == 'example.org TXT "v=spf1 a mx ip4:192.0.2.1 ~all"'
    assert found[Kind.SPF_SEVERAL].facts["number"] == "2"


@pytest.mark.parametrize(("number", "is_fault"), [(10, False), (11, True)])
def test_ten_look_ups_are_allowed_wherever_they_stand(number: int, is_fault: bool) -> None:
    inner = " ".join(["v=spf1", *(f"a:h{each}.example.com" for each in range(number - 1)), "-all"])
    found = spf_of("v=spf1 ip4:192.0.2.25 include:inner.example.com -all", inner=[inner])
    assert (Kind.SPF_LOOKUPS in found) is is_fault
    if is_fault:
        assert found[Kind.SPF_LOOKUPS].facts["number"] == "11"


def test_a_record_without_end_is_not_walked_for_ever() -> None:
    endless = {f"n{each}.example.com": [f"v=spf1 include:n{each + 1}.example.com -all"] for each in range(60)}
    zone = Zone(endless | {"example.org": ["v=spf1 include:n0.example.com -all"]})
    walked, is_allowed = spf.walk("example.org", "v=spf1 include:n0.example.com -all", [], zone)
    assert (walked.found[0].facts["number"], is_allowed) == ("25+", False)


def test_a_known_provider_is_told_by_what_it_asks_to_include() -> None:
    includes = {"sendgrid.net": ["v=spf1 ip4:198.51.100.0/24 ~all"]}
    good = judged(includes | {"example.org": ["v=spf1 include:sendgrid.net ~all"]}, relay="smtp.sendgrid.net")
    assert Kind.SPF_GOOD in good
    lacking = judged({"example.org": ["v=spf1 mx -all"]}, relay="smtp.sendgrid.net")[Kind.SPF_PROVIDER]
    assert lacking.severity is Severity.ADVICE
    assert lacking.record == 'example.org TXT "v=spf1 mx include:sendgrid.net -all"'


def test_a_mail_server_on_this_machine_is_not_judged_by_an_address_nobody_sees() -> None:
    found = judged({"example.org": ["v=spf1 mx -all"]}, relay="localhost", addresses={"localhost": ["127.0.0.1"]})
    assert Kind.SPF_UNSEEN in found
    assert Kind.SPF_RELAY not in found


@pytest.mark.parametrize(
    ("texts", "kind", "publish"),
    [
        ([], Kind.DMARC_NONE, "v=DMARC1; p=none"),
        (["v=spf1 -all", "DMARC"], Kind.DMARC_NONE, "v=DMARC1; p=none"),
        (["v=DMARC1; p=none; rua=mailto:d@a.org"], Kind.DMARC_WATCHES, "v=DMARC1; p=quarantine; rua=mailto:d@a.org"),
        (["v=DMARC1; rua=mailto:d@example.org"], Kind.DMARC_POLICY, "v=DMARC1; p=none; rua=mailto:d@example.org"),
        (["v=DMARC1; p=nothing"], Kind.DMARC_POLICY, "v=DMARC1; p=none"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], Kind.DMARC_SEVERAL, "v=DMARC1; p=none"),
    ],
)
def test_each_fault_of_a_dmarc_record_has_its_name_and_its_cure(texts: list[str], kind: Kind, publish: str) -> None:
    assert judged({"_dmarc.example.org": texts})[kind].record == f'_dmarc.example.org TXT "{publish}"'


def test_a_subdomain_lives_by_the_record_of_its_organisation_which_is_named() -> None:
    found = judged({"_dmarc.example.org": ["v=DMARC1; p=none; sp=reject"]}, domain="news.example.org")
    assert found[Kind.DMARC_GOOD].facts == {"name": "_dmarc.example.org", "policy": "reject"}
    own = {"_dmarc.example.org": ["v=DMARC1; p=none"], "_dmarc.news.example.org": ["v=DMARC1;p=reject"]}
    assert judged(own, domain="news.example.org")[Kind.DMARC_GOOD].facts["name"] == "_dmarc.news.example.org"


@pytest.mark.parametrize(
    ("envelope", "rule", "is_fault"),
    [
        ("example.org", "", False),
        ("bounces.example.org", "", False),
        ("bounces.example.org", "; aspf=r", False),
        ("bounces.example.org", "; aspf=s", True),
        ("example.org", "; aspf=s", False),
        ("example.com", "", True),
        ("notexample.org", "", True),
    ],
)
def test_the_envelope_stands_for_from_relaxed_or_strictly(envelope: str, rule: str, is_fault: bool) -> None:
    found = judged({"_dmarc.example.org": [f"v=DMARC1; p=reject{rule}"]}, envelope=envelope)
    assert (Kind.SPF_UNALIGNED in found) is is_fault


def test_case_does_not_matter_for_who_stands_for_whom() -> None:
    assert is_aligned("Example.ORG", "example.org", organisation, strict=True)
    assert not is_aligned("a.example.org", "example.org", organisation, strict=True)


def test_a_domain_that_receives_nothing_is_told() -> None:
    assert Kind.MX_NULL in judged(exchangers={"example.org": ["."]})
    assert Kind.MX_NONE in judged(exchangers={"example.org": []})
    by_address = judged(exchangers={"example.org": []}, addresses={"example.org": ["192.0.2.1"]})
    assert not {Kind.MX_NONE, Kind.MX_NULL} & set(by_address)


def test_two_mail_servers_of_one_domain_are_both_judged_and_nothing_is_said_twice() -> None:
    zone = Zone(
        QUARANTINE | {"example.org": ["v=spf1 ip4:192.0.2.25 -all"]}, MX, ADDRESSES | {"b.example": ["203.0.113.1"]}
    )
    both = [Sender("example.org", "example.org", HOST), Sender("example.org", "example.org", "b.example")]
    found = judging.judge(both, zone, organisation)
    assert [each.kind for each in found] == [Kind.DMARC_GOOD, Kind.SPF_GOOD, Kind.SPF_RELAY]


def test_once_a_signature_was_seen_another_envelope_is_no_fault_and_faults_stand_first() -> None:
    asked = [Finding(Kind.DMARC_GOOD, {"name": "x", "policy": "reject"}), Finding(Kind.SPF_UNALIGNED)]
    unseen = together(asked, ())
    assert [each.kind for each in unseen] == [Kind.SPF_UNALIGNED, Kind.DKIM_UNSEEN, Kind.DMARC_GOOD]
    assert unseen[0].severity is Severity.FAULT
    seen = together(asked, [Finding(Kind.DKIM_GOOD)])
    assert {each.kind: each.severity for each in seen}[Kind.SPF_UNALIGNED] is Severity.ADVICE


def test_findings_are_kept_as_they_are_and_unknown_ones_left_out() -> None:
    found = [Finding(Kind.SPF_NONE, {"domain": "exämple\0.org"}, 'x TXT "v"')]
    assert read(written(found)) == found
    assert "\0" not in written(found)
    assert read('[["of-tomorrow", {}, ""]]') == []


def test_every_kind_has_a_sentence() -> None:
    names = (
        "domain",
        "name",
        "number",
        "term",
        "relay",
        "envelope",
        "policy",
        "signer",
        "bits",
        "host",
        "receiver",
        "said",
    )
    facts = {name: f"<{name}>" for name in names}
    for kind in Kind:
        said = Finding(kind, facts).in_english
        assert said.endswith((".", "look-ups")), kind
        assert "%" not in said, kind
