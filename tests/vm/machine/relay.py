# SPDX-License-Identifier: GPL-2.0-or-later
"""What passes between the guest's virtio ports and the world outside."""

import json
import os
import socket
from pathlib import Path

CONTROL_TIMEOUT = 10.0
CHUNK = 65536


class Output:
    """Passes a stream on as it comes, up to a mark that no other data contains."""

    def __init__(self, descriptor: int, mark: bytes) -> None:
        self.descriptor = descriptor
        self.mark = mark
        self.held = b""
        self.ended = False

    def feed(self, data: bytes) -> None:
        if self.ended:
            return
        data = self.held + data
        end = data.find(self.mark)
        self.ended = end >= 0
        if not self.ended:
            end = len(data) - self._possible_mark(data)
        self._write(data[:end])
        self.held = data[end:]

    def _possible_mark(self, data: bytes) -> int:
        """Length of the longest end of DATA that the mark may begin with."""
        for length in range(min(len(self.mark) - 1, len(data)), 0, -1):
            if self.mark.startswith(data[-length:]):
                return length
        return 0

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.descriptor, data) :]


def ask_server(path: Path, line: str) -> str:
    """The answer of the device server at PATH, one line of JSON."""
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(CONTROL_TIMEOUT)
        server.connect(str(path))
        server.sendall(line.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            data = server.recv(CHUNK)
            if not data:
                raise ConnectionError("the device server closed the connection")
            answer += data
    return answer.decode().strip()


class Control:
    """Answers "N LINE" with "ok JSON" or "error JSON" from the server of endpoint N."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths
        self.partial = b""

    def feed(self, data: bytes) -> bytes:
        *lines, self.partial = (self.partial + data).split(b"\n")
        return b"".join(self._answer(line.decode(errors="replace")) for line in lines)

    def ask(self, number: int, request: str) -> dict:
        return json.loads(self._answer(f"{number} {request}").partition(b" ")[2])

    def _answer(self, line: str) -> bytes:
        number, _, request = line.partition(" ")
        if not number.isdecimal() or int(number) >= len(self.paths):
            answer = json.dumps({"error": f"no endpoint {number}: there are {len(self.paths)}"})
        else:
            try:
                answer = ask_server(self.paths[int(number)], request)
            except OSError as error:
                answer = json.dumps({"error": f"endpoint {number} does not answer: {error}"})
        try:
            failed = "error" in json.loads(answer)
        except ValueError:
            failed = True
        return f"{'error' if failed else 'ok'} {answer}\n".encode()
