#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bind and unbind when the kernel does not do what it is told. Prints TAP.

    bind_failures.py COMMAND SCHEMAS [TEST...]

COMMAND is the built cxlvfio, SCHEMAS the directory of the built schemas.
"""
import os
import pty
import select
import subprocess
import sys

sys.dont_write_bytecode = True  # the source tree stays as it is

from bind import FIRST, FIXTURES, SECOND, Machine, error_of, run_tests, steps  # noqa: E402
from fake_kernel import OURS  # noqa: E402

DRIVERS = "sys/bus/pci/drivers"
FLUSH = "sys/bus/cxl/flush"
OVERRIDE = f"sys/bus/pci/devices/{FIRST}/driver_override"
PUT_BACK = "; everything was put back"


def failed_step(document: dict) -> tuple:
    """(step, errno) of the one that failed on the way forth."""
    (action,) = (action for action in document["actions"]
                 if action["result"] == "failed" and not action["undo"])
    return action["step"], action["errno"]


def result_of(document: dict) -> tuple:
    (result,) = document["results"]
    return result["result"], result["code"]


# --- a write fails: exit status, code and step of each, and what is left ---

# file, error: exit status, code, step
BIND_WRITES = {
    (OVERRIDE, "EIO"): (1, "FAILED", "set_override"),
    (OVERRIDE, "EBUSY"): (5, "DEVICE_BUSY", "set_override"),
    (OVERRIDE, "ENODEV"): (1, "FAILED", "set_override"),
    (f"{DRIVERS}/accelerator/unbind", "EIO"): (1, "FAILED", "unbind_driver"),
    (f"{DRIVERS}/accelerator/unbind", "EBUSY"): (5, "DEVICE_BUSY", "unbind_driver"),
    # Somebody else unbinds it: that is waited for.
    (f"{DRIVERS}/accelerator/unbind", "ENODEV"): (8, "TIMEOUT", "unbind_driver"),
    ("sys/bus/pci/drivers_probe", "EIO"): (1, "FAILED", "probe"),
    ("sys/bus/pci/drivers_probe", "EBUSY"): (5, "DEVICE_BUSY", "probe"),
    ("sys/bus/pci/drivers_probe", "ENODEV"): (1, "FAILED", "probe"),
}
UNBIND_WRITES = {
    (f"{DRIVERS}/{OURS}/unbind", "EIO"): (1, "FAILED", "unbind_driver"),
    (f"{DRIVERS}/{OURS}/unbind", "EBUSY"): (5, "DEVICE_BUSY", "unbind_driver"),
    (f"{DRIVERS}/{OURS}/unbind", "ENODEV"): (8, "TIMEOUT", "unbind_driver"),
    (FLUSH, "EIO"): (1, "FAILED", "flush"),
    (OVERRIDE, "EIO"): (1, "FAILED", "set_override"),
    (OVERRIDE, "EBUSY"): (5, "DEVICE_BUSY", "set_override"),
    (OVERRIDE, "ENODEV"): (1, "FAILED", "set_override"),
    (f"{DRIVERS}/accelerator/bind", "EIO"): (1, "FAILED", "bind_driver"),
    (f"{DRIVERS}/accelerator/bind", "EBUSY"): (5, "DEVICE_BUSY", "bind_driver"),
    (f"{DRIVERS}/accelerator/bind", "ENODEV"): (1, "FAILED", "bind_driver"),
}


def check_failure(document: dict, path: str, error: str, code: str, step: str) -> None:
    failure = error_of(document)
    assert failure["code"] == code, failure
    assert failure["path"] in (f"/{path}", f"/{path}".replace("/unbind", "/bind")), failure
    assert failure["hint"], failure
    assert failed_step(document)[0] == step, steps(document)
    if code != "TIMEOUT":
        assert failure["errno_name"] == error, failure
    assert result_of(document) == ("failed", code), document["results"]


def test_bind_write_fails(machine: Machine) -> None:
    machine.take("accelerator")
    for (path, error), (status, code, step) in BIND_WRITES.items():
        document = machine.write_fails(status, path, error, "bind", "--wait", "1", FIRST)
        check_failure(document, path, error, code, step)
        assert error_of(document)["message"].endswith(PUT_BACK), document["errors"]
        assert document["warnings"] == [], document["warnings"]
        machine.kernel.settle()
        machine.is_untouched("accelerator")
    machine.run(0, "bind", FIRST)


def test_unbind_write_fails(machine: Machine) -> None:
    machine.take("accelerator")
    for (path, error), (status, code, step) in UNBIND_WRITES.items():
        machine.run(0, "bind", FIRST)
        document = machine.write_fails(status, path, error, "unbind", "--wait", "1", FIRST) \
            if step != "unbind_driver" or error != "ENODEV" else \
            machine.write_fails(status, path, error, "unbind", FIRST)
        check_failure(document, path, error, code, step)
        assert not any(action["undo"] for action in document["actions"]), steps(document)
        # What is missing is done by the next run.
        assert machine.record().exists()
        machine.run(0, "unbind", FIRST)
        machine.is_untouched("accelerator")


def test_taking_back_fails(machine: Machine) -> None:
    machine.take("accelerator")
    machine.kernel.refused = {OURS}
    for error in ("EBUSY", "EIO", "ENODEV"):
        document = machine.write_fails(8, f"{DRIVERS}/accelerator/bind", error, "bind", "--wait",
                                       "1", FIRST)
        assert "not everything could be put back" in error_of(document)["message"], document["errors"]
        (warning,) = document["warnings"]
        assert warning["errno_name"] == error and "taking back" in warning["message"], warning
        machine.has("", "")
        assert machine.record().exists()
        machine.run(0, "unbind", FIRST)
        machine.is_untouched("accelerator")


def not_given_back(machine: Machine, document: dict, code: str) -> None:
    """The CXL core would release the driver before, too: the next run gives it the endpoint."""
    error, (warning,) = error_of(document), document["warnings"]
    assert failed_step(document)[0] == "flush" and error["code"] == code, document["errors"]
    assert "the CXL core has not finished" in error["message"] and error["path"] == f"/{FLUSH}", error
    assert error["message"].endswith("not everything could be put back"), error
    assert warning["message"].startswith("taking back: the CXL core has not finished"), warning
    undone = {action["step"]: action["result"] for action in document["actions"]
              if action["undo"]}
    assert undone == {"flush": "failed", "set_override": "done", "bind_driver": "planned",
                      "wait_driver": "planned", "forget": "planned"}, undone
    machine.has("", "")
    assert machine.record().exists()


def test_flush_fails(machine: Machine) -> None:
    machine.take("accelerator")
    not_given_back(machine, machine.write_fails(1, FLUSH, "EIO", "bind", FIRST), "FAILED")
    machine.run(0, "unbind", FIRST)
    machine.is_untouched("accelerator")


def test_flush_hangs(machine: Machine) -> None:
    """What hangs is told, in time, and nobody is kept out: the child that is left has no lock."""
    machine.take("accelerator")
    machine.kernel.flush = machine.top / "elsewhere"
    flush = machine.top / FLUSH
    flush.unlink()
    os.mkfifo(flush)
    pipe = os.open(flush, os.O_RDWR | os.O_NONBLOCK)
    try:
        while True:
            os.write(pipe, b"x" * 4096)
    except BlockingIOError:
        pass
    document = machine.run_json(8, "bind", "--wait", "1", FIRST)
    not_given_back(machine, document, "TIMEOUT")
    assert "the CXL core is blocked" in error_of(document)["hint"], document["errors"]
    document = machine.run_json(8, "unbind", "--wait", "0", FIRST)
    assert failed_step(document)[0] == "flush", steps(document)
    machine.has("", "")
    while select.select([pipe], [], [], 1)[0]:
        os.read(pipe, 65536)
    machine.run(0, "unbind", FIRST)
    os.close(pipe)
    machine.is_untouched("accelerator")


def leave_region(machine: Machine, target: str = "") -> str:
    """What the CXL core leaves of a bind that runs out of memory in it. The region's path."""
    cxl = FIXTURES.CxlTopology(machine.root)
    cxl.add_region("region0")
    machine.root.attributes(f"{cxl.decoder}/region0", target0=target)
    (machine.top / cxl.decoder / "delete_region").touch()
    return f"{cxl.decoder}/region0"


def findings_of(machine: Machine) -> dict:
    (endpoint,) = machine.run_json(0, "list")["endpoints"]
    return {finding["id"]: finding for finding in endpoint["findings"]}


def test_region_that_a_bind_left(machine: Machine) -> None:
    leave_region(machine)
    finding = findings_of(machine)["region_left"]
    assert "region0 in decoder0.0" in finding["message"], finding
    assert "cxlvfio unbind" in finding["hint"], finding
    document = machine.run_json(0, "unbind", FIRST)
    assert steps(document) == [("flush", "done"), ("delete_region", "done")], steps(document)
    machine.kernel.settle()
    assert not (machine.top / "sys/bus/cxl/devices/region0").is_symlink()
    assert "region_left" not in findings_of(machine)
    assert "already" in machine.run(0, "unbind", FIRST)


def test_regions_of_others_stay(machine: Machine) -> None:
    """A decoder takes part in it, or it has other addresses."""
    region = leave_region(machine, target="decoder9.0")
    assert "already" in machine.run(0, "unbind", FIRST)
    machine.root.attributes(region, target0="", resource=hex(FIXTURES.WINDOW + 4096))
    assert "already" in machine.run(0, "unbind", FIRST)
    assert "region_left" not in findings_of(machine)
    machine.kernel.settle()
    assert (machine.top / region).is_dir()


def test_record_cannot_be_written(machine: Machine) -> None:
    machine.take("accelerator")
    (machine.top / "run/cxlvfio" / f".{FIRST}.new").mkdir(parents=True)
    document = machine.run_json(1, "bind", FIRST)
    assert failed_step(document)[0] == "remember", steps(document)
    machine.is_untouched("accelerator")


# --- what the kernel does is not what was asked for ---


def test_nodes_without_link(machine: Machine) -> None:
    machine.take("accelerator")
    machine.kernel.links = False
    document = machine.run_json(8, "bind", "--wait", "1", FIRST)
    assert failed_step(document)[0] == "wait_driver", steps(document)
    assert error_of(document)["message"].endswith(PUT_BACK), document["errors"]
    machine.has("accelerator", "")


def test_another_driver_takes_it(machine: Machine) -> None:
    machine.kernel.add_driver("thief")
    machine.kernel.refused = {OURS}
    waiting = machine.start("bind", "--wait", "60", FIRST)
    machine.wait_for(lambda: machine.kernel.override_of(FIRST) == OURS, "the override")
    machine.functions[0].bind("thief")
    _, err = waiting.communicate(timeout=600)
    assert waiting.returncode == 1 and "a driver other than cxl-vfio-pci took it" in err, err
    machine.has("thief", "")


def test_removed_while_waiting(machine: Machine) -> None:
    machine.take("accelerator")
    remove = machine.top / machine.functions[0].path / "remove"
    machine.kernel.refused = {OURS}
    waiting = machine.start("bind", "--json", "--wait", "60", FIRST)
    machine.wait_for(lambda: machine.kernel.driver_of(FIRST) == "", "the unbind")
    remove.write_text("1")
    out, err = waiting.communicate(timeout=600)
    assert waiting.returncode == 9, out + err
    assert "the device is gone" in out, out
    assert not machine.record().exists()


def test_removed_while_its_driver_comes_back(machine: Machine) -> None:
    machine.take("accelerator")
    machine.run(0, "bind", FIRST)
    machine.kernel.refused = {"accelerator"}
    waiting = machine.start("unbind", "--json", "--wait", "60", FIRST)
    machine.wait_for(lambda: machine.kernel.override_of(FIRST) == "", "the override")
    (machine.top / machine.functions[0].path / "remove").write_text("1")
    out, err = waiting.communicate(timeout=600)
    assert waiting.returncode == 9, out + err


def test_refused_in_its_own_words(machine: Machine) -> None:
    machine.take("accelerator")
    machine.kernel.say(3, f"{OURS} {FIRST}: refused: long ago")
    machine.kernel.words = {OURS: "HDM decoder 0 is not committed"}
    document = machine.run_json(1, "bind", FIRST)
    error = error_of(document)
    assert error["code"] == "BIND_REFUSED" and error["errno_name"] == "ENXIO", error
    assert "refused it: HDM decoder 0 is not committed; everything was put back" in error["message"], error
    machine.is_untouched("accelerator")


def test_unbind_in_the_kernels_words(machine: Machine) -> None:
    machine.take("accelerator")
    machine.kernel.say(5, "before")
    machine.kernel.stubborn = {"accelerator": "No device request channel registered, blocked"}
    error = error_of(machine.run_json(8, "bind", "--wait", "1", FIRST))
    assert "cannot unbind it from its driver" in error["message"], error
    assert ": No device request channel registered, blocked" in error["message"], error
    machine.is_untouched("accelerator")


# --- force, several, many ---


def test_force(machine: Machine) -> None:
    config = FIXTURES.Config(0x8086, 0x10D3, 0x020000)
    FIXTURES.Function(machine.root, "0000:0d:00.1", config, group=6).bind("e1000e")
    machine.root.write(f"{machine.functions[0].path}/resource0", FIXTURES.component_registers(
        [(FIXTURES.WINDOW, FIXTURES.WINDOW_SIZE, 0)]))
    machine.run(1, "bind", FIRST)
    machine.run(0, "bind", "--force", FIRST)
    machine.has(OURS, OURS)
    machine.run(0, "unbind", FIRST)
    machine.take("vfio-pci")
    machine.open_by(4242, "qemu-system-x86", "/dev/vfio/6")
    assert "process 4242" in machine.run(5, "bind", "--force", FIRST)


def share_group(machine: Machine) -> None:
    """The second endpoint moves to the group of the first."""
    path = machine.functions[1].path
    machine.root.remove(f"{path}/iommu_group")
    machine.root.link(f"{path}/iommu_group", "sys/kernel/iommu_groups/6")
    machine.root.link(f"sys/kernel/iommu_groups/6/devices/{SECOND}", path)


def test_group_that_is_bound_together(machine: Machine) -> None:
    share_group(machine)
    machine.take("accelerator", 0)
    machine.take("accelerator", 1)
    error = error_of(machine.run_json(5, "bind", FIRST))
    assert f"{SECOND} (driver accelerator)" in error["message"], error
    machine.run(0, "bind", FIRST, SECOND)
    machine.has(OURS, OURS, FIRST)
    machine.has(OURS, OURS, SECOND)


test_group_that_is_bound_together.endpoints = 2


def test_summary_and_results(machine: Machine) -> None:
    machine.run(0, "bind", FIRST)
    machine.root.remove(f"{machine.functions[2].path}/iommu_group")
    text = machine.run(64, "bind", "all")
    lines = text.splitlines()
    assert f"{FIRST}: already bound to {OURS}" in lines, text
    assert "0000:0f:00.0: failed (NO_IOMMU)" in lines, text
    assert "3 endpoints: 1 bound, 1 already, 1 failed" in lines, text
    assert sum(line.startswith(SECOND) for line in lines) == 1, text
    assert "endpoints:" not in machine.run(0, "unbind", FIRST)
    document = machine.run_json(64, "bind", "all")
    assert [(each["target"], each["result"], each["code"]) for each in document["results"]] == [
        (FIRST, "bound", None), (SECOND, "already", None), ("0000:0f:00.0", "failed", "NO_IOMMU")]
    assert [each["driver"] for each in document["endpoints"]] == [OURS, OURS, None]
    document = machine.run_json(0, "unbind", "--dry-run", FIRST)
    assert result_of(document) == ("planned", None), document["results"]


test_summary_and_results.endpoints = 3


def run_on_terminal(machine: Machine, *arguments: str) -> str:
    """What a run writes to stderr, which is a terminal."""
    terminal, other = pty.openpty()
    process = subprocess.Popen([machine.command, *arguments, "--sysroot", str(machine.top)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=other)
    os.close(other)
    text = b""
    try:
        while chunk := os.read(terminal, 4096):
            text += chunk
    except OSError:     # the other end is closed
        pass
    os.close(terminal)
    assert process.wait(timeout=600) == 0
    return text.decode()


def test_progress(machine: Machine) -> None:
    text = run_on_terminal(machine, "bind", "all")
    assert f"bind: 1 of 2, {FIRST}" in text and f"bind: 2 of 2, {SECOND}" in text, repr(text)
    assert text.endswith("\r"), repr(text)
    assert "\n" not in text and "\x1b" not in text, repr(text)
    machine.run(0, "unbind", "all")
    for options in (("-q", "all"), ("--json", "all"), (FIRST,)):
        assert run_on_terminal(machine, "bind", *options) == ""
        machine.run(0, "unbind", "all")
    process = machine.start("bind", "all")
    assert process.communicate(timeout=600)[1] == ""


test_progress.endpoints = 2


def calls_of(machine: Machine, command: str) -> int:
    """System calls of a run on all endpoints, and of all of its children."""
    summary = machine.top / "calls"
    subprocess.run(["strace", "-f", "-c", "-o", summary, machine.command, command, "all", "--json",
                    "--sysroot", str(machine.top)], check=True, timeout=600,
                   stdout=subprocess.DEVNULL,
                   env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    (total,) = (line.split() for line in summary.read_text().splitlines() if "total" in line)
    return int(total[3])


def test_time_grows_linearly(machine: Machine) -> None:
    """Four times the endpoints take four times the calls: nothing walks over all for each."""
    small = Machine(machine.command, machine.schemas, machine.top / "small", 16)
    calls = {}
    for each in (small, machine):
        # Every endpoint has a user of another one's kind beside it.
        for number in range(len(each.functions)):
            each.open_by(1000 + number, "somebody", "/dev/vfio/vfio")
    with small.kernel:
        for command in ("bind", "unbind"):
            calls[command] = calls_of(small, command), calls_of(machine, command)
    ratios = {command: many / few for command, (few, many) in calls.items()}
    print(f"# system calls on 16 and 64 endpoints: {calls}, {ratios}")
    assert all(ratio <= 4.4 for ratio in ratios.values()), ratios


test_time_grows_linearly.endpoints = 64


# --- names and files of others ---


def test_names_that_lead_elsewhere(machine: Machine) -> None:
    outside = machine.top.parent / "outside"
    before = sorted(str(path) for path in machine.top.rglob("*"))
    for name in ("../x", f"{FIRST}/../..", f"../devices/{FIRST}", f"{FIRST}\n", f"\n{FIRST}",
                 f"{FIRST}/", f" {FIRST}", "0000:0d:00.0\x1b[31m", "mem0/..", "mem-1", "mem00",
                 "9" * 100000, "0d:00.0" + "0" * 4000, ".", "..", "/", "*", "%s%n", "", "\udcff"):
        for command in ("bind", "unbind"):
            text = machine.run(3, command, name)
            assert "no such target" in text, text
            assert "\x1b" not in text
    assert sorted(str(path) for path in machine.top.rglob("*")) == before
    assert not outside.exists()


def test_directory_of_others(machine: Machine) -> None:
    directory = machine.top / "run/cxlvfio"
    directory.mkdir(parents=True)
    for mode in (0o777, 0o1777, 0o775):
        directory.chmod(mode)
        text = machine.run(1, "bind", FIRST)
        assert "nobody else may write to it" in text, text
        assert not list(directory.iterdir())
        machine.is_untouched()
    directory.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(directory, 65534, 65534)
        machine.run(1, "bind", FIRST)
        assert not list(directory.iterdir())
        os.chown(directory, 0, 0)
    machine.run(0, "bind", FIRST)


def test_directory_is_a_link(machine: Machine) -> None:
    elsewhere = machine.top / "elsewhere"
    elsewhere.mkdir()
    (machine.top / "run").mkdir()
    (machine.top / "run/cxlvfio").symlink_to(elsewhere)
    machine.run(1, "bind", FIRST)
    assert not list(elsewhere.iterdir())
    machine.is_untouched()


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
