"""Contents as objects on S3, each created only where there is none."""

import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from boto3.exceptions import S3UploadFailedError  # type: ignore[import-untyped]
from botocore.exceptions import (  # type: ignore[import-untyped]
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004
    HTTPClientError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

from tagline.errors import TaglineError
from tagline.storage.client import client as new_client
from tagline.storage.client import code_of, has_expired, said, status_of
from tagline.storage.contract import HIDDEN, PROBE, Stored, check_name, check_removable
from tagline.storage.ranged import Ranged

READERS, BATCH = 16, 64
WAITS = (0.0, 0.1, 0.3, 1.0)
ABSENT, CONFLICT, EXISTS, BROKEN, UNABLE = 404, 409, 412, 500, 501
IN_PARTS = 64_000_000  # bytes; what is larger goes up in parts
RENEW_AFTER = 5.0  # seconds between two looks for newer credentials
UNANSWERED = (HTTPClientError, ConnectionError)
WRONG = (BotoCoreError, ClientError, ResponseParserError, S3UploadFailedError)


class Bucket:
    """A store on S3; see `tagline.storage.contract.Store`.

    Endpoint, region and credentials are found as boto3 finds them.

    Parameters
    ----------
    bucket : str
        Its name.
    prefix : str
        What the key of every object begins with; no slash at its end.
    names : callable, optional
        Refuses a name that is not safe.
    """

    def __init__(
        self, bucket: str, prefix: str, *, names: Callable[[str], str] = check_name
    ) -> None:
        self.bucket, self.prefix, self._names = bucket, prefix, names
        self.probed = False
        self._client = new_client(self.where)
        self._renewing, self._renewed_at = threading.Lock(), time.monotonic()

    @classmethod
    def named(cls, location: str, *, names: Callable[[str], str] = check_name) -> "Bucket":
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
        return cls(parts.netloc, parts.path.strip("/"), names=names)

    @property
    def where(self) -> str:
        """``s3://bucket/prefix``."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def create(self, name: str, content: bytes) -> bool:
        """Write a content that is not there yet."""
        doubt = ""
        for wait in WAITS:
            time.sleep(wait)
            answer = self._put(name, content, IfNoneMatch="*")
            if isinstance(answer, bool):
                return answer or self.read(name) == content
            doubt = answer
            found = self._after(doubt, name)
            if found is not None:
                return found == content
        raise self._unknown(doubt)

    def write(self, name: str, content: bytes) -> None:
        """Write a content over whatever is there."""
        doubt = ""
        for wait in WAITS:
            time.sleep(wait)
            answer = self._put(name, content)
            if isinstance(answer, bool):
                return
            doubt = answer
        raise self._unknown(doubt)

    def replace(self, name: str, content: bytes, *, etag: str) -> bool:
        """Write a content where the one that is there still has an etag."""
        condition, doubt = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}, ""
        for wait in WAITS:
            time.sleep(wait)
            answer = self._put(name, content, **condition)
            if answer is False:
                # It may be ours, of a request whose answer was lost.
                return bool(doubt) and self.read(name) == content
            if answer is True:
                return True
            doubt = answer
        raise self._unknown(doubt)

    def remove(self, name: str) -> None:
        """Remove a content."""
        key = self._key(check_removable(name))
        self._asked("written", lambda s3: s3.delete_object(Bucket=self.bucket, Key=key))

    def read(self, name: str) -> bytes | None:
        """Give a content, None where there is nothing of that name."""
        return self.read_with_etag(name)[0]

    def read_with_etag(self, name: str) -> tuple[bytes | None, str]:
        """Give a content with its ETag."""
        key = self._key(name)

        def get(s3: Any) -> tuple[bytes | None, str]:
            answer = s3.get_object(Bucket=self.bucket, Key=key)
            with closing(answer["Body"]) as body:
                return body.read(), str(answer["ETag"])

        found: tuple[bytes | None, str] = self._asked("read", get, absent=(None, ""))
        return found

    def read_range(self, name: str, start: int, end: int) -> bytes:
        """Give the bytes of a content from one place up to another."""
        key, wanted = self._key(name), f"bytes={start}-{end - 1}"

        def get(s3: Any) -> bytes:
            answer = s3.get_object(Bucket=self.bucket, Key=key, Range=wanted)
            with closing(answer["Body"]) as body:
                return bytes(body.read())

        found: bytes = self._asked("read", get)
        return found

    def put_file(self, name: str, path: Path, *, unchanging: bool) -> None:  # noqa: ARG002 - it is copied in any case
        """Write a file's content, in parts where it is large."""
        if path.stat().st_size <= IN_PARTS:
            self.write(name, path.read_bytes())
            return
        key = self._key(name)
        self._asked("written", lambda s3: s3.upload_file(str(path), self.bucket, key))

    def open(self, name: str) -> BinaryIO:
        """Open a content to be read in parts."""
        size = self.size(name)
        if size is None:
            raise FileNotFoundError(self._key(name))
        return cast("BinaryIO", io.BufferedReader(Ranged(self, name, size), Ranged.PIECE))

    def listing(self, folder: str) -> list[Stored]:
        """Give all contents below a folder."""
        found = self._below(self._inside(folder))
        seen = [e for e in found if not any(part[:1] == HIDDEN for part in e.name.split("/"))]
        return sorted(seen, key=lambda each: each.name)

    def _below(self, prefix: str) -> Iterator[Stored]:
        own = self._inside("")
        for page in self._pages(prefix):
            now = _now(page)
            for each in page.get("Contents", ()):
                age = max((now - each["LastModified"]).total_seconds(), 0.0)
                name = each["Key"].removeprefix(own)
                yield Stored(name, int(each["Size"]), str(each["ETag"]), age)

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
        here = {"Bucket": self.bucket, "Key": self._key(name)}
        copied = {**here, "CopySource": here, "MetadataDirective": "REPLACE"}
        self._asked("written", lambda s3: s3.copy_object(**copied))

    def age(self, name: str) -> float | None:
        """Give the seconds since a content was written or touched, by the store's own clock."""
        found = self._head(name)
        if found is None:
            return None
        written: datetime = found["LastModified"]
        return max((_now(found) - written).total_seconds(), 0.0)

    def leftovers(self) -> list[Stored]:
        """Give the uploads in parts that nobody ended, and what was written to try the store."""
        own = self._inside("")
        asked = {"Bucket": self.bucket, "Prefix": own}
        answer = self._asked("read", lambda s3: s3.list_multipart_uploads(**asked))
        now = _now(answer)
        uploads = [
            Stored(each["Key"].removeprefix(own), 0, each["UploadId"], age)
            for each in answer.get("Uploads", ())
            for age in [max((now - each["Initiated"]).total_seconds(), 0.0)]
        ]
        return [*uploads, *self._below(f"{own}{PROBE}")]

    def discard(self, left: Stored) -> None:
        """Delete one of them."""
        if left.name.startswith(PROBE):
            self.remove(left.name)
            return
        upload = {"Bucket": self.bucket, "Key": self._key(left.name), "UploadId": left.etag}
        self._asked("written", lambda s3: s3.abort_multipart_upload(**upload))

    def _head(self, name: str) -> dict[str, Any] | None:
        key = self._key(name)
        head = self._asked(
            "read", lambda s3: s3.head_object(Bucket=self.bucket, Key=key), absent=None
        )
        return None if head is None else dict(head)

    def children(self, folder: str) -> list[str]:
        """Give the names directly inside a folder, sorted."""
        prefix = self._inside(folder)
        found: set[str] = set()
        for page in self._pages(prefix, Delimiter="/"):
            keys = [each["Key"] for each in page.get("Contents", ())]
            keys += [each["Prefix"] for each in page.get("CommonPrefixes", ())]
            found.update(key.removeprefix(prefix).rstrip("/") for key in keys)
        return sorted(name for name in found if name and not name.startswith(HIDDEN))

    def etags(self, folder: str) -> dict[str, str]:
        """Give the ETag of each content directly inside a folder."""
        prefix = self._inside(folder)
        found = {
            each["Key"].removeprefix(prefix): str(each["ETag"])
            for page in self._pages(prefix, Delimiter="/")
            for each in page.get("Contents", ())
        }
        return {name: etag for name, etag in found.items() if name and name[0] != HIDDEN}

    def etag_of(self, content: bytes) -> str:
        """Give the ETag of a content that was written in one piece: its MD5, in quotes."""
        return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'

    def _inside(self, folder: str) -> str:
        parts = (self.prefix, folder and self._names(folder))
        prefix = "/".join(part for part in parts if part)
        return f"{prefix}/" if prefix else ""

    def _pages(self, prefix: str, **how: str) -> Iterator[dict[str, Any]]:
        more: dict[str, str] = {}
        while True:
            asked = {"Bucket": self.bucket, "Prefix": prefix, **how, **more}
            page: dict[str, Any] = self._asked("read", lambda s3: s3.list_objects_v2(**asked))  # noqa: B023 - asked at once
            yield page
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _asked(self, done: str, ask: Callable[[Any], Any], **absent: Any) -> Any:
        """Ask S3, once more where it is for a moment unable or the credentials have expired."""
        for last in (False, False, True):
            client = self._client
            try:
                return ask(client)
            except WRONG as wrong:
                status = status_of(wrong)
                if absent and status == ABSENT and code_of(wrong) != "NoSuchBucket":
                    return absent["absent"]
                again = has_expired(wrong) and self._renews(client)
                again |= status >= BROKEN and status != UNABLE
                again |= isinstance(wrong, ResponseStreamingError | S3UploadFailedError)
                if last or not again:
                    raise self._refused(wrong, done) from wrong
                time.sleep(WAITS[1])
        return None

    def _renews(self, used: Any) -> bool:
        """Look for newer credentials: a session keeps the first that it has read from a file."""
        with self._renewing:
            if self._client is not used:
                return True  # another thread was first
            now = time.monotonic()
            if now - self._renewed_at < RENEW_AFTER:
                return False
            self._client, self._renewed_at = new_client(self.where), now
        return True

    def _put(self, name: str, content: bytes, **condition: str) -> bool | str:
        """Tell whether it was written, or give why that is not known."""
        client = self._client
        try:
            client.put_object(Bucket=self.bucket, Key=self._key(name), Body=content, **condition)
        except UNANSWERED as wrong:
            return said(wrong)
        except WRONG as wrong:
            status = status_of(wrong)
            if status in (EXISTS, ABSENT) and condition and code_of(wrong) != "NoSuchBucket":
                return False
            if status == CONFLICT or (status >= BROKEN and status != UNABLE):
                return said(wrong)
            if has_expired(wrong) and self._renews(client):
                return said(wrong)
            raise self._refused(wrong, "written") from wrong
        return True

    def _after(self, doubt: str, name: str) -> bytes | None:
        try:
            return self.read(name)
        except TaglineError as wrong:
            raise self._unknown(doubt) from wrong

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{self._names(name)}" if self.prefix else self._names(name)

    def _refused(self, wrong: Exception, done: str) -> TaglineError:
        return TaglineError(f"The store can not be {done}: {said(wrong)}", where=self.where)

    def _unknown(self, doubt: str) -> TaglineError:
        return TaglineError(
            f"S3 gave no clear answer, and it is not known whether it was written: {doubt}",
            where=self.where,
            todo="Run the command again when S3 answers: it looks first.",
        )


def _now(answer: dict[str, Any]) -> datetime:
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
