"""Proca's own client library opens what we seal, with the keystore that `proca-org keystore` writes.

The library is not part of this repository: the tests use it where PROCA_TEST_PROCA_CRYPTO names a node_modules folder
that holds `@proca/crypto`.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from nacl.public import PrivateKey

from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.sealing import Sealer
from proca_web.crypto.keys.keys import fingerprint
from proca_web.domain.rows import plaintext
from proca_web.org_tool.cli import main
from tests.crypto.making import key_of, new_sender
from tests.domain.rows.copies import CONTEXT, FULL
from tests.org_tool.export_maker import ExportMaker, b64
from tests.required import required

PASSPHRASE = "a passphrase of tests"
PROGRAM = """
const client = require("@proca/crypto");
const [keystore, info] = process.argv.slice(-2);
const opened = client.decryptPersonalInfo(JSON.parse(info), client.loadKeyStoreFromFile(keystore));
process.stdout.write(JSON.stringify(opened));
"""


@pytest.fixture(scope="module")
def client() -> Callable[[Path, dict[str, Any]], subprocess.CompletedProcess[str]]:
    """Runs Proca's client under Node: a keystore and a `personalInfo` in, the opened contact out."""
    folder = os.environ.get("PROCA_TEST_PROCA_CRYPTO", "")
    node = shutil.which("node")
    if node is None or not folder or not (Path(folder) / "@proca" / "crypto").is_dir():
        required("node", "no Node.js, or no @proca/crypto in the folder that PROCA_TEST_PROCA_CRYPTO names")

    def run(keystore: Path, info: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        command = [node, "-e", PROGRAM, "--", str(keystore), json.dumps(info)]
        env = {**os.environ, "NODE_PATH": str(Path(folder).resolve())}
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)

    return run


@pytest.fixture(scope="module")
def keystore(key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clear keystore that `proca-org` writes of org-one's key file."""
    out = tmp_path_factory.mktemp("store") / "keystore.json"
    command = ["keystore", str(key_file), "-o", str(out)]
    done = CliRunner().invoke(main, command, env={"PROCA_ORG_PASSPHRASE": PASSPHRASE})
    assert done.exit_code == 0, done.output
    return out


def sealed(secret: PrivateKey, mode: Mode = Mode.SESSION) -> dict[str, Any]:
    """A copy as the server composes, pads and seals it, as a message's `personalInfo`."""
    sender, key = new_sender(mode), key_of(secret)
    content = plaintext.compose(FULL, CONTEXT, to=fingerprint(key.public), role="recipient")
    copy = Sealer(sender).seal(content, key)
    return {
        "payload": b64(copy.payload),
        "nonce": b64(copy.nonce),
        "encryptKey": {"id": 2, "public": b64(key.public)},
        "signKey": {"id": 1, "public": b64(sender.public)},
    }


@pytest.mark.parametrize("mode", list(Mode))
def test_procas_client_opens_a_row_of_ours_with_our_keystore(
    client: Callable[..., subprocess.CompletedProcess[str]], keystore: Path, maker: ExportMaker, mode: Mode
) -> None:
    done = client(keystore, sealed(maker.private, mode))
    assert done.returncode == 0, done.stderr
    opened = json.loads(done.stdout)
    assert {name: opened[name] for name in opened if name != "_meta"} == plaintext.contact_json(FULL)
    assert opened["_meta"]["org"] == "org-one"


def test_procas_client_opens_nothing_of_another_org_or_of_a_changed_row(
    client: Callable[..., subprocess.CompletedProcess[str]], keystore: Path, maker: ExportMaker
) -> None:
    assert client(keystore, sealed(PrivateKey.generate())).stdout == "null"
    info = sealed(maker.private)
    changed = client(keystore, {**info, "nonce": b64(b"x" * 24)})
    assert (changed.returncode, changed.stdout) == (1, "")
    assert "Zofia" not in changed.stderr
