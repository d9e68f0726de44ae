"""A client of S3, set up as boto3 and Metaflow are set up here."""

import os
from typing import Any

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
from botocore.session import Session  # type: ignore[import-untyped]
from metaflow.metaflow_config import DATATOOLS_SESSION_VARS, S3_ENDPOINT_URL, S3_VERIFY_CERTIFICATE

from tagline.errors import TaglineError

CONNECTIONS = 16
DENIED = 403
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")  # boto3 looks for them by itself


def client(where: str) -> Any:
    """Give a new client of S3, with the credentials that are found now.

    Endpoint, session variables and certificates are those of Metaflow where boto3's own
    variables name no endpoint.

    Parameters
    ----------
    where : str
        For messages.

    Raises
    ------
    TaglineError
        It can not be set up.
    """
    config = Config(
        connect_timeout=2,
        read_timeout=4,
        retries={"total_max_attempts": 2, "mode": "standard"},
        max_pool_connections=CONNECTIONS,
    )
    own: dict[str, Any] = {}
    if S3_ENDPOINT_URL and not any(os.environ.get(name) for name in ENDPOINTS):
        own["endpoint_url"] = S3_ENDPOINT_URL
    if S3_VERIFY_CERTIFICATE is not None:
        own["verify"] = S3_VERIFY_CERTIFICATE
    try:
        # A session of its own: boto3's common one keeps the first credentials that it found.
        session = boto3.Session(botocore_session=Session(session_vars=DATATOOLS_SESSION_VARS))
        made = session.client("s3", config=config, **own)
    except (BotoCoreError, ValueError) as wrong:
        raise TaglineError(f"S3 can not be used: {said(wrong)}", where=where) from wrong
    made.meta.events.register_last("before-call.s3", _send_at_once)
    return made


def said(wrong: Exception) -> str:
    """Give what went wrong as the end of a sentence."""
    return f"{str(wrong).rstrip('. ')}."


def status_of(wrong: Exception) -> int:
    """Give the status of S3's answer; 0 where there was none."""
    if not isinstance(wrong, ClientError):
        return 0
    return int(wrong.response["ResponseMetadata"]["HTTPStatusCode"])


def code_of(wrong: Exception) -> str:
    """Give S3's own word for what is wrong; empty where it gave none."""
    return str(wrong.response["Error"].get("Code", "")) if isinstance(wrong, ClientError) else ""


def has_expired(wrong: Exception) -> bool:
    """Tell whether newer credentials may help."""
    return status_of(wrong) == DENIED or code_of(wrong) in EXPIRED


def _send_at_once(params: dict[str, Any], **_: Any) -> None:
    # boto3 asks first (100-continue) and waits a second for a server that is busy with a race.
    params["headers"].pop("Expect", None)
