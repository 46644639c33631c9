# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot a machine in the sandbox, run a command in it, and say how both ended.

Called by tests/vm/run. Processes and files need no cleaning up: all of them are in the sandbox's
namespaces and end with them.
"""

import argparse
import os
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import initramfs
import options as command_line
import qemu
import relay
import topology
from console import Console
from standstill import Standstill, processor_seconds

EXIT_KERNEL_REPORT = 70
EXIT_NO_MACHINE = 71
EXIT_TIMEOUT = 124
EXIT_PIPE = 128 + signal.SIGPIPE

SOURCE = Path("/src")
GUEST = SOURCE / "tests/vm/guest"
# Where guest/nested.py takes it.
GUEST_KERNEL = Path("/boot/guest-vmlinux")
EMULATOR = Path("/usr/local/libexec") / qemu.EMULATOR
WATCH = EMULATOR.with_name("cxl-qemu-watch.so")
ARM64_FLAVOURS = {"4K": "arm64", "16K": "arm64-16k"}  # Debian's names
TIMEOUT = {"distro": 120, "debug": 300}  # of COMMAND, without the boot
BOOT_TIMEOUT = 1200.0  # of a boot that does something all the time and gets nowhere
TURN = 1.0  # between two looks at a boot
STEP_TIMEOUT = 10.0  # of what takes a fraction of a second
LOG_LINES = 20


# What takes data from a socket, and the socket for an answer.
Receiver = Callable[[bytes, socket.socket], None]


class MachineError(Exception):
    """The machine did not come up; the lines say where it stopped."""


def say(message: str) -> None:
    print(f"vm: {message}", file=sys.stderr, flush=True)


def tail(text: str) -> list[str]:
    return text.splitlines()[-LOG_LINES:]


def run_step(what: str, command: list[str]) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace",
    )
    if done.returncode:
        raise MachineError(f"{what} failed with status {done.returncode}:", *tail(done.stdout))


def built_kernel(name: str) -> Path:
    """The directory of a kernel that is built here, once."""
    built = subprocess.run([SOURCE / "tests/vm" / name], stdout=subprocess.PIPE, text=True)
    if built.returncode:
        raise MachineError(f"there is no {name}")
    return Path(built.stdout.strip())


class Kernel:
    """The kernel to boot; its modules are in the sandbox's /lib/modules afterwards."""

    def __init__(self, options: argparse.Namespace) -> None:
        if options.pages == "64K":
            self._take_built("arm64-kernel")
        elif options.arm64:
            self._take_packaged(options.arm64, ARM64_FLAVOURS[options.pages])
        elif options.kernel == "debug":
            self._take_built("debug-kernel")
        else:
            self.image = sorted(Path("/boot").glob("vmlinuz-*"))[-1]
            self.release = self.image.name.removeprefix("vmlinuz-")

    def _take_packaged(self, root: Path, flavour: str) -> None:
        """From packages that are unpacked in ROOT only: nobody has looked at their modules yet."""
        self.image = sorted((root / "usr/lib/modules").glob(f"*-{flavour}/vmlinuz"))[-1]
        self.release = self.image.parent.name
        headers = Path("/usr/src") / f"linux-headers-{self.release}"
        shutil.copytree(root / headers.relative_to("/"), headers, symlinks=True)
        self._take_modules(self.image.parent, headers)
        run_step("looking at the modules", ["depmod", self.release])

    def _take_built(self, name: str) -> None:
        kernel = built_kernel(name)
        self.image = kernel / "vmlinuz"
        self.release = (kernel / "release").read_text().strip()
        self._take_modules(kernel / "modules/lib/modules" / self.release, kernel / "build")

    def _take_modules(self, source: Path, build: Path) -> None:
        modules = Path("/lib/modules") / self.release
        # A second boot finds those of the first, and links cannot be copied over links.
        shutil.rmtree(modules, ignore_errors=True)
        shutil.copytree(source, modules, symlinks=True)
        (modules / "build").unlink(missing_ok=True)
        (modules / "build").symlink_to(build)


class Machine:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.topology = topology.build(
            options.endpoints, options.host_bridges, options.hdm_size, options.serials,
            topology.virt_layout if options.arm64 else topology.pc_layout,
        )
        self.directory = Path(tempfile.mkdtemp(prefix="machine-", dir="/dev/shm"))
        self.mark = f"<vm {os.urandom(16).hex()} end>"
        self.console = Console()
        self.stdout = relay.Output(1, self.mark.encode())
        self.stderr = relay.Output(2, self.mark.encode())
        self.control = relay.Control(
            [self._socket(f"control{i}") for i in range(options.endpoints)]
        )
        self.status: int | None = None
        self.status_line = b""
        self.selector = selectors.DefaultSelector()
        self.servers: list[subprocess.Popen] = []
        self.qemu: subprocess.Popen | None = None
        self.status_socket: socket.socket | None = None
        self.stood_still = False
        self.accesses: list[str] = []
        self.timeout = options.timeout or TIMEOUT[options.kernel]

    def _socket(self, name: str) -> Path:
        return qemu.socket_of(self.directory, name)

    def prepare(self) -> None:
        say("building the working tree")
        kernel = Kernel(self.options)
        self.kernel = kernel
        if self.options.guest_kernel:
            shutil.copy(built_kernel("guest-kernel") / "vmlinux", GUEST_KERNEL)
        root = self.make_root()
        installer = [str(SOURCE / "tests/vm/install"), kernel.release]
        if self.options.prepare or self.options.arm64:
            run_step("building the device server", [*installer, "--device-server"])
        else:
            run_step("building the project", installer + self.options.driver_flags)
        if self.options.arm64:
            installer = [str(SOURCE / "tests/arm64/install"), kernel.release, str(root)]
            run_step("building for arm64", installer + self.options.driver_flags)
        if self.options.prepare:
            run_step(self.options.prepare, [*shlex.split(self.options.prepare), kernel.release])
        values = {
            "driver": "no" if self.options.no_driver or self.options.prepare else "yes",
            "udev": "yes" if self.options.udev else "no",
            "systemd": "yes" if self.options.systemd else "no",
            "leaks": "yes" if self.options.leaks else "no",
            "mark": self.mark,
        }
        settings = "".join(f"{name}={shlex.quote(text)}\n" for name, text in values.items())
        files = {
            "vm/topology": topology.guest_configuration(self.topology),
            "vm/settings": settings,
            "vm/command": f"exec {shlex.join(self.options.command)}\n",
        }
        if self.options.share:
            files["vm/share"] = ""
        image = initramfs.build(
            topology.cedt(self.topology),
            (GUEST / "init").read_bytes(),
            root / "usr/bin/busybox",
            ["virtio_iommu"] if self.options.arm64 else [],
            {name: os.fsencode(text) for name, text in files.items()},
            kernel.release,
        )
        (self.directory / "initramfs").write_bytes(image)
        with open(self.directory / "ram", "wb") as ram:
            ram.truncate(self.topology.layout.file_size)

    def make_root(self) -> Path:
        """What the guest has for its root: this one, or that of another architecture, to which the
        project is to be added yet."""
        root = self.directory / "root"
        root.mkdir()
        if self.options.arm64:
            for name in ("upper", "work"):
                (self.directory / name).mkdir()
            options = f"lowerdir={self.options.arm64},upperdir=upper,workdir=work"
            mount = ["mount", "-t", "overlay", "-o", options, "root", str(root)]
            run_step("making the root", ["env", "-C", str(self.directory), *mount])
        else:
            # Only the root itself: not the host's files and devices, which are mounted in it.
            run_step("exporting the root", ["mount", "--bind", "/", str(root)])
        return root

    def start_server(self, endpoint: topology.Endpoint) -> None:
        command = qemu.emulator_command(EMULATOR, self.directory, endpoint)
        command += self.options.emulator
        for fault in self.options.fault:
            command += ["--fault", fault]
        name = f"endpoint {endpoint.index}"
        log = open(self.directory / f"{name}.log", "wb")
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
        )
        self.servers.append(server)
        # It prints one line once it listens.
        with selectors.DefaultSelector() as ready:
            ready.register(server.stdout, selectors.EVENT_READ)
            if not ready.select(STEP_TIMEOUT) or not server.stdout.readline():
                server.kill()
                raise MachineError(f"the device server of {name} does not start:")
        self.watch_process(server, name)

    def watch_process(self, process: subprocess.Popen, name: str) -> None:
        handle = os.pidfd_open(process.pid)
        self.watch(handle, self.process_ended, process, name)

    def watch(self, source: int | socket.socket, call: Callable, *arguments: object) -> None:
        """Have turn() call CALL with SOURCE and the ARGUMENTS whenever SOURCE has something."""
        self.selector.register(source, selectors.EVENT_READ, partial(call, source, *arguments))

    def process_ended(self, handle: int, process: subprocess.Popen, name: str) -> None:
        self.selector.unregister(handle)
        status = process.wait()
        if process is not self.qemu:
            how = f"signal {-status}" if status < 0 else f"status {status}"
            raise MachineError(f"the device server of {name} ended with {how}:")

    def listen(self, name: str, receive: Receiver) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(self._socket(name)))
        server.listen(1)
        self.watch(server, self.accept, name, receive)

    def accept(self, server: socket.socket, name: str, receive: Receiver) -> None:
        connection, _ = server.accept()
        self.selector.unregister(server)
        server.close()
        self.watch(connection, self.receive, receive)
        if name == "status":
            self.status_socket = connection

    def receive(self, connection: socket.socket, receive: Receiver) -> None:
        try:
            data = connection.recv(relay.CHUNK)
        except ConnectionResetError:
            data = b""
        if not data:
            self.selector.unregister(connection)
            return
        receive(data, connection)

    def on_console(self, data: bytes, _connection: socket.socket) -> None:
        self.console.feed(data)
        if self.options.verbose:
            sys.stderr.buffer.write(data.replace(b"\r", b""))
            sys.stderr.buffer.flush()

    def on_status(self, data: bytes, _connection: socket.socket) -> None:
        self.status_line += data
        if self.status_line.endswith(b"\n"):
            self.status = int(self.status_line)

    def on_control(self, data: bytes, connection: socket.socket) -> None:
        connection.sendall(self.control.feed(data))

    def start(self) -> None:
        for endpoint in self.topology.endpoints:
            self.start_server(endpoint)
        self.listen("console", self.on_console)
        self.listen("status", self.on_status)
        self.listen("control", self.on_control)
        self.listen("stdout", lambda data, _: self.stdout.feed(data))
        self.listen("stderr", lambda data, _: self.stderr.feed(data))
        exports = [(self.directory / "root", "root", False), (SOURCE, "src", False)]
        if self.options.share:
            exports.append((self.options.share, "share", True))
        if self.options.arm64:
            hardware, specific = qemu.virt, qemu.virt_parameters
        else:
            hardware, specific = qemu.pc, qemu.pc_parameters
        parameters = qemu.ALWAYS + specific(self.topology) + self.options.append
        command = qemu.command(
            hardware(self.directory, self.topology), self.directory, self.topology, self.kernel.image, parameters, exports,
            self.options.processors, self.options.neighbour, self.options.expander,
        )
        command += self.options.qemu
        say(
            f"booting Linux {self.kernel.release} with {len(self.topology.endpoints)} endpoints "
            f"below {len(self.topology.bridges)} host bridges"
        )
        log = open(self.directory / "qemu.log", "wb")
        self.qemu = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            env=qemu.environment(self.directory, WATCH),
        )
        self.watch_process(self.qemu, "qemu")

    def turn(self, limit: float) -> bool:
        """Take what comes next; False once LIMIT, a point in time, has passed."""
        left = limit - time.monotonic()
        if left <= 0:
            return False
        for key, _ in self.selector.select(left):
            key.data()
        return True

    def complete(self) -> bool:
        return self.status is not None and self.stdout.ended and self.stderr.ended

    def boot(self) -> None:
        """Up to COMMAND's first instruction. A boot has no deadline of COMMAND's: it may take as
        long as it gets on."""
        standstill = Standstill(self.options.standstill, time.monotonic())
        limit = time.monotonic() + BOOT_TIMEOUT
        while self.console.stage != "command" and self.qemu.returncode is None:
            now = time.monotonic()
            if now > limit:
                raise MachineError(
                    *self.where_it_stopped(f"nothing ready within {BOOT_TIMEOUT:g} s")
                )
            self.turn(now + TURN)
            if self.qemu.returncode is None:
                self.stood_still = standstill.look(
                    time.monotonic(), len(self.console.log), processor_seconds(self.qemu.pid)
                )
            if self.stood_still:
                raise MachineError(*self.where_it_stopped(
                    f"no line of the console and next to no processor time for {standstill.limit:g} s"
                ))

    def run(self) -> int:
        """The command's exit status."""
        self.boot()
        limit = time.monotonic() + self.timeout
        while not self.complete() and self.qemu.returncode is None:
            if not self.turn(limit):
                say(f"the command did not end within {self.timeout:g} s")
                return EXIT_TIMEOUT
        if not self.complete():
            raise MachineError(*self.where_it_stopped("the machine went off"))
        self.accesses = self.forbidden_accesses()
        self.status_socket.sendall(b"done\n")
        limit = time.monotonic() + STEP_TIMEOUT
        while self.qemu.returncode is None:
            if not self.turn(limit):
                say("the machine does not power off: ended it")
                self.qemu.kill()
                self.qemu.wait()
        self.drain()
        return self.status

    def forbidden_accesses(self) -> list[str]:
        """What the device servers saw that may end a real host, a line each."""
        # A driver that is wrong on purpose does it.
        if self.options.driver_flags:
            return []
        found = []
        for endpoint in self.topology.endpoints:
            counts = self.control.ask(endpoint.index, "counts")
            for key, when in (("accesses_undecoded", "while it did not decode"),
                              ("accesses_memory_off", "with memory space off")):
                if counts.get(key, 1):
                    found.append(f"endpoint {endpoint.index}: its window was accessed {when}: {counts}")
        return found

    def drain(self) -> None:
        """What the console still holds when QEMU is gone."""
        while self.selector.select(0):
            self.turn(time.monotonic() + 1)

    def where_it_stopped(self, what: str) -> list[str]:
        reason = f": {self.console.stop_reason}" if self.console.stop_reason else ""
        return [f"{what} at stage '{self.console.stage}'{reason}"]

    def logs(self) -> list[tuple[str, str]]:
        """What QEMU and the device servers said, if anything."""
        found = []
        for path in sorted(self.directory.glob("*.log")):
            text = path.read_text(errors="replace")
            if text:
                found.append((path.stem, text))
        return found


def write_log(machine: Machine, path: Path) -> None:
    parts = [bytes(machine.console.log).replace(b"\r", b"")]
    for name, text in machine.logs():
        parts.append(f"\n==> {name} <==\n{text}".encode())
    partial = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
    partial.write_bytes(b"".join(parts))
    partial.rename(path)


def keep_log(machine: Machine, path: Path) -> None:
    write_log(machine, path)
    say(f"console log: {command_line.shown(path)}")


def explain_no_machine(machine: Machine, error: MachineError) -> None:
    say(str(error.args[0]))
    for line in error.args[1:]:
        say(f"  {line}")
    for name, text in machine.logs():
        for line in tail(text):
            say(f"  {name}: {line}")
    for line in machine.console.report() or machine.console.tail(5):
        say(f"  console: {line}")


def fail_with_report(machine: Machine, how: str, report: list[str]) -> int:
    say(f"the kernel or a device server reported a problem; {how}")
    print("\n".join(report), file=sys.stderr)
    return EXIT_KERNEL_REPORT


def boot(machine: Machine) -> int:
    try:
        machine.prepare()
        machine.start()
        status = machine.run()
    except MachineError as error:
        report = machine.console.report()
        if report and machine.console.stage == "command":
            return fail_with_report(machine, str(error.args[0]), report)
        explain_no_machine(machine, error)
        return EXIT_NO_MACHINE
    report = machine.console.report() + machine.accesses
    if not report and status != EXIT_TIMEOUT and machine.console.taint is None:
        report = ["the guest did not tell whether its kernel is tainted"]
    if report:
        return fail_with_report(machine, f"the command ended with {status}", report)
    return status


def why_again(machine: Machine) -> str:
    """What ended a boot that may go well the next time; empty where it would not."""
    if machine.stood_still:
        return "the machine stood still"
    if machine.console.patch_race():
        return "QEMU executed a trap that the kernel had patched away"
    return ""


def boot_again(options: argparse.Namespace, machine: Machine) -> tuple[Machine, int]:
    for process in [*machine.servers, machine.qemu]:
        process.kill()
        process.wait()
    machine = Machine(options)
    return machine, boot(machine)


def main() -> int:
    options = command_line.parse(sys.argv[1:])
    machine = Machine(options)
    try:
        status = boot(machine)
        why = why_again(machine) if status == EXIT_NO_MACHINE else ""
        if why:
            say(f"{why}: booting once more, and not again after that")
            machine, status = boot_again(options, machine)
    except BrokenPipeError:
        return EXIT_PIPE
    failed_here = status in (EXIT_KERNEL_REPORT, EXIT_NO_MACHINE, EXIT_TIMEOUT)
    if options.keep_log or (failed_here and machine.console.log):
        # All machines share this one; --dmesg keeps those apart that run at the same time.
        last = Path(os.environ["CXLVFIO_CACHE"]) / "last-console.log"
        keep_log(machine, options.dmesg or last)
    elif options.dmesg:
        write_log(machine, options.dmesg)
    return status


sys.exit(main())
