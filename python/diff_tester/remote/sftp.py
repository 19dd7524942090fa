"""SFTP, by paramiko."""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import stat
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any, Optional
from urllib.parse import unquote, urlsplit

from .attempts import Failure, Refused, Source, needs
from .threads import MARK, PIECE, Blocking, temporary_name

#: Channels of one connection; OpenSSH takes ten.
CHANNELS = 8
#: For how long a lock must not have changed before it counts as left behind, in seconds.
STALE = 30.0


class Sftp(Blocking):
    """A folder on a server: sftp://user@host:port/folder, or sftp://host/~/folder below the user's own folder.

    Host keys must be known (~/.ssh/known_hosts); ~/.ssh/config, its keys and an agent are used as by ssh.
    """

    def __init__(self, url: str, timeout: float):
        parts = urlsplit(url)
        if not parts.hostname:
            raise Failure("usage", "the URL names no host")
        self._url = parts
        path = unquote(parts.path)
        self._root = (path[3:] or "." if path.startswith("/~/") else path).rstrip("/") or "/"
        self._timeout = timeout
        self._client: Any = None
        self._mutex = threading.Lock()
        self._places = threading.BoundedSemaphore(CHANNELS)
        self._idle: list[tuple[Any, Any]] = []

    async def open(self) -> None:
        try:
            import paramiko
        except ImportError:
            raise needs("paramiko", "a remote of the kind sftp://") from None
        self._paramiko = paramiko

    def _connected(self) -> Any:
        """The connection, made anew where it has ended."""
        with self._mutex:
            if self._client is not None and self._client.get_transport() and self._client.get_transport().is_active():
                return self._client
            client = self._paramiko.SSHClient()
            client.load_system_host_keys()
            with contextlib.suppress(OSError):
                client.load_system_host_keys("/etc/ssh/ssh_known_hosts")
            client.set_missing_host_key_policy(self._paramiko.RejectPolicy())
            client.connect(**self._login(client))
            client.get_transport().set_keepalive(15)
            self._client = client
            return client

    def _login(self, client: Any) -> dict[str, Any]:
        config = self._paramiko.SSHConfig()
        with contextlib.suppress(OSError):
            config = self._paramiko.SSHConfig.from_path(os.path.expanduser("~/.ssh/config"))
        host = config.lookup(self._url.hostname)
        name = host.get("hostname", self._url.hostname)
        port = self._url.port or int(host.get("port", 22))
        for file in shlex.split(host.get("userknownhostsfile", "")):
            with contextlib.suppress(OSError):
                client.load_system_host_keys(os.path.expanduser(file))
        proxy = host.get("proxycommand")
        if proxy is None and host.get("proxyjump", "none") != "none":
            proxy = f"ssh -W {shlex.quote(name)}:{port} {shlex.quote(host['proxyjump'])}"
        wait = max(1.0, self._timeout / 3)
        return {
            "hostname": name,
            "port": port,
            "username": unquote(self._url.username or "") or host.get("user") or getpass.getuser(),
            "password": unquote(self._url.password) if self._url.password else None,
            "look_for_keys": not self._url.password,
            "allow_agent": not self._url.password,
            "key_filename": [file for file in host.get("identityfile", []) if os.path.exists(file)] or None,
            "sock": self._paramiko.ProxyCommand(proxy) if proxy and proxy != "none" else None,
            "timeout": wait,
            "banner_timeout": wait,
            "auth_timeout": wait,
            "channel_timeout": wait,
        }

    @contextlib.contextmanager
    def _channel(self) -> Iterator[Any]:
        """One for this thread alone; not used again after a failure that may have left it in disorder."""
        with self._places, self._failures():
            client = self._connected()
            with self._mutex:
                self._idle = [(owner, channel) for owner, channel in self._idle if owner is client]
                channel = self._idle.pop()[1] if self._idle else None
            if channel is None:
                channel = client.open_sftp()
                channel.get_channel().settimeout(max(1.0, self._timeout / 3))
            in_order = False
            try:
                yield channel
                in_order = True
            except (FileNotFoundError, Refused):
                in_order = True
                raise
            finally:
                if in_order:
                    with self._mutex:
                        self._idle.append((client, channel))
                else:
                    with contextlib.suppress(Exception):
                        channel.close()

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        """What exceptions of paramiko's mean."""
        paramiko = self._paramiko
        try:
            yield
        except (Failure, Refused, FileNotFoundError):
            raise
        except (paramiko.BadHostKeyException, paramiko.AuthenticationException) as error:
            # A server that has too many logins under way closes the connection.
            message = f"the server or the login is not accepted: {error}"
            raise Failure("unavailable", message, again="EOF" in str(error)) from None
        except PermissionError as error:
            raise Failure("unavailable", f"permission denied: {error}") from None
        except (paramiko.SSHException, paramiko.ssh_exception.NoValidConnectionsError, EOFError) as error:
            again = "known_hosts" not in str(error) and "authentication" not in str(error).lower()
            raise Failure("unavailable", f"{type(error).__name__}: {error}", again=again, unknown=again) from None
        except OSError as error:
            # Without a number it is the server's word ("Failure"), which will be the same again.
            again = error.errno is not None or isinstance(error, TimeoutError)
            raise Failure("unavailable", f"{type(error).__name__}: {error}", again=again, unknown=again) from None

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{key}" if key else self._root

    def opened(self, key: str, offset: int, size: Optional[int]) -> tuple[str, int, Iterator[bytes]]:
        with self._channel() as sftp:
            found = sftp.stat(self._path(key))
        if not stat.S_ISREG(found.st_mode):
            raise FileNotFoundError(key)
        end = found.st_size if size is None else offset + size
        if end > found.st_size:
            raise Failure("corrupt", f"{key} ends at byte {found.st_size}, before {end}")
        return f"{found.st_size} {found.st_mtime}", end, self._pieces(key, offset, end)

    def _pieces(self, key: str, offset: int, end: int) -> Iterator[bytes]:
        """Asked for ahead, so that a piece need not wait for the one before it."""
        if offset == end:
            return
        with self._channel() as sftp, sftp.open(self._path(key), "rb") as file:
            parts = [(at, min(PIECE, end - at)) for at in range(offset, end, PIECE)]
            pieces = file.readv(parts, max_concurrent_prefetch_requests=64)
            while True:
                try:
                    piece = next(pieces, None)
                except OSError as error:
                    raise Failure("unavailable", f"{key} cannot be read: {error}", again=True) from None
                if piece is None:
                    return
                yield piece

    def whole(self, key: str) -> Optional[bytes]:
        with self._channel() as sftp:
            return self._whole(sftp, key)

    def _whole(self, sftp: Any, key: str) -> Optional[bytes]:
        """By the caller's channel: there are not so many that one could wait for a second."""
        try:
            with sftp.open(self._path(key), "rb") as file:
                file.prefetch()
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            # Some servers' word for a file that is replaced while it is read.
            raise Failure("unavailable", f"{key} cannot be read: {error}", again=True) from None

    def store(self, key: str, source: Source, condition: str, tag: str) -> None:
        path = self._path(key)
        folder = path.rpartition("/")[0]
        temporary = f"{folder}/{temporary_name()}"
        with self._channel() as sftp:
            if condition:
                self._check_server()
                self.check(key, condition, tag, self._whole(sftp, key))
            try:
                self._send(sftp, temporary, source)
                if condition == "":
                    self._rename(sftp, temporary, path)
                elif condition == "absent" and "OpenSSH" in self._client.get_transport().remote_version:
                    self._rename_to_free_name(sftp, temporary, path)
                else:
                    with self._locked(sftp, path) as still_ours:
                        self.check(key, condition, tag, self._whole(sftp, key))
                        still_ours()
                        self._rename(sftp, temporary, path)
            except BaseException:
                with contextlib.suppress(Exception):
                    sftp.remove(temporary)
                raise

    def _check_server(self) -> None:
        if "rclone" in self._client.get_transport().remote_version:
            raise Failure(
                "unsupported", "rclone's SFTP server lets two make the same file, so that no write can have a condition"
            )

    def _send(self, sftp: Any, path: str, source: Source) -> None:
        """A whole and durable file."""
        try:
            file = sftp.open(path, "wb")
        except FileNotFoundError:
            self._make_folder(sftp, path.rpartition("/")[0])
            file = sftp.open(path, "wb")
        with file:
            file.set_pipelined(True)
            for start in range(0, source.size, PIECE):
                file.write(source.piece(start, min(PIECE, source.size - start)))
            file.flush()
            file.set_pipelined(False)
            if file.stat().st_size != source.size:
                raise Failure("unavailable", f"{path}: the server has written something else", again=True)
            # Where the server has that extension of OpenSSH's.
            with contextlib.suppress(OSError):
                sftp._request(self._paramiko.sftp.CMD_EXTENDED, "fsync@openssh.com", file.handle)

    def _make_folder(self, sftp: Any, path: str) -> None:
        if path in {"", "/", "."}:
            return
        try:
            sftp.mkdir(path)
        except FileNotFoundError:
            self._make_folder(sftp, path.rpartition("/")[0])
            self._make_folder(sftp, path)
        except OSError:
            if not stat.S_ISDIR(sftp.stat(path).st_mode):
                raise

    @staticmethod
    def _rename(sftp: Any, source: str, target: str) -> None:
        try:
            sftp.posix_rename(source, target)
        except OSError as error:
            if "unsupported" in str(error).lower():
                raise Failure("unsupported", "the server cannot replace a file in one step (posix-rename)") from None
            raise

    @staticmethod
    def _rename_to_free_name(sftp: Any, source: str, target: str) -> None:
        """OpenSSH's server makes a hard link, so that of two only one succeeds."""
        try:
            sftp.rename(source, target)
        except OSError as error:
            with contextlib.suppress(FileNotFoundError):
                sftp.stat(target)
                raise Refused(str(error)) from None
            raise

    @contextlib.contextmanager
    def _locked(self, sftp: Any, path: str) -> Iterator[Any]:
        """A file that only one can make, as long as the caller is the one; it is given a function that makes sure."""
        lock, owner = f"{path}{MARK}lock", uuid.uuid4().hex
        deadline = time.monotonic() + self._timeout
        seen, since = None, 0.0
        while True:
            try:
                with sftp.open(lock, "wx") as file:
                    file.write(owner.encode())
                    self._check_exclusive(sftp, lock)
                break
            except FileNotFoundError:
                raise
            except OSError as error:
                held = self._owner(sftp, lock)
                if held is None and time.monotonic() > deadline:
                    raise Failure("unavailable", f"cannot make {lock}: {error}") from None
            if held != seen:
                seen, since = held, time.monotonic()
            elif held and time.monotonic() - since > STALE:
                self._break(sftp, lock, held)
            if time.monotonic() > deadline:
                raise Failure("unavailable", f"{lock} is held by somebody else")
            time.sleep(0.05)

        def still_ours() -> None:
            if self._owner(sftp, lock) != owner:
                raise Failure("unavailable", f"{lock} was taken by somebody else", again=True)

        try:
            yield still_ours
        finally:
            with contextlib.suppress(OSError):
                if self._owner(sftp, lock) == owner:
                    sftp.remove(lock)

    @staticmethod
    def _check_exclusive(sftp: Any, lock: str) -> None:
        """Does the server keep a second one from making the file?"""
        try:
            sftp.open(lock, "wx").close()
        except OSError:
            return
        raise Failure("unsupported", "the server lets two make the same file, so that no write can have a condition")

    @staticmethod
    def _owner(sftp: Any, lock: str) -> Optional[str]:
        try:
            with sftp.open(lock, "rb") as file:
                return file.read(64).decode("ascii", "replace")
        except FileNotFoundError:
            return None
        except OSError:  # some servers' word for one that is made or removed at this moment
            return ""

    def _break(self, sftp: Any, lock: str, owner: str) -> None:
        """Takes away a lock that was left behind; one that has come in its place meanwhile is put back."""
        aside = f"{lock}-{uuid.uuid4().hex}"
        try:
            sftp.rename(lock, aside)
        except OSError:
            return
        if self._owner(sftp, aside) == owner:
            sftp.remove(aside)
        else:
            sftp.rename(aside, lock)

    def folder(self, path: str) -> list[tuple[str, bool, int, float]]:
        with self._channel() as sftp:
            return [
                (entry.filename, stat.S_ISDIR(entry.st_mode), entry.st_size, float(entry.st_mtime))
                for entry in sftp.listdir_attr(self._path(path))
            ]

    def delete(self, key: str) -> None:
        with self._channel() as sftp, contextlib.suppress(FileNotFoundError):
            sftp.remove(self._path(key))
