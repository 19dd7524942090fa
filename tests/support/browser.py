"""Drives a headless Chromium over its debugging pipe, or a headless Firefox over WebDriver BiDi; without a library."""

import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time


def find_browser():
    """The path of a Chromium, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return shutil.which(name)
    return None


class Browser:
    """One page. Messages of the page's own doing (requests, errors) are kept in `events`."""

    def __init__(self, program, width=1400, height=1000, arguments=()):
        self.folder = tempfile.mkdtemp(prefix="browser-")
        to_browser, self.write_fd = os.pipe()
        self.read_fd, from_browser = os.pipe()

        def place():
            # Chromium reads descriptor 3 and writes descriptor 4; the pipes may lie on these themselves.
            reading, writing = os.dup(to_browser), os.dup(from_browser)
            high = [os.dup2(reading, 100), os.dup2(writing, 101)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking", f"--window-size={width},{height}",
             f"--user-data-dir={self.folder}", *arguments, "about:blank"],
            preexec_fn=place, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.number = 0
        self.session = None
        self.events = []
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.write_fd)
        os.close(self.read_fd)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _message(self):
        while b"\0" not in self.buffer:
            part = os.read(self.read_fd, 1 << 20)
            if not part:
                raise RuntimeError("the browser has ended")
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **params):
        """One command; returns its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write_fd, data):]
        while True:
            answer = self._message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def run(self, script):
        """The value of a JavaScript expression, which may be a promise."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, script, seconds=20):
        """Until the expression is true; returns its value."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                value = self.run(script)
            except RuntimeError:
                value = None  # the page is not there yet
            if value:
                return value
            time.sleep(0.02)
        raise TimeoutError(script)

    def open(self, url):
        """Goes there; the page's own scripts go on."""
        self.call("Page.navigate", url=url)

    def look(self, **features):
        """Media features such as prefers_color_scheme="dark"."""
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": name.replace("_", "-"), "value": value} for name, value in features.items()])

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def key(self, key):
        """Presses and releases a key by its DOM name."""
        codes = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "End": 35, "Home": 36, "/": 191}
        text = key if len(key) == 1 else "\r" if key == "Enter" else ""
        common = {"key": key, "code": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0]))}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def screenshot(self, path):
        image = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(image))

    def requests(self):
        """The addresses that the page asked for."""
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]

    def complaints(self):
        """Errors that the page's scripts or its security policy have caused."""
        return [json.dumps(event["params"]) for event in self.events
                if event.get("method") == "Runtime.exceptionThrown"
                or (event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error")]


def find_firefox():
    """The path of a Firefox, or None."""
    for name in ("firefox-esr", "firefox"):
        if shutil.which(name):
            return shutil.which(name)
    return None


class WebSocket:
    """A client's end, for text messages; what WebDriver BiDi needs of RFC 6455."""

    def __init__(self, host, port, path):
        self.socket = socket.create_connection((host, port), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        status = self.file.readline()
        while self.file.readline().strip():
            pass
        if b" 101 " not in status:
            raise RuntimeError(f"no WebSocket: {status}")

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, text):
        data = text.encode()
        size = len(data)
        head = bytes([0x81]) + (bytes([0x80 | size]) if size < 126 else
                                bytes([0x80 | 126]) + struct.pack(">H", size) if size < 1 << 16 else
                                bytes([0x80 | 127]) + struct.pack(">Q", size))
        mask = os.urandom(4)
        self.socket.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def receive(self):
        """The next message; pings and pongs are passed over."""
        parts = []
        while True:
            first, second = self.file.read(2)
            size = second & 0x7f
            if size >= 126:
                size = int.from_bytes(self.file.read(2 if size == 126 else 8), "big")
            data = self.file.read(size)
            if first & 0x0f >= 9:
                continue
            if first & 0x0f == 8:
                raise RuntimeError("the browser has ended")
            parts.append(data)
            if first & 0x80:
                return b"".join(parts).decode()


class Firefox:
    """One page in a headless Firefox, over WebDriver BiDi; as Browser, as far as it goes."""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix="browser-")
        self.process = subprocess.Popen(
            [program, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", self.folder, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "HOME": self.folder, "MOZ_CRASHREPORTER_DISABLE": "1"})
        address = next((line for line in self.process.stderr if "WebDriver BiDi listening on" in line), "")
        port = int(address.rsplit(":", 1)[1])
        # What it writes from now on is read by nobody, and must not fill the pipe.
        self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.reader.start()
        self.socket = WebSocket("127.0.0.1", port, "/session")
        self.number = 0
        self.events = []
        self.call("session.new", capabilities={})
        self.context = self.call("browsingContext.getTree")["contexts"][0]["context"]
        self.call("session.subscribe", events=["network.beforeRequestSent", "log.entryAdded"])

    def __exit__(self, *_):
        self.socket.close()
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, **params):
        """One command; returns its result."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.receive())
            if answer.get("id") == self.number:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
                return answer["result"]
            self.events.append(answer)

    def run(self, script):
        """The value of a JavaScript expression, which may be a promise."""
        answer = self.call("script.evaluate", expression=f"Promise.resolve({script}).then(JSON.stringify)",
                           target={"context": self.context}, awaitPromise=True)
        if answer["type"] != "success":
            raise RuntimeError(f"{script}: {answer['exceptionDetails']['text']}")
        text = answer["result"].get("value")
        return None if text is None else json.loads(text)

    wait = Browser.wait

    def open(self, url):
        """Goes there, and waits until all is loaded."""
        self.call("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def requests(self):
        """The addresses that the page asked for; without those that hold what they name, as fonts of Firefox's own."""
        addresses = [event["params"]["request"]["url"] for event in self.events
                     if event.get("method") == "network.beforeRequestSent"]
        return [address for address in addresses if not address.startswith("data:")]

    def complaints(self):
        """Errors that the page's scripts have caused."""
        return [json.dumps(event["params"]) for event in self.events
                if event.get("method") == "log.entryAdded" and event["params"]["level"] == "error"]
