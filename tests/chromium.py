"""Drives a headless Chromium through its debugging pipe: no port, no network."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-extensions",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars", "--remote-debugging-pipe",
    "--disable-dev-shm-usage",
)  # fmt: skip


def browser() -> str | None:
    """The first browser found on the path."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """One page. `errors`: everything the console complained about; `requests`: addresses asked for."""

    def __init__(self, folder: Path, width: int = 1280, height: int = 1400) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        high_in, high_out = (fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (theirs_in, theirs_out))

        def place() -> None:
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        command = [
            browser(),
            *FLAGS,
            f"--window-size={width},{height}",
            f"--user-data-dir={folder / 'profile'}",
            "about:blank",
        ]
        self._process = subprocess.Popen(
            command, preexec_fn=place, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for fd in (theirs_in, theirs_out, high_in, high_out):
            os.close(fd)
        self._buffer, self._number, self._session = b"", 0, None
        self.errors, self.requests = [], []
        self._session = self._call("Target.attachToTarget", targetId=self._first_page(), flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        self._call("Performance.enable", timeDomain="threadTicks")

    def open(self, path: Path, seconds: float = 300) -> float:
        """Open a file, wait for window.navale; returns the seconds that took."""
        began = time.perf_counter()
        self._call("Page.navigate", url=path.resolve().as_uri())
        while not self.run("Boolean(window.navale && window.navale.ready)"):
            assert time.perf_counter() - began < seconds, f"the page is not ready; console: {self.errors}"
            time.sleep(0.02)
        return time.perf_counter() - began

    def run(self, script: str):
        """Value of a JavaScript expression (promises are awaited)."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def busy(self) -> float:
        """Seconds that the page's own thread has worked since the page began: what it costs, whatever else runs."""
        told = self._call("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in told if one["name"] == "TaskDuration")

    def settle(self) -> None:
        """Wait until the page was painted twice."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))")

    def move(self, x: float, y: float) -> None:
        """Move the mouse."""
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def close(self) -> None:
        self._session = None
        self._send("Browser.close")
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._out)
        os.close(self._in)

    def _first_page(self) -> str:
        """Id of the page that the browser opens by itself, as soon as it is there."""
        while True:
            targets = self._call("Target.getTargets")["targetInfos"]
            found = [target["targetId"] for target in targets if target["type"] == "page"]
            if found:
                return found[0]
            time.sleep(0.02)

    def _send(self, method: str, **parameters) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        return self._number

    def _call(self, method: str, **parameters):
        wanted = self._send(method, **parameters)
        while True:
            message = self._receive()
            if message.get("id") == wanted:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]
            self._note(message.get("method"), message.get("params", {}))

    def _receive(self):
        while b"\0" not in self._buffer:
            assert select.select([self._in], [], [], 300)[0], "the browser does not answer"
            more = os.read(self._in, 1 << 20)
            assert more, "the browser has gone"
            self._buffer += more
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, method, parameters) -> None:
        if method == "Runtime.exceptionThrown":
            self.errors.append(str(parameters["exceptionDetails"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.errors.append(parameters["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.errors.append(str(parameters["args"]))
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
