"""Departments that sign what they send, and files of theirs."""

import base64
import csv
import hashlib
import json
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.exchange import actions, queries
from rollbook.exchange.models import Refusal
from rollbook.kernel.reasons import reason
from rollbook.persons.tests.factories import number

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
AS_OF = date(2026, 11, 20)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
TERMS = {
    "cadence_days": 7, "purpose": "核查冒用身份", "legal_basis": "人社部发〔2024〕5号", "document": "数据共享协议",
    "wrong_percent": 5, "changed_percent": 20, "matched_percent": 50,
}  # fmt: skip


def officer(**values):
    return AccountFactory(**{"role": Role.PROVINCE_OFFICER, "region_code": "320000"} | values)


def contract(feed="deaths", *, by=None, url="", code="", **terms):
    by = by or officer()
    source = actions.add_source(by=by, code=code or f"s-{feed}", name="民政厅", public_key=PUBLIC, url=url, now=NOW)
    return actions.set_contract(
        by=by, source_id=source.pk, feed=feed, from_on=date(2020, 1, 1), now=NOW, **(TERMS | terms)
    )


def write_csv(path, rows, encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as file:
        out = csv.DictWriter(file, fieldnames=list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    return path


def death(n, day="2026-11-01", name=None, **more):
    return {"身份证号": number(n), "姓名": name or f"学员{n}", "死亡日期": day, "来源": "cremation"} | more


def sm3(content):
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize().hex()


def manifest(path, *, source="s-deaths", feed="deaths", batch="1", as_of=AS_OF, **more):
    """A signed manifest: its bytes and the signature."""
    row = {
        "source": source, "feed": feed, "number": batch, "as_of": str(as_of), "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }  # fmt: skip
    content = json.dumps({k: v for k, v in (row | more).items() if v is not None}, ensure_ascii=False).encode()
    return content, base64.b64encode(KEY.sign(content)).decode()


def push(path, *, now=NOW, **values):
    content, signature = manifest(path, **values)
    return actions.take_push(manifest=content, signature=signature, path=path, now=now)


def present(feed):
    return list(queries.present(feed).values_list("subject", "data", "from_on", "person_id"))


def delivered(region_code):
    """A batch of deaths that a source of this region delivered, one of its rows wrong."""
    by = officer(region_code=region_code)
    deal = contract(by=by, code=f"s-{region_code}", wrong_percent=60)
    with tempfile.TemporaryDirectory() as folder:
        path = write_csv(Path(folder) / "deaths.csv", [death(1), death(2, day="2026-02-30")])
        return push(path, source=deal.source.code)


def untaken(source):
    """A delivery of a source that was refused for its signature."""
    why = reason("drop-signature", "The signature is not of a source that we know.", "N3.5")
    return Refusal.objects.create(
        source=source, kind="refused", way="drop", file="deaths.json", number="2", digest=f"{source.pk:064}",
        reasons=[why.kept()], told_at=NOW,
    )  # fmt: skip
