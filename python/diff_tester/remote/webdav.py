"""WebDAV, by webdav4 and the httpx below it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any, Optional
from urllib.parse import quote, unquote, urlsplit

from .attempts import Failure, Refused, Source, needs
from .threads import MARK, PIECE, Blocking, temporary_name

PASSING = {408, 409, 423, 425, 429, 500, 502, 503, 504}
#: For how long a lock lasts whose owner has died, in seconds.
LOCK_LASTS = 60
#: How long an object that is being replaced may not be there, in seconds.
GAP = 5.0
LOCK_BODY = (
    '<?xml version="1.0" encoding="utf-8"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
    "<D:locktype><D:write/></D:locktype><D:owner>snapshot_test</D:owner></D:lockinfo>"
)


class WebDav(Blocking):
    """A folder on a server: webdav://user@host/folder by HTTP, webdavs:// by HTTPS. ~/.netrc is used, too."""

    def __init__(self, url: str, timeout: float):
        parts = urlsplit(url)
        if not parts.hostname:
            raise Failure("usage", "the URL names no host")
        self._login = None
        if parts.username is not None:
            self._login = (unquote(parts.username), unquote(parts.password or ""))
        scheme = "https" if parts.scheme == "webdavs" else "http"
        self._base_path = quote(unquote(parts.path).rstrip("/"))
        self._base = f"{scheme}://{parts.netloc.rpartition('@')[2]}{self._base_path}"
        self._timeout = timeout
        self._folders: set[str] = set()  # known to be there

    async def open(self) -> None:
        try:
            import httpx
            from webdav4 import client, multistatus
        except ImportError:
            raise needs("webdav4", "a remote of the kind webdav://") from None
        self._httpx = httpx
        self._multistatus = multistatus
        wait = max(0.5, self._timeout / 3)
        self._client = client.Client(
            self._base,
            auth=self._login,
            retry=False,
            timeout=httpx.Timeout(connect=min(10.0, wait), read=wait, write=wait, pool=None),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
            headers={"Accept-Encoding": "identity"},
        )

    def _address(self, key: str) -> str:
        return f"{self._base}/{quote(key, safe='/~')}"

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        """What exceptions of httpx's mean."""
        try:
            yield
        except self._httpx.RemoteProtocolError as error:
            short = "without sending complete message body" in str(error)
            raise Failure("corrupt" if short else "unavailable", str(error), again=True) from None
        except self._httpx.TransportError as error:
            raise Failure("unavailable", f"{type(error).__name__}: {error}", again=True) from None
        except (self._httpx.HTTPError, self._httpx.InvalidURL) as error:
            raise Failure("unavailable", f"{type(error).__name__}: {error}") from None

    def _failure(self, method: str, key: str, response: Any) -> Failure:
        status = response.status_code
        what = f"{method} {key}: the server answers {status} {response.reason_phrase}"
        if status in {401, 403}:
            return Failure("unavailable", f"the credentials are missing or not accepted: {what}")
        if status in {405, 501}:
            return Failure("unsupported", what)
        return Failure("unavailable", what, again=status in PASSING)

    def _request(self, method: str, key: str, good: tuple[int, ...], **options: Any) -> Any:
        """The answer, which has one of the statuses."""
        with self._failures():
            response = self._client.http.request(method, self._address(key), **options)
        if response.status_code not in good:
            if response.status_code == 404:
                raise FileNotFoundError(key)
            raise self._failure(method, key, response)
        return response

    def opened(self, key: str, offset: int, size: Optional[int]) -> tuple[str, int, Iterator[bytes]]:
        deadline = time.monotonic() + min(GAP, self._timeout / 2)
        while True:
            try:
                return self._opened(key, offset, size)
            except FileNotFoundError:
                # Most servers delete what a move replaces before they move. Whoever replaces has a lock.
                if time.monotonic() > deadline or not self._is_there(key + MARK + "lock"):
                    raise
            time.sleep(0.02)

    def _is_there(self, key: str) -> bool:
        with self._failures():
            return self._client.http.request("HEAD", self._address(key)).status_code < 300

    def _opened(self, key: str, offset: int, size: Optional[int]) -> tuple[str, int, Iterator[bytes]]:
        headers = {}
        if size == 0:
            headers["Range"] = "bytes=0-0"
        elif size is not None:
            headers["Range"] = f"bytes={offset}-{offset + size - 1}"
        with self._failures():
            request = self._client.http.build_request("GET", self._address(key), headers=headers)
            response = self._client.http.send(request, stream=True)
        try:
            skip, total = self._extent(key, response, offset, size)
            end = total if size is None else offset + size
            if end > total:
                raise Failure("corrupt", f"{key} ends at byte {total}, before {end}")
        except BaseException:
            response.close()
            raise
        if end == offset:
            response.close()
            return str(total), end, iter(())
        version = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        return f"{total} {version}", end, self._pieces(response, skip, end - offset)

    def _extent(self, key: str, response: Any, offset: int, size: Optional[int]) -> tuple[int, int]:
        """How many bytes of the body to leave out, and the object's length."""
        if response.status_code == 404:
            raise FileNotFoundError(key)
        if response.status_code == 416:
            total = response.headers.get("Content-Range", "").rpartition("/")[2]
            return 0, int(total) if total.isdigit() else 0
        if response.status_code == 206:
            return 0, int(response.headers["Content-Range"].rpartition("/")[2])
        if response.status_code != 200:
            raise self._failure("GET", key, response)
        if "Content-Length" not in response.headers:
            raise Failure("unsupported", f"{key}: the server does not say how long it is")
        return (offset if size is not None else 0), int(response.headers["Content-Length"])

    def _pieces(self, response: Any, skip: int, wanted: int) -> Iterator[bytes]:
        with contextlib.closing(response), self._failures():
            for piece in response.iter_raw(PIECE):
                piece, skip = piece[skip:], max(0, skip - len(piece))
                piece = piece[:wanted]
                wanted -= len(piece)
                if piece:
                    yield piece
                if wanted == 0:
                    return

    def store(self, key: str, source: Source, condition: str, tag: str) -> None:
        if condition:
            self.check(key, condition, tag, self.whole(key))  # before anything is sent
        folder = key.rpartition("/")[0]
        temporary = f"{folder}/{temporary_name()}" if folder else temporary_name()
        try:
            self._send(temporary, source)
            if condition == "" and self._moved(temporary, key, "F"):
                return
            with self._locked(key) as locked:
                if not locked and condition == "matches":
                    raise Failure("unsupported", "the server has no locks, so that no object can be compared and set")
                if condition:
                    self.check(key, condition, tag, self._there(key))
                if not self._moved(temporary, key, "F" if condition == "absent" else "T"):
                    raise Refused(f"{key} is there")
        except BaseException:
            with contextlib.suppress(Failure):
                self.delete(temporary)
            raise

    def _send(self, key: str, source: Source) -> None:
        def put() -> Any:
            def pieces() -> Iterator[bytes]:
                for start in range(0, source.size, PIECE):
                    yield source.piece(start, min(PIECE, source.size - start))

            headers = {"Content-Length": str(source.size)}
            with self._failures():
                return self._client.http.request("PUT", self._address(key), headers=headers, content=pieces())

        folder = key.rpartition("/")[0]
        if source.size > PIECE and folder not in self._folders:
            # A server that refuses what is still being sent closes the connection, and nobody learns why.
            self._make_folder(folder)
        response = put()
        if response.status_code in {403, 404, 409}:  # what servers say of a folder that is not there
            self._make_folder(folder)
            response = put()
        if response.status_code not in {200, 201, 204}:
            raise self._failure("PUT", key, response)

    def _make_folder(self, path: str) -> None:
        """With those above it, that of the URL itself among them."""
        missing: list[str] = []
        while True:
            with self._failures():
                response = self._client.http.request("MKCOL", self._address(path).rstrip("/") + "/")
            if response.status_code in {200, 201, 405}:  # made, or there already
                self._folders.add(path)
                if not missing:
                    return
                path = missing.pop()
            elif response.status_code in {404, 409} and path and len(missing) < 64:
                missing.append(path)
                path = path.rpartition("/")[0]
            else:
                raise self._failure("MKCOL", path, response)

    def _moved(self, source: str, target: str, overwrite: str) -> bool:
        """False where there is something, which is not to be replaced ("F", not "T")."""
        headers = {"Destination": self._address(target), "Overwrite": overwrite}
        try:
            with self._failures():
                response = self._client.http.request("MOVE", self._address(source), headers=headers)
            if response.status_code == 412 and overwrite == "F":
                return False
            if response.status_code not in {200, 201, 204}:
                raise self._failure("MOVE", target, response)
        except Failure as failure:
            failure.unknown = failure.again
            raise
        return True

    def _there(self, key: str) -> Optional[bytes]:
        """As whole(), for who has the lock."""
        try:
            _, _, pieces = self._opened(key, 0, None)
        except FileNotFoundError:
            return None
        return b"".join(pieces)

    @contextlib.contextmanager
    def _locked(self, key: str) -> Iterator[bool]:
        """A lock on a file beside the object, as long as the server has some; false where it has none.

        Not on the object itself: locking one that is not there makes an empty one.
        """
        lock, token = key + MARK + "lock", ""
        deadline = time.monotonic() + self._timeout
        headers = {"Timeout": f"Second-{LOCK_LASTS}", "Depth": "0", "Content-Type": "application/xml"}
        while not token:
            with self._failures():
                response = self._client.http.request("LOCK", self._address(lock), headers=headers, content=LOCK_BODY)
            if response.status_code in {405, 501}:
                yield False
                return
            if response.status_code in {200, 201}:
                token = response.headers["Lock-Token"].strip().strip("<>")
            elif response.status_code != 423 or time.monotonic() > deadline:
                raise self._failure("LOCK", lock, response)
            else:
                time.sleep(0.05)
        try:
            yield True
        finally:
            with contextlib.suppress(Failure), self._failures():
                self._client.http.request("UNLOCK", self._address(lock), headers={"Lock-Token": f"<{token}>"})
                # Refused where somebody else has it by now; he removes it.
                self._client.http.request("DELETE", self._address(lock))

    def folder(self, path: str) -> list[tuple[str, bool, int, float]]:
        address = self._address(path).rstrip("/") + "/"
        with self._failures():
            response = self._client.http.request("PROPFIND", address, headers={"Depth": "1"})
        if response.status_code == 404:
            raise FileNotFoundError(path)
        if response.status_code != 207:
            raise self._failure("PROPFIND", path, response)
        own = unquote(urlsplit(address).path).rstrip("/")
        entries = []
        for found in self._multistatus.parse_multistatus_response(response).responses.values():
            place = unquote(urlsplit(found.href).path).rstrip("/")
            if place == own or not place.startswith(own + "/"):
                continue
            properties = found.properties
            changed = properties.modified.timestamp() if properties.modified else 0.0
            name, is_folder = place[len(own) + 1 :], bool(properties.collection)
            entries.append((name, is_folder, properties.content_length or 0, changed))
        return entries

    def delete(self, key: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._request("DELETE", key, (200, 204))
