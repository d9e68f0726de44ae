"""Contents as objects on S3, each created only where there is none."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import (  # type: ignore[import-untyped]
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004
    HTTPClientError,
)
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

from tagline.errors import TaglineError
from tagline.store.contract import HIDDEN, check_name, check_object, check_probe

READERS, BATCH = 16, 64
WAITS = (0.0, 0.1, 0.3, 1.0)
ABSENT, CONFLICT, EXISTS, BROKEN, UNABLE = 404, 409, 412, 500, 501
UNANSWERED = (HTTPClientError, ConnectionError)
WRONG = (BotoCoreError, ClientError, ResponseParserError)


class Bucket:
    """A store on S3; see `tagline.store.contract.Store`.

    Endpoint, region and credentials are found as boto3 finds them.

    Parameters
    ----------
    bucket : str
        Its name.
    prefix : str
        What the key of every object begins with; no slash at its end.
    """

    def __init__(self, bucket: str, prefix: str) -> None:
        self.bucket, self.prefix = bucket, prefix
        self.probed = False
        self._client = _client(self.where)

    @classmethod
    def named(cls, location: str) -> "Bucket":
        """Open ``s3://bucket/prefix``.

        Raises
        ------
        TaglineError
            It names no bucket, or boto3 can not be set up.
        """
        parts = urlsplit(location)
        if not parts.netloc or parts.query or parts.fragment:
            raise TaglineError(
                "This names no bucket.", where=location, todo="Write s3://bucket/prefix."
            )
        return cls(parts.netloc, parts.path.strip("/"))

    @property
    def where(self) -> str:
        """``s3://bucket/prefix``."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def create(self, name: str, content: bytes) -> bool:
        """Write a content that is not there yet."""
        doubt = ""
        for wait in WAITS:
            time.sleep(wait)
            answer = self._put(name, content)
            if isinstance(answer, bool):
                return answer
            doubt = answer
            found = self._after(doubt, name)
            if found is not None:
                return found == content
        raise self._unknown(doubt)

    def read(self, name: str) -> bytes | None:
        """Give a content, None where there is nothing of that name."""
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=self._key(name))
            with answer["Body"] as body:
                content: bytes = body.read()
        except WRONG as wrong:
            if isinstance(wrong, ClientError) and wrong.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise self._refused(wrong, "read") from wrong
        return content

    def read_all(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """Give the contents of many names, in their order; several are read at once."""
        with ThreadPoolExecutor(READERS) as pool:
            for start in range(0, len(names), BATCH):
                yield from pool.map(self.read, names[start : start + BATCH])

    def size(self, name: str) -> int | None:
        """Give the length of a content, None where there is nothing of that name."""
        found = self._head(name)
        return None if found is None else int(found["ContentLength"])

    def holds(self, name: str, content: bytes) -> bool:
        """Tell whether a name holds this very content; its ETag says so, else it is read."""
        found = self._head(name)
        if found is None or int(found["ContentLength"]) != len(content):
            return False
        return str(found["ETag"]) == self.etag_of(content) or self.read(name) == content

    def touch(self, name: str) -> None:
        """Make a content young: S3 knows only when an object was written, so it is, once more."""
        key = self._key(name)
        try:
            self._client.copy_object(
                Bucket=self.bucket,
                Key=key,
                CopySource={"Bucket": self.bucket, "Key": key},
                MetadataDirective="REPLACE",
            )
        except WRONG as wrong:
            raise self._refused(wrong, "written") from wrong

    def age(self, name: str) -> float | None:
        """Give the seconds since a content was written or touched, by the store's own clock."""
        found = self._head(name)
        if found is None:
            return None
        written: datetime = found["LastModified"]
        now = parsedate_to_datetime(found["ResponseMetadata"]["HTTPHeaders"]["date"])
        return max((now - written).total_seconds(), 0.0)

    def _head(self, name: str) -> dict[str, Any] | None:
        try:
            return dict(self._client.head_object(Bucket=self.bucket, Key=self._key(name)))
        except WRONG as wrong:
            if _status(wrong) == ABSENT:
                return None
            raise self._refused(wrong, "read") from wrong

    def remove_object(self, name: str) -> None:
        """Remove an object."""
        try:
            self._client.delete_object(Bucket=self.bucket, Key=self._key(check_object(name)))
        except WRONG as wrong:
            raise self._refused(wrong, "written") from wrong

    def children(self, folder: str) -> list[str]:
        """Give the names directly inside a folder, sorted."""
        prefix = self._inside(folder)
        found: set[str] = set()
        for page in self._pages(prefix):
            keys = [each["Key"] for each in page.get("Contents", ())]
            keys += [each["Prefix"] for each in page.get("CommonPrefixes", ())]
            found.update(key.removeprefix(prefix).rstrip("/") for key in keys)
        return sorted(name for name in found if name and not name.startswith(HIDDEN))

    def etags(self, folder: str) -> dict[str, str]:
        """Give the ETag of each content directly inside a folder."""
        prefix = self._inside(folder)
        found = {
            each["Key"].removeprefix(prefix): str(each["ETag"])
            for page in self._pages(prefix)
            for each in page.get("Contents", ())
        }
        return {name: etag for name, etag in found.items() if name and name[0] != HIDDEN}

    def etag_of(self, content: bytes) -> str:
        """Give the ETag of a content that was written in one piece: its MD5, in quotes."""
        return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'

    def remove_probe(self, name: str) -> None:
        """Remove what `probe` has created."""
        try:
            self._client.delete_object(Bucket=self.bucket, Key=self._key(check_probe(name)))
        except WRONG as wrong:
            raise self._refused(wrong, "probed") from wrong

    def _inside(self, folder: str) -> str:
        parts = (self.prefix, folder and check_name(folder))
        prefix = "/".join(part for part in parts if part)
        return f"{prefix}/" if prefix else ""

    def _pages(self, prefix: str) -> Iterator[dict[str, Any]]:
        try:
            pages = self._client.get_paginator("list_objects_v2")
            yield from pages.paginate(Bucket=self.bucket, Prefix=prefix, Delimiter="/")
        except WRONG as wrong:
            raise self._refused(wrong, "read") from wrong

    def _put(self, name: str, content: bytes) -> bool | str:
        """Tell whether the name holds the content now, or give why that is not known."""
        try:
            self._client.put_object(
                Bucket=self.bucket,
                Key=self._key(name),
                Body=content,
                IfNoneMatch="*",
            )
        except UNANSWERED as wrong:
            return _said(wrong)
        except WRONG as wrong:
            status = _status(wrong)
            if status == EXISTS:
                return self.read(name) == content
            if status == CONFLICT or (status >= BROKEN and status != UNABLE):
                return _said(wrong)
            raise self._refused(wrong, "written") from wrong
        return True

    def _after(self, doubt: str, name: str) -> bytes | None:
        try:
            return self.read(name)
        except TaglineError as wrong:
            raise self._unknown(doubt) from wrong

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{check_name(name)}" if self.prefix else check_name(name)

    def _refused(self, wrong: Exception, done: str) -> TaglineError:
        return TaglineError(f"The store can not be {done}: {_said(wrong)}", where=self.where)

    def _unknown(self, doubt: str) -> TaglineError:
        return TaglineError(
            f"S3 gave no clear answer, and it is not known whether it was written: {doubt}",
            where=self.where,
            todo="Run the command again when S3 answers: it looks first.",
        )


def _client(where: str) -> Any:
    config = Config(
        connect_timeout=2,
        read_timeout=4,
        retries={"total_max_attempts": 2, "mode": "standard"},
        max_pool_connections=READERS,
    )
    try:
        # A session of its own: boto3's common one keeps the first credentials that it found.
        client = boto3.Session().client("s3", config=config)
    except (BotoCoreError, ValueError) as wrong:
        raise TaglineError(f"S3 can not be used: {_said(wrong)}", where=where) from wrong
    client.meta.events.register_last("before-call.s3", _send_at_once)
    return client


def _send_at_once(params: dict[str, Any], **_: Any) -> None:
    # boto3 asks first (100-continue) and waits a second for a server that is busy with a race.
    params["headers"].pop("Expect", None)


def _said(wrong: Exception) -> str:
    return f"{str(wrong).rstrip('. ')}."


def _status(wrong: Exception) -> int:
    if not isinstance(wrong, ClientError):
        return 0
    return int(wrong.response["ResponseMetadata"]["HTTPStatusCode"])
