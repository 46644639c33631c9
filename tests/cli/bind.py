#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bind and unbind on fixtures whose files a fake kernel acts upon. Prints TAP.

    bind.py COMMAND SCHEMAS [TEST...]

COMMAND is the built cxlvfio, SCHEMAS the directory of the built schemas.
"""
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree stays as it is

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import run  # noqa: E402
import tap  # noqa: E402
import validate  # noqa: E402
from fake_kernel import OURS, FakeKernel  # noqa: E402

NOBODY = 65534
FIRST, SECOND = "0000:0d:00.0", "0000:0e:00.0"
KERNEL = "7.3.4-test"
FIXTURES = run.load_fixtures()


class Machine:
    """A fixture with endpoints, the command on it, and what became of it."""

    def __init__(self, command: str, schemas: validate.Schemas, top: Path, count: int = 1) -> None:
        self.command, self.schemas, self.top = command, schemas, top
        self.root = FIXTURES.Root(top)
        self.functions = [FIXTURES.add_type2(self.root, number) for number in range(count)]
        self.kernel = FakeKernel(top)
        self.kernel.add_driver(OURS)
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8"}

    def start(self, *arguments: str, user: int | None = None) -> subprocess.Popen:
        return subprocess.Popen([self.command, *arguments, "--sysroot", str(self.top)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                stdin=subprocess.DEVNULL, user=user, group=user,
                                extra_groups=None if user is None else [],
                                env=self.environment)

    def be_quick(self) -> None:
        """For the many runs of a walk, each of which another test makes too: looking for leaks
        takes longer than all else in a run."""
        self.environment["ASAN_OPTIONS"] = "detect_leaks=0"

    def run(self, status: int, *arguments: str, user: int | None = None) -> str:
        """stdout and stderr of a run that must end with STATUS."""
        process = self.start(*arguments, user=user)
        out, err = process.communicate(timeout=600)
        assert process.returncode == status, \
            f"{arguments}: exit status {process.returncode}, not {status}\n{out}{err}"
        return out + err

    def run_json(self, status: int, *arguments: str) -> dict:
        process = self.start(*arguments, "--json")
        out, err = process.communicate(timeout=600)
        assert process.returncode == status, \
            f"{arguments}: exit status {process.returncode}, not {status}\n{out}{err}"
        document = json.loads(out)
        problems = self.schemas.problems(document)
        assert not problems, "\n".join(problems)
        return document

    def has(self, driver: str, override: str, target: str = FIRST) -> None:
        assert self.kernel.driver_of(target) == driver, \
            f"driver is '{self.kernel.driver_of(target)}', not '{driver}'"
        assert self.kernel.override_of(target) == override, \
            f"driver_override is '{self.kernel.override_of(target)}', not '{override}'"

    def record(self, target: str = FIRST) -> Path:
        return self.top / "run/cxlvfio" / target

    def is_untouched(self, driver: str = "", target: str = FIRST) -> None:
        self.has(driver, "", target)
        assert not self.record(target).exists(), "a record was left behind"

    def take(self, driver: str, number: int = 0) -> None:
        """DRIVER has the endpoint before the test."""
        self.kernel.add_driver(driver)
        self.functions[number].bind(driver)

    def open_by(self, pid: int, command: str, path: str) -> None:
        self.root.write(f"proc/{pid}/comm", f"{command}\n")
        (self.top / f"proc/{pid}/fd").mkdir(parents=True)
        (self.top / f"proc/{pid}/fd/9").symlink_to(path)

    def install_module(self, vermagic: str) -> None:
        directory = self.top / "lib/modules" / KERNEL
        directory.mkdir(parents=True)
        source = ('const char information[] __attribute__((section(".modinfo"), used)) = '
                  f'"vermagic={vermagic} SMP mod_unload ";')
        subprocess.run(["cc", "-x", "c", "-c", "-o", directory / "cxl_vfio_pci.ko", "-"],
                       input=source, text=True, check=True)
        subprocess.run(["depmod", "-b", self.top, KERNEL], check=True, stderr=subprocess.DEVNULL)

    def killed_at(self, name: str, call: int, *arguments: str) -> bool:
        """Kill a run as it begins its CALLth system call NAME. False: there were not so many."""
        command = ["strace", "-qq", "-o", "/dev/null", f"--trace={name}",
                   f"--inject={name}:signal=KILL:when={call}",
                   self.command, *arguments, "--sysroot", str(self.top)]
        # Sanitizers cannot look for leaks in a traced process.
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
        status = subprocess.run(command, capture_output=True, timeout=600,
                                env=environment).returncode
        assert status in (0, -signal.SIGKILL), f"{arguments}: exit status {status}"
        return status != 0

    def settle(self) -> None:
        """Wait for what a run that was killed has left: its child, which has its lock, and writes."""
        locks = self.top / "run/cxlvfio"
        for file in locks.glob("*.lock") if locks.is_dir() else []:
            with open(file, encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
        self.kernel.settle()

    def write_fails(self, status: int, path: str, error: str, *arguments: str) -> dict:
        """The document of a run whose writes to PATH fail with ERROR, as the kernel's may."""
        file = (self.top / path).resolve()
        command = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", str(file), "--trace=write",
                   f"--inject=write:error={error}", self.command, *arguments, "--json",
                   "--sysroot", str(self.top)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=600,
                                env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        assert result.returncode == status, \
            f"{path} {error}: exit status {result.returncode}, not {status}\n{result.stderr}"
        document = json.loads(result.stdout)
        problems = self.schemas.problems(document)
        assert not problems, "\n".join(problems)
        return document

    def forget_driver(self) -> None:
        """The driver is not registered: its module is not loaded."""
        for directory in ("sys/bus/pci/drivers/" + OURS, "sys/module/cxl_vfio_pci"):
            shutil.rmtree(self.top / directory)

    def wait_for(self, condition, what: str) -> None:
        end = time.monotonic() + 300
        while not condition():
            assert time.monotonic() < end, f"not within 300 s: {what}"
            time.sleep(0.01)


def error_of(document: dict) -> dict:
    assert len(document["errors"]) == 1, document["errors"]
    return document["errors"][0]


def refused(machine: Machine, status: int, code: str, words: str, *options: str) -> None:
    """A refusal: its status, code and sentence, a hint, and nothing changed."""
    driver = machine.kernel.driver_of(FIRST)
    error = error_of(machine.run_json(status, "bind", *options, FIRST))
    assert error["code"] == code, error
    assert words in error["message"], error
    assert error["hint"], error
    machine.is_untouched(driver)
    text = machine.run(status, "bind", *options, FIRST)
    assert words in text and "hint: " in text, text


def steps(document: dict) -> list:
    return [(action["step"], action["result"]) for action in document["actions"]]


# --- refused before anything is changed ---


def test_no_iommu(machine: Machine) -> None:
    machine.root.remove(f"{machine.functions[0].path}/iommu_group")
    refused(machine, 6, "NO_IOMMU", "no IOMMU group")


def test_shared_group(machine: Machine) -> None:
    config = FIXTURES.Config(0x8086, 0x10D3, 0x020000)
    FIXTURES.Function(machine.root, "0000:0d:00.1", config, group=6).bind("e1000e")
    refused(machine, 5, "DEVICE_BUSY", "0000:0d:00.1 (driver e1000e)")


def test_no_module(machine: Machine) -> None:
    machine.forget_driver()
    refused(machine, 6, "NO_MODULE", f"for kernel {KERNEL}")


def test_module_of_another_kernel(machine: Machine) -> None:
    machine.forget_driver()
    machine.install_module("6.1.0")
    refused(machine, 6, "NO_MODULE", f"a kernel other than {KERNEL}")
    document = machine.run_json(6, "bind", FIRST)
    assert error_of(document)["path"] == f"/lib/modules/{KERNEL}/cxl_vfio_pci.ko"


def test_module_not_loaded(machine: Machine) -> None:
    machine.forget_driver()
    machine.install_module(KERNEL)
    refused(machine, 6, "NO_MODULE", "not loaded", "--no-modprobe")
    document = machine.run_json(0, "bind", "--dry-run", FIRST)
    assert steps(document)[0] == ("load_module", "planned")
    # A fixture is another machine: its modules are not loaded here.
    refused(machine, 6, "UNSUPPORTED", "cannot load the module")


def test_opened_through_another_driver(machine: Machine) -> None:
    machine.take("vfio-pci")
    machine.open_by(4242, "qemu-system-x86", "/dev/vfio/6")
    refused(machine, 5, "DEVICE_BUSY", "process 4242 (qemu-system-x86) has /dev/vfio/6 open")


def test_memory_in_use(machine: Machine) -> None:
    base, size = FIXTURES.WINDOW, FIXTURES.WINDOW_SIZE
    machine.root.write("proc/iomem", f"{base:x}-{base + size - 1:x} : CXL Window 0\n"
                                     f"  {base:x}-{base + 0xfffff:x} : System RAM (kmem)\n")
    refused(machine, 5, "DEVICE_BUSY", "System RAM (kmem)")


def test_not_committed(machine: Machine) -> None:
    machine.root.write(f"{machine.functions[0].path}/resource0", FIXTURES.component_registers(
        [(FIXTURES.WINDOW, FIXTURES.WINDOW_SIZE, 0)]))
    refused(machine, 1, "BIND_REFUSED", "no HDM decoder of 1 is committed")


def test_permission(machine: Machine) -> None:
    user = NOBODY if os.geteuid() == 0 else None
    (machine.top / "run").mkdir(mode=0o555)
    text = machine.run(4, "bind", FIRST, user=user)
    assert "EACCES" in text and "run it as root" in text, text
    machine.is_untouched()
    assert "drivers_probe" in machine.run(0, "bind", "--dry-run", FIRST, user=user)


def test_another_at_work(machine: Machine) -> None:
    directory = machine.top / "run/cxlvfio"
    directory.mkdir(parents=True)
    with open(directory / f"{FIRST}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4242\n")
        lock.flush()
        refused(machine, 5, "DEVICE_BUSY", "another cxlvfio (process 4242)", "--wait", "0")
        waiting = machine.start("bind", FIRST)
        time.sleep(0.3)
        machine.is_untouched()
    # It goes on as soon as the other has ended.
    waiting.communicate(timeout=600)
    assert waiting.returncode == 0
    machine.has(OURS, OURS)


def test_locks_are_of_root_alone(machine: Machine) -> None:
    """Whoever may read a file may lock it, and keep it."""
    machine.run(0, "bind", FIRST)
    machine.run(0, "persist", "remove", "all")
    locks = sorted((machine.top / "run/cxlvfio").glob("*.lock"))
    assert [lock.name for lock in locks] == [f"{FIRST}.lock", "parameters.lock", "persist.lock"]
    for lock in locks:
        assert lock.stat().st_mode & 0o777 == 0o600, f"{lock.name}: {lock.stat().st_mode:o}"


def test_links_are_not_followed(machine: Machine) -> None:
    victim = machine.top / "victim"
    victim.write_text("precious")
    directory = machine.top / "run/cxlvfio"
    directory.mkdir(parents=True)
    (directory / f"{FIRST}.lock").symlink_to(victim)
    machine.run(1, "bind", FIRST)
    (directory / f"{FIRST}.lock").unlink()
    machine.record().symlink_to(victim)
    machine.run(1, "unbind", FIRST)
    assert victim.read_text() == "precious"


def test_one_bad_target_stops_all(machine: Machine) -> None:
    machine.run(3, "bind", FIRST, "0000:99:00.0")
    machine.is_untouched()
    FIXTURES.add_type3(machine.root, FIXTURES.CxlTopology(machine.root))
    text = machine.run(6, "bind", FIRST, "0000:35:00.0")
    assert "Type-3" in text, text
    machine.is_untouched()


# --- there and back ---


def test_there_and_back(machine: Machine) -> None:
    planned = machine.run_json(0, "bind", "--dry-run", FIRST)
    machine.is_untouched()
    document = machine.run_json(0, "bind", FIRST)
    machine.has(OURS, OURS)
    assert [step for step, _ in steps(planned)] == [step for step, _ in steps(document)]
    assert {result for _, result in steps(planned)} == {"planned"}
    assert {result for _, result in steps(document)} == {"done"}
    assert document["endpoints"][0]["driver"] == OURS
    assert steps(machine.run_json(0, "bind", FIRST)) == [("wait_driver", "already")]
    assert "already bound" in machine.run(0, "bind", FIRST)
    text = machine.run(0, "unbind", FIRST)
    assert "without a driver" in text, text
    machine.is_untouched()
    assert "already" in machine.run(0, "unbind", FIRST)


def test_verbose_says_what_is_written(machine: Machine) -> None:
    text = machine.run(0, "bind", "--verbose", FIRST)
    for words in (f"{FIRST}/driver_override", OURS, "drivers_probe"):
        assert words in text, text


def test_back_to_the_driver_before(machine: Machine) -> None:
    machine.take("accelerator")
    machine.run(0, "bind", FIRST)
    machine.has(OURS, OURS)
    assert "driver accelerator has it again" in machine.run(0, "unbind", FIRST)
    machine.is_untouched("accelerator")


def test_override_before_comes_back(machine: Machine) -> None:
    machine.take("vfio-pci")
    machine.root.attributes(machine.functions[0].path, driver_override="vfio-pci")
    machine.run(0, "bind", FIRST)
    machine.run(0, "unbind", FIRST)
    machine.has("vfio-pci", "vfio-pci")


def test_driver_before_is_gone(machine: Machine) -> None:
    machine.take("accelerator")
    machine.run(0, "bind", FIRST)
    directory = machine.top / "sys/bus/pci/drivers/accelerator"
    directory.rename(machine.top / "elsewhere")
    text = machine.run(1, "unbind", FIRST)
    assert "no longer loaded" in text, text
    machine.has("", "")
    # What is missing is done once it can be.
    (machine.top / "elsewhere").rename(directory)
    machine.run(0, "unbind", FIRST)
    machine.is_untouched("accelerator")


def test_unbind_in_use(machine: Machine) -> None:
    machine.run(0, "bind", FIRST)
    machine.open_by(4242, "qemu-system-x86", "/dev/vfio/6")
    error = error_of(machine.run_json(5, "unbind", FIRST))
    assert error["code"] == "DEVICE_BUSY" and "process 4242 (qemu-system-x86)" in error["message"]
    machine.has(OURS, OURS)
    waiting = machine.start("unbind", "--wait", "300", FIRST)
    time.sleep(0.5)
    machine.has(OURS, OURS)
    (machine.top / "proc/4242/fd/9").unlink()
    waiting.communicate(timeout=600)
    assert waiting.returncode == 0
    machine.is_untouched()


def test_device_descriptor_is_found(machine: Machine) -> None:
    machine.run(0, "bind", FIRST)
    machine.open_by(4242, "spdk", "anon_inode:[vfio-device]")
    machine.root.write("proc/4242/fdinfo/9",
                       f"pos:\t0\nvfio-device-syspath: /sys/devices/pci0000:0c/{FIRST}\n")
    assert "process 4242 (spdk)" in machine.run(5, "unbind", FIRST)
    machine.root.write("proc/4242/fdinfo/9",
                       f"pos:\t0\nvfio-device-syspath: /sys/devices/pci0000:0c/{SECOND}\n")
    machine.run(0, "unbind", FIRST)


def test_several(machine: Machine) -> None:
    machine.run(0, "bind", "all")
    machine.has(OURS, OURS, FIRST)
    machine.has(OURS, OURS, SECOND)
    machine.open_by(4242, "qemu-system-x86", "/dev/vfio/7")
    document = machine.run_json(64, "unbind", "all")
    assert [error["target"] for error in document["errors"]] == [SECOND]
    assert [endpoint["driver"] for endpoint in document["endpoints"]] == [None, OURS]


test_several.endpoints = 2


def test_none(machine: Machine) -> None:
    document = machine.run_json(3, "bind", "all")
    assert document["endpoints"] == [] and document["actions"] == []
    assert [error["code"] for error in document["errors"]] == ["NO_SUCH_TARGET"]


test_none.endpoints = 0


# --- when it does not work out ---


def test_late_driver(machine: Machine) -> None:
    machine.kernel.delay = 0.5
    machine.run(0, "bind", FIRST)
    machine.has(OURS, OURS)


def rolled_back(machine: Machine, status: int, code: str, failed: str) -> None:
    document = machine.run_json(status, "bind", "--wait", "1", FIRST)
    assert error_of(document)["code"] == code, document["errors"]
    assert [action["step"] for action in document["actions"]
            if action["result"] == "failed"] == [failed], steps(document)
    assert error_of(document)["message"].endswith("everything was put back"), document["errors"]
    undone = [action for action in document["actions"] if action["undo"]]
    assert undone and all(action["result"] != "failed" for action in undone), undone


def test_driver_never_comes(machine: Machine) -> None:
    machine.take("accelerator")
    machine.kernel.refused = {OURS}
    rolled_back(machine, 8, "TIMEOUT", "wait_driver")
    machine.is_untouched("accelerator")


def test_driver_is_unloaded(machine: Machine) -> None:
    """Told at once: a driver that is no longer there never takes it."""
    machine.take("accelerator")
    machine.kernel.unload = {OURS}
    start = time.monotonic()
    document = machine.run_json(6, "bind", "--wait", "500", FIRST)
    assert time.monotonic() - start < 400, f"{time.monotonic() - start} s"
    assert error_of(document)["code"] == "NO_MODULE", document["errors"]
    assert "no longer loaded" in error_of(document)["message"], document["errors"]
    machine.is_untouched("accelerator")


def test_driver_without_node(machine: Machine) -> None:
    machine.take("accelerator")
    machine.kernel.nodes = False
    rolled_back(machine, 8, "TIMEOUT", "wait_node")
    machine.is_untouched("accelerator")


def test_device_vanishes(machine: Machine) -> None:
    machine.kernel.vanish = {FIRST}
    document = machine.run_json(9, "bind", "--wait", "1", FIRST)
    assert document["errors"][0]["code"] == "DEVICE_LOST", document["errors"]
    assert document["warnings"] == [], document["warnings"]
    assert not machine.record().exists()


def test_old_driver_does_not_come_back(machine: Machine) -> None:
    machine.take("accelerator")
    machine.kernel.refused = {OURS, "accelerator"}
    process = machine.start("bind", "--wait", "1", FIRST)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 8, err
    assert "warning: bind" in err and "taking back" in err, err
    assert "not everything could be put back" in err, err
    machine.has("", "")
    # The record is kept for the next run.
    machine.kernel.refused = set()
    machine.run(0, "unbind", FIRST)
    machine.is_untouched("accelerator")


def test_write_that_the_kernel_keeps(machine: Machine) -> None:
    """An unbind that never returns is left behind in time, with the lock and nothing else."""
    machine.take("accelerator")
    unbind = machine.top / "sys/bus/pci/drivers/accelerator/unbind"
    machine.kernel.done.set()
    machine.kernel.join()
    unbind.unlink()
    os.mkfifo(unbind)
    pipe = os.open(unbind, os.O_RDWR | os.O_NONBLOCK)
    try:
        while True:
            os.write(pipe, b"x" * 4096)
    except BlockingIOError:
        pass
    begin = time.monotonic()
    error = error_of(machine.run_json(8, "bind", "--wait", "1", FIRST))
    assert error["code"] == "TIMEOUT" and "still carrying it out" in error["message"], error
    assert time.monotonic() - begin < 100, f"it did not end in time: {time.monotonic() - begin} s"
    machine.has("accelerator", "")
    # Its child still has the lock: whoever comes now is told so, and changes nothing.
    text = machine.run(5, "bind", "--wait", "0", FIRST)
    assert "another cxlvfio" in text and machine.record().exists(), text
    while select.select([pipe], [], [], 1)[0]:
        os.read(pipe, 65536)
    os.close(pipe)
    # The kernel does at last what was asked of it: that too is put back.
    machine.kernel.detach(FIRST)
    unbind.unlink()
    unbind.touch()
    with FakeKernel(machine.top):
        machine.run(0, "unbind", FIRST)
    machine.is_untouched("accelerator")


def test_no_time_at_all(machine: Machine) -> None:
    """A step that has no time is taken back after it, not before."""
    for _ in range(10):
        status = machine.start("bind", "--wait", "0", FIRST).wait(timeout=600)
        assert status in (0, 8), status
        machine.settle()
        # The fake kernel may be late, and give it to the driver yet.
        override = machine.kernel.override_of(FIRST)
        assert override == ("" if status else OURS), f"status {status}, override '{override}'"
        machine.run(0, "unbind", FIRST)


def test_killed_while_waiting(machine: Machine) -> None:
    for command, driver, override in (("bind", OURS, OURS), ("unbind", "accelerator", "")):
        machine.kernel.detach(FIRST)
        machine.root.attributes(machine.functions[0].path, driver_override="(null)")
        machine.take("accelerator")
        machine.kernel.refused = {OURS}
        process = machine.start("bind", "--wait", "60", FIRST)
        machine.wait_for(lambda: machine.kernel.driver_of(FIRST) == "", "the unbind")
        process.kill()
        process.communicate(timeout=600)
        # A probe that it asked for before is still refused.
        machine.settle()
        machine.has("", OURS)
        machine.kernel.refused = set()
        machine.run(0, command, FIRST)
        machine.has(driver, override)
        machine.run(0, "unbind", FIRST)
        machine.is_untouched("accelerator")


# Every one that changes something, or stands between two that do.
CHANGING_CALLS = ("flock", "mkdirat", "ftruncate", "pwrite64", "write", "renameat", "unlinkat",
                  "clone", "wait4")


def walk(machine: Machine, killed: str, then: str) -> None:
    """Kill at every system call in turn; THEN must end as if nothing had happened."""
    machine.take("accelerator")
    machine.be_quick()
    walked = 0
    for name in CHANGING_CALLS:
        call, more = 1, True
        while more:
            if killed == "unbind":
                machine.run(0, "bind", FIRST)
            more = machine.killed_at(name, call, killed, FIRST)
            machine.settle()
            machine.run(0, then, FIRST)
            if then == "bind":
                machine.has(OURS, OURS)
                machine.run(0, "unbind", FIRST)
            machine.is_untouched("accelerator")
            call, walked = call + 1, walked + more
    assert walked > 12, f"killed at only {walked} calls: did the trace work?"


def test_bind_killed_anywhere_then_bind(machine: Machine) -> None:
    walk(machine, "bind", "bind")


def test_bind_killed_anywhere_then_unbind(machine: Machine) -> None:
    walk(machine, "bind", "unbind")


def test_unbind_killed_anywhere_then_unbind(machine: Machine) -> None:
    walk(machine, "unbind", "unbind")


def test_unbind_killed_anywhere_then_bind(machine: Machine) -> None:
    walk(machine, "unbind", "bind")


# --- what a reset that was killed has left ---

METHODS = "flr cxl_bus"


def leave_method(machine: Machine) -> Path:
    """As a reset leaves it: the function has one method, the file all of them."""
    machine.root.attributes(machine.functions[0].path, reset_method="flr")
    machine.root.write(f"run/cxlvfio/{FIRST}.reset_method", METHODS)
    return machine.top / machine.functions[0].path / "reset_method"


def test_reset_method_is_put_back(machine: Machine) -> None:
    for command in ("bind", "bind", "unbind", "unbind"):
        attribute = leave_method(machine)
        for looking in (["list"], ["show", FIRST], [command, "--dry-run", FIRST]):
            machine.run(0, *looking)
            assert attribute.read_text() == "flr\n", f"{looking} has changed it"
        text = machine.run(0, command, FIRST)
        assert f'an earlier reset was killed: reset_method is back to "{METHODS}"' in text, text
        assert attribute.read_text().strip() == METHODS, attribute.read_text()
        assert not (machine.record().parent / f"{FIRST}.reset_method").exists()
        assert "killed" not in machine.run(0, command, FIRST)


def test_reset_method_was_not_yet_saved(machine: Machine) -> None:
    new = f"run/cxlvfio/.{FIRST}.reset_method.new"
    for command in ("bind", "unbind"):
        machine.root.write(new, METHODS[:3])
        assert "killed" not in machine.run(0, command, FIRST)
        assert not (machine.top / new).exists(), f"{command} leaves it"


def test_reset_method_cannot_be_put_back(machine: Machine) -> None:
    leave_method(machine)
    document = machine.write_fails(0, f"{machine.functions[0].path}/reset_method", "EINVAL",
                                   "bind", FIRST)
    (warning,) = document["warnings"]
    assert "cannot be restored" in warning["message"] and warning["hint"], warning
    machine.has(OURS, OURS)
    assert (machine.record().parent / f"{FIRST}.reset_method").exists()
    assert f'back to "{METHODS}"' in machine.run(0, "unbind", FIRST)


def test_killed_while_putting_back(machine: Machine) -> None:
    walked = 0
    for name in CHANGING_CALLS:
        call, more = 1, True
        while more:
            attribute = leave_method(machine)
            more = machine.killed_at(name, call, "bind", FIRST)
            machine.settle()
            machine.run(0, "unbind", FIRST)
            assert attribute.read_text().strip() == METHODS, f"{name} {call}"
            machine.is_untouched()
            call, walked = call + 1, walked + more
    assert walked > 12, f"killed at only {walked} calls: did the trace work?"


def test_interrupted_while_waiting(machine: Machine) -> None:
    machine.take("accelerator")
    machine.kernel.refused = {OURS}
    process = machine.start("bind", "--json", "--wait", "60", FIRST)
    machine.wait_for(lambda: machine.kernel.driver_of(FIRST) == "", "the unbind")
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=600)
    assert process.returncode == -signal.SIGTERM
    assert "interrupted" in json.loads(out)["errors"][0]["message"], out
    machine.is_untouched("accelerator")


def test_damaged_record(machine: Machine) -> None:
    machine.run(0, "bind", FIRST)
    machine.record().write_text("device=../../etc\n")
    document = machine.run_json(0, "unbind", FIRST)
    assert "damaged" in document["warnings"][0]["message"], document["warnings"]
    machine.has("", "")


def test_record_of_another_device(machine: Machine) -> None:
    """A device that came to the slot later is not given to the driver of the one before."""
    machine.take("accelerator")
    machine.run(0, "bind", FIRST)
    record = machine.record()
    record.write_text(record.read_text().replace("device=1e98", "device=10de"))
    machine.run(0, "unbind", FIRST)
    machine.has("", "")


def run_test(name: str, test, command: str, schemas: validate.Schemas) -> list[str]:
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        top = Path(directory) / "root"
        machine = Machine(command, schemas, top, getattr(test, "endpoints", 1))
        try:
            with machine.kernel:
                test(machine)
        except (AssertionError, subprocess.SubprocessError, LookupError, OSError, ValueError):
            return tap.explain()
    return []


def run_tests(module: dict) -> int:
    """The tests of MODULE, a file's globals()."""
    if len(sys.argv) < 3:
        print(module["__doc__"], file=sys.stderr)
        return 2
    command, schemas = os.path.abspath(sys.argv[1]), validate.Schemas(Path(sys.argv[2]))
    tests = {name: test for name, test in module.items() if name.startswith("test_")
             and (not sys.argv[3:] or name.removeprefix("test_") in sys.argv[3:])}
    results = tap.Tap()
    print(f"1..{len(tests)}")
    for name, test in tests.items():
        problem = run_test(name, test, command, schemas)
        words = name.removeprefix("test_").replace("_", " ")
        results.say(not problem, f"bind: {words}", *problem)
    return 1 if results.failed or not tests else 0


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
