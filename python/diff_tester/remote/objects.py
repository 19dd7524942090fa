"""S3 and what speaks it, GCS, Azure and HTTP(S), by obstore."""

from __future__ import annotations

import base64
import configparser
import json
import os
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Optional
from urllib.parse import parse_qsl, unquote, urlsplit

from .attempts import Call, Failure, Refused, Source, needs

ALIASES = {"s3a": "s3", "gcs": "gs", "azure": "az", "abfs": "az", "abfss": "az"}
#: Larger ones are sent in parts of this size; S3 takes none below 5 MiB, and 10,000 at most.
PART = 8 << 20
PARTS_AT_ONCE = 4
#: What a read hands on at a time.
PIECE = 256 << 10

#: What a server says of a bucket that is not there, which is no absent object.
NO_BUCKET = re.compile(
    r"NoSuchBucket|bucket (you tried )?.{0,40}(does not|doesn't) exist|ContainerNotFound|container does not exist",
    re.IGNORECASE,
)
STATUS = re.compile(r"status code: (\d{3})|HTTP status (?:client|server) error \((\d{3})|error \((\d{3}) ")
NO_RANGES = re.compile(r"non-partial|not support.{0,20}range|range.{0,20}not support", re.IGNORECASE)
SHORT = re.compile(r"end of file before message length|IncompleteMessage|UnexpectedEof|unexpected end of file")
#: After which nobody knows whether a write was carried out.
UNKNOWN = {408, 500, 502, 504}
PASSING = {408, 409, 425, 429, 500, 502, 503, 504, 507, 509, 529}


def message_of(error: BaseException) -> str:
    """Without what is for obstore's developers, on one line."""
    text = str(error).split("\n\nDebug source:")[0]
    return re.sub(r"\s+", " ", text).strip() or type(error).__name__


def failure_of(error: Exception) -> Exception:
    """What an exception of obstore's means."""
    from obstore import exceptions as raised

    text = str(error)
    message = message_of(error)
    if isinstance(error, FileNotFoundError):
        return Failure("unavailable", message) if NO_BUCKET.search(text) else error
    if not isinstance(error, raised.BaseError):
        return error  # a defect of ours
    if isinstance(error, (raised.AlreadyExistsError, raised.PreconditionError, raised.NotModifiedError)):
        return Refused(message)
    if isinstance(error, raised.NotSupportedError):
        return Failure("unsupported", message)
    if isinstance(error, (raised.UnauthenticatedError, raised.PermissionDeniedError)):
        return Failure("unavailable", f"the credentials are missing or not accepted: {message}")
    status = STATUS.search(message)
    if status:
        number = int(next(group for group in status.groups() if group))
        if number == 416:
            return Failure("corrupt", f"shorter than the part of it that was asked for: {message}")
        return Failure("unavailable", message, again=number in PASSING, unknown=number in UNKNOWN)
    if SHORT.search(text) and "error sending request" not in message:
        return Failure("corrupt", f"the body ends before its announced length: {message}", again=True, unknown=True)
    if isinstance(error, (raised.InvalidPathError, raised.UnknownConfigurationKeyError)):
        return Failure("usage", message)
    return Failure("unavailable", message, again=True, unknown=True)


def short(key: str, at: int, end: int) -> Failure:
    return Failure("corrupt", f"{key}: the body ends at byte {at}, before {end}", again=True)


def boolean(text: str) -> bool:
    return text.lower() in {"1", "true", "yes", "on"}


class Objects:
    """One bucket, or a folder in one."""

    def __init__(self, url: str, timeout: float):
        parts = urlsplit(url)
        self._url = parts
        self._scheme = ALIASES.get(parts.scheme, parts.scheme)
        self._timeout = timeout
        self._read_only = self._scheme in {"http", "https"}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self._options = {name: query.pop(name) for name in ("endpoint", "region", "anonymous") if name in query}
        if query or (self._read_only and self._options):
            raise Failure(
                "usage",
                "the URL has a query that means nothing here; s3:// and gs:// take endpoint, region and anonymous, and "
                "signatures belong into the environment (docs/remote-helper.md)",
            )

    async def open(self) -> None:
        try:
            import obstore
        except ImportError:
            raise needs("obstore", f"a remote of the kind {self._url.scheme}://") from None
        self._obstore = obstore
        try:
            try:
                self._reads = self._store(reads=True)
            except obstore.exceptions.UnknownConfigurationKeyError:
                # obstore before 0.11 has no timeout of reads: there is that of the whole attempt alone.
                self._reads = self._store(reads=False)
            self._writes = self._reads if self._read_only else self._store(reads=False)
        except Failure:
            raise
        except Exception as error:
            raise Failure("usage", message_of(error)) from None

    async def close(self) -> None:
        pass

    def _store(self, reads: bool) -> Any:
        from obstore.store import AzureStore, GCSStore, HTTPStore, S3Store

        # Attempts are counted and repeated here, not there. A read that stands still is made again while there is time
        # for it; what is written may need all of it before the first byte of an answer comes.
        client: dict[str, Any] = {
            "connect_timeout": timedelta(seconds=max(1.0, min(10.0, self._timeout / 3))),
            "timeout": timedelta(days=1),
        }
        if reads:
            client["read_timeout"] = timedelta(seconds=max(0.5, self._timeout / 3))
        config: dict[str, Any] = {
            "client_options": client,
            "retry_config": {"max_retries": 0, "retry_timeout": timedelta(seconds=self._timeout)},
        }
        place = self._url.hostname or ""
        prefix = unquote(self._url.path).strip("/") or None
        if boolean(self._options.get("anonymous", "")):
            config["skip_signature"] = True
        if self._scheme == "s3":
            return S3Store(place, prefix=prefix, **self._s3_config(config, client))
        if self._scheme == "gs":
            return GCSStore(place, prefix=prefix, **self._gcs_config(config, client))
        if self._scheme == "az":
            return self._azure(AzureStore, place, prefix, config, client)
        client["allow_http"] = True
        if self._url.username is not None:
            login = f"{unquote(self._url.username)}:{unquote(self._url.password or '')}"
            client["default_headers"] = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
        bare = self._url._replace(netloc=self._url.netloc.rpartition("@")[2], query="", fragment="").geturl()
        return HTTPStore.from_url(bare, **config)

    def _s3_config(self, config: dict[str, Any], client: dict[str, Any]) -> dict[str, Any]:
        environment = os.environ
        endpoint = (
            self._options.get("endpoint")
            or environment.get("AWS_ENDPOINT_URL_S3")
            or environment.get("AWS_ENDPOINT_URL")
            or environment.get("AWS_ENDPOINT")
        )
        profile = self._profile()
        endpoint = endpoint or profile.get("endpoint_url")
        if endpoint:
            config["endpoint"] = endpoint
            client["allow_http"] = endpoint.startswith("http://")
        region = (
            self._options.get("region")
            or environment.get("AWS_REGION")
            or environment.get("AWS_DEFAULT_REGION")
            or profile.get("region")
        )
        if region:
            config["region"] = region
        if "skip_signature" in config or "AWS_ACCESS_KEY_ID" in environment:
            return config
        if "aws_access_key_id" in profile:
            config["access_key_id"] = profile["aws_access_key_id"]
            config["secret_access_key"] = profile.get("aws_secret_access_key", "")
            if profile.get("aws_session_token"):
                config["session_token"] = profile["aws_session_token"]
        elif profile:
            # A profile that is no pair of keys (sign-on, a role): what boto3 makes of it, where that is there.
            try:
                from obstore.auth.boto3 import Boto3CredentialProvider
            except ImportError:
                raise Failure(
                    "unavailable",
                    "the profile of AWS has no keys in it; with the Python package boto3 installed it can be used",
                ) from None
            config["credential_provider"] = Boto3CredentialProvider()
        return config

    @staticmethod
    def _profile() -> dict[str, str]:
        """The user's settings for AWS's own tools, which obstore does not read."""
        name = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"
        found: dict[str, str] = {}
        for variable, file, section in (
            ("AWS_CONFIG_FILE", "~/.aws/config", name if name == "default" else f"profile {name}"),
            ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", name),
        ):
            parser = configparser.RawConfigParser()
            try:
                parser.read(os.path.expanduser(os.environ.get(variable) or file), encoding="utf-8")
            except (configparser.Error, UnicodeDecodeError) as error:
                raise Failure("usage", f"{file} cannot be read: {type(error).__name__}") from None
            if parser.has_section(section):
                found.update(parser.items(section))
        return found

    def _gcs_config(self, config: dict[str, Any], client: dict[str, Any]) -> dict[str, Any]:
        endpoint = self._options.get("endpoint") or os.environ.get("STORAGE_EMULATOR_HOST")
        if endpoint:
            # An emulator: without credentials.
            endpoint = endpoint if "://" in endpoint else f"http://{endpoint}"
            client["allow_http"] = endpoint.startswith("http://")
            config["service_account_key"] = json.dumps(
                {
                    "gcs_base_url": endpoint,
                    "disable_oauth": True,
                    "client_email": "",
                    "private_key": "",
                    "private_key_id": "",
                }
            )
        return config

    def _azure(
        self, kind: Any, place: str, prefix: Optional[str], config: dict[str, Any], client: dict[str, Any]
    ) -> Any:
        """az://container/folder with the account of the environment, or abfs://container@account…/folder."""
        container = place
        if self._url.username is not None:
            container = unquote(self._url.username)
            config["account_name"] = place.split(".")[0]
        endpoint = self._options.get("endpoint")
        if endpoint:
            config["endpoint"] = endpoint
            client["allow_http"] = endpoint.startswith("http://")
        return kind(container, prefix=prefix, **config)

    async def read(
        self, call: Call, key: str, offset: int, size: Optional[int], tag: list[str]
    ) -> AsyncIterator[bytes]:
        at, end = offset, None if size is None else offset + size
        while not tag or (end is not None and at < end):
            try:
                call.requests += 1
                result = await self._get(call, key, at, end, tag)
                meta = result.meta
                if not tag:
                    there = meta["size"]
                    end = there if end is None else end
                    if there < end:
                        raise Failure("corrupt", f"{key} ends at byte {there}, before {end}")
                    tag.append(json.dumps([meta.get("e_tag"), meta.get("version")]))
                    if at == end:
                        return
                skip = at - result.range[0]
                stream = result.stream(min_chunk_size=PIECE).__aiter__()
                while at < end:
                    try:
                        piece = memoryview(await call.within(stream.__anext__()))
                    except StopAsyncIteration:
                        raise short(key, at, end) from None
                    call.moved()
                    call.received += len(piece)
                    skipped = min(skip, len(piece))
                    skip -= skipped
                    piece = piece[skipped : skipped + end - at]
                    at += len(piece)
                    if piece:
                        yield bytes(piece)
            except Exception as error:
                failure = error if isinstance(error, Failure) else failure_of(error)
                if isinstance(failure, Failure):
                    await call.pause(failure)
                elif tag and isinstance(failure, (Refused, FileNotFoundError)):
                    raise Failure("unavailable", f"{key} was changed or removed while it was read") from None
                else:
                    raise failure from None

    async def _get(self, call: Call, key: str, at: int, end: Optional[int], tag: list[str]) -> Any:
        options: dict[str, Any] = {}
        if end is not None and at < end:
            options["range"] = (at, end)
        elif end is not None:
            options["head"] = True
        e_tag = json.loads(tag[0])[0] if tag else None
        if e_tag and not e_tag.startswith("W/"):
            options["if_match"] = e_tag
        try:
            return await call.within(self._obstore.get_async(self._reads, key, options=options))
        except Exception as error:
            if "range" not in options or not NO_RANGES.search(str(error)):
                raise
        # A server without ranges: what comes before the part is left out as it comes.
        del options["range"]
        call.requests += 1
        return await call.within(self._obstore.get_async(self._reads, key, options=options))

    async def write(self, call: Call, key: str, source: Source, condition: str, tag: str) -> None:
        if self._read_only:
            raise Failure("unsupported", "it is read-only: nothing can be written over HTTP")
        if condition == "" and source.size > PART:
            await call.repeated(lambda: self._write_parts(call, key, source), source.size)
            return
        mode: Any = "overwrite"
        if condition == "absent":
            mode = "create"
        elif condition == "matches":
            try:
                parts = zip(("e_tag", "version"), json.loads(tag))
            except (TypeError, ValueError):
                raise Refused(f"no version of {key} has the tag {tag!r}") from None
            mode = {name: value for name, value in parts if value is not None}
        data = await source.bytes()
        unknown = False  # has an attempt failed that may have been carried out?
        while True:
            call.requests += 1
            try:
                await call.within(self._put(key, data, mode), len(data))
                call.sent += len(data)
                return
            except Refused:
                if unknown and await self._holds(call, key, data):
                    return
                raise
            except Failure as failure:
                unknown = unknown or failure.unknown
                call.sent += len(data)
                await call.pause(failure)

    async def _put(self, key: str, data: bytes, mode: Any) -> None:
        try:
            await self._obstore.put_async(self._writes, key, data, mode=mode, use_multipart=False)
        except FileNotFoundError as error:
            # Under some servers what has been there, and under all a bucket that is not.
            if isinstance(mode, dict) and not NO_BUCKET.search(str(error)):
                raise Refused(message_of(error)) from None
            raise Failure("unavailable", message_of(error)) from None
        except Exception as error:
            raise failure_of(error) from None

    async def _holds(self, call: Call, key: str, data: bytes) -> bool:
        """Is the object what an attempt was to write whose answer was lost?"""
        try:
            found = [piece async for piece in self.read(call, key, 0, None, [])]
        except FileNotFoundError:
            return False
        return b"".join(found) == data

    async def _write_parts(self, call: Call, key: str, source: Source) -> None:
        part = max(PART, (source.size // 9000 >> 20) + 1 << 20)

        async def pieces() -> AsyncIterator[bytes]:
            async for piece in source.pieces(part):
                call.requests += 1
                call.moved()
                yield piece
                call.sent += len(piece)

        call.requests += 1
        try:
            await self._obstore.put_async(
                self._writes, key, pieces(), chunk_size=part, max_concurrency=PARTS_AT_ONCE, use_multipart=True
            )
        except Failure:
            raise
        except FileNotFoundError as error:
            raise Failure("unavailable", message_of(error)) from None
        except Exception as error:
            raise failure_of(error) from None

    async def list(self, call: Call, prefix: str) -> AsyncIterator[list[tuple[str, int, float]]]:
        if self._read_only:
            raise Failure("unsupported", "what is there cannot be listed over HTTP")
        folder = prefix.rpartition("/")[0]
        last = None
        while True:
            try:
                pages = self._obstore.list(self._reads, prefix=folder or None, offset=last, chunk_size=1000).__aiter__()
                while True:
                    call.requests += 1
                    try:
                        page = await call.within(pages.__anext__())
                    except StopAsyncIteration:
                        return
                    call.moved()
                    last = page[-1]["path"] if page else last
                    yield [
                        (meta["path"], meta["size"], meta["last_modified"].timestamp())
                        for meta in page
                        if meta["path"].startswith(prefix)
                    ]
            except Failure as failure:
                await call.pause(failure)
            except Exception as error:
                failure = failure_of(error)
                if isinstance(failure, FileNotFoundError):  # Azure's and GCS's word for a bucket that is not there
                    failure = Failure("unavailable", message_of(error))
                if not isinstance(failure, Failure):
                    raise
                await call.pause(failure)

    async def remove(self, call: Call, keys: list[str]) -> None:
        if self._read_only:
            raise Failure("unsupported", "it is read-only: nothing can be removed over HTTP")
        if self._scheme == "s3":
            # DeleteObjects takes a thousand; what is not there is no error.
            for start in range(0, len(keys), 1000):
                some = keys[start : start + 1000]
                await call.repeated(lambda some=some: self._delete(some))
                call.moved()
            return
        for key in keys:
            await call.repeated(lambda key=key: self._delete(key))
            call.moved()

    async def _delete(self, keys: Any) -> None:
        try:
            await self._obstore.delete_async(self._writes, keys)
        except FileNotFoundError as error:
            if NO_BUCKET.search(str(error)):
                raise Failure("unavailable", message_of(error)) from None
        except Exception as error:
            raise failure_of(error) from None
