"""A headless Chromium that a test types into, over the DevTools protocol on two pipes.

from tests.helpers.browser import CHROMIUM, Browser
"""

import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
QUIET = (
    "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking "
    "disable-component-update disable-sync hide-scrollbars remote-debugging-pipe"
)


class Browser:
    """One page. Protocol: https://chromedevtools.github.io/devtools-protocol, each message ended
    by a zero byte; Chromium reads commands on descriptor 3 and answers on 4."""

    def __init__(self, profile: Path, width: int = 1100, height: int = 800) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()

        def connect() -> None:
            kept_in, kept_out = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(kept_in, 3)
            os.dup2(kept_out, 4)

        flags = [f"--{word}" for word in QUIET.split()]
        self.process = subprocess.Popen(
            [str(CHROMIUM), *flags, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=connect,
            pass_fds=(3, 4),
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.commands = os.fdopen(ours_out, "wb")
        self.answers = os.fdopen(ours_in, "rb")
        self.unread, self.number, self.session = b"", 0, None
        target = self.call("Target.createTarget", url="about:blank")
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self.session = attached["sessionId"]
        self.call("Page.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of one command."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        self.commands.write(json.dumps(command).encode() + b"\0")
        self.commands.flush()
        while (message := self._message()).get("id") != self.number:
            pass
        assert "error" not in message, message
        return message["result"]

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self.unread:
            part = os.read(self.answers.fileno(), 65536)
            assert part, "the browser has gone"
            self.unread += part
        message, _, self.unread = self.unread.partition(b"\0")
        return json.loads(message)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, condition: str, seconds: int = 60) -> None:
        """Until a JavaScript condition holds."""
        found = self.evaluate(
            f"new Promise(done => {{ const end = Date.now() + {1000 * seconds};"
            f"const look = () => ({condition}) ? done(true) : Date.now() > end ? done(false)"
            " : setTimeout(look, 50); look(); })"
        )
        assert found, f"never: {condition}; {self.evaluate('document.body.innerText')!r}"

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.wait_for(f"document.readyState === 'complete' && location.href === '{url}'")

    def dark(self, dark: bool) -> None:
        value = "dark" if dark else "light"
        feature = {"name": "prefers-color-scheme", "value": value}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def type(self, text: str) -> None:
        """Into the page's text field; again while a page that is not drawn yet takes nothing."""
        self.wait_for("document.activeElement?.id === 'text'")
        for _ in range(100):
            self.call("Input.insertText", text=text)
            if self.evaluate("document.activeElement.value") == text:
                return
            time.sleep(0.1)
        raise AssertionError(f"the field does not take {text!r}")

    def press(self, key: str, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                text=text * (kind == "keyDown"),
            )

    def screenshot(self, file: Path) -> None:
        picture = self.call("Page.captureScreenshot")
        file.write_bytes(base64.b64decode(picture["data"]))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.commands.close()
        self.answers.close()
