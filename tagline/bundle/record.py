"""What a finished training leaves for everybody else: plain data, signed, written once."""

from typing import Any, Literal, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ConfigDict, ValidationError

from tagline.bundle.signed import FORMAT, signed, verified
from tagline.errors import TaglineError
from tagline.keys import public_hex


class RunRecord(BaseModel):
    """What a training run says of itself.

    Attributes
    ----------
    format : int
        Of this file; see docs/formats.md.
    run, case : str
        Its pathspec and its case.
    config : dict
        The whole case, as it was trained.
    stage : {"candidate", "rejected"}
        What its gates decided.
    digest : str
        Its bundle's: what answers.
    author, author_key : str
        A label for people, and the public key that signs, in hexadecimal: who made it.
    began, ended : str
        ISO 8601, UTC.
    reason : str
        What asked for it, where that was no person.
    metrics, baselines : dict
        On the test rows; see `tagline.evaluation.evaluate.Evaluation`.
    gates, leaderboard, periods : list of dict
        How it passed its gates, its trials, and which rows were its parts.
    accounting, fingerprint
        Where every row went, and the SHA-256 of the raw tables.
    provenance : dict
        See `tagline.runs.provenance.provenance`.
    tables : dict
        SHA-256 and rows of the tables that it keeps in the store, by name.
    files : dict
        SHA-256 of what else it keeps there, by name: ``report``, ``sources/NAME``,
        ``matrix/NAME``, ``beside/NAME`` (what an exported bundle has beside what answers).
    explained : dict
        What it keeps of its explanations; the values are a table.
    compared : dict
        On how many rows the bundle was held against the training side, and how far apart it was.
    metaflow : dict
        ``metadata`` and ``datastore``: where Metaflow keeps the run.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    format: int = FORMAT
    run: str
    case: str
    config: dict[str, Any]
    stage: Literal["candidate", "rejected"]
    digest: str
    author: str
    author_key: str
    began: str
    ended: str
    reason: str = ""
    metrics: dict[str, dict[str, Any]]
    baselines: dict[str, dict[str, Any]]
    gates: list[dict[str, Any]]
    leaderboard: list[dict[str, Any]]
    periods: list[dict[str, Any]]
    accounting: dict[str, Any]
    fingerprint: str
    provenance: dict[str, Any]
    tables: dict[str, dict[str, Any]]
    files: dict[str, str]
    explained: dict[str, Any]
    compared: dict[str, float]
    metaflow: dict[str, str]

    def signed(self, key: Ed25519PrivateKey) -> bytes:
        """Write it with its author's signature, in one way only."""
        return signed(self.model_dump(mode="json"), key)

    def written_by(self, key: Ed25519PrivateKey) -> Self:
        """Give it with a key's owner as its author."""
        return self.model_copy(update={"author_key": public_hex(key)})

    @classmethod
    def parse(cls, content: bytes, *, where: str) -> Self:
        """Read a record, whoever wrote it, and verify that its author signed it.

        Parameters
        ----------
        content : bytes
            As `signed` wrote it.
        where : str
            Its name, for messages.

        Raises
        ------
        TaglineError
            It is none, is of a newer format, or is not as its author signed it.
        """
        try:
            return cls.model_validate(verified(content, where=where))
        except ValidationError as wrong:
            first = wrong.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise TaglineError(
                f"This is no record of a run: {place}: {first['msg']}.", where=where
            ) from wrong
