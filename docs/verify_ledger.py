"""Verify an exported ledger (`tagline audit --export FILE.jsonl`) without Tagline.

python verify_ledger.py FILE.jsonl    # needs the package `cryptography`, and nothing else
"""

import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def is_signed(content: str, entry: dict[str, str]) -> bool:
    """Verify the signature: of the entry's own text without the line of the signature."""
    before, line, after = content.partition(f'\n  "signature": "{entry["signature"]}",\n')
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(entry["signed_by"]))
    try:
        key.verify(bytes.fromhex(entry["signature"]), f"{before}\n{after}".encode())
    except InvalidSignature:
        return False
    return bool(line)


previous, wrong, void = "0" * 64, 0, 0
for row in map(json.loads, Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()):
    said = f"entry {row['number']}"
    if row["void"]:
        void += 1
        print(f"{said} is void: {row['void']}")
    else:
        entry = json.loads(row["content"])
        sound = hashlib.sha256(row["content"].encode()).hexdigest() == row["sha256"]
        chained = entry["previous"] == previous and entry["number"] == row["number"]
        if not (sound and chained and is_signed(row["content"], entry)):
            wrong += 1
            print(f"{said} is not what {entry['who']} signed, or not in its place")
    previous = row["sha256"]
also = f" {void} entries are void, as every reader of it says." if void else ""
print(f"What counts of the ledger is sound.{also}" if not wrong else f"{wrong} entries are not.")
sys.exit(wrong > 0)
