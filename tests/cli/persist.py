#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""persist on fixtures whose files a fake kernel acts upon. Prints TAP.

    persist.py COMMAND SCHEMAS [TEST...]

COMMAND is the built cxlvfio, SCHEMAS the directory of the built schemas.
"""
import fcntl
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree stays as it is

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import bind  # noqa: E402
import tap  # noqa: E402
import validate  # noqa: E402
from bind import FIRST, FIXTURES, NOBODY, SECOND  # noqa: E402
from fake_kernel import OURS, PARAMETERS  # noqa: E402

HELD = "cxl-vfio-pci-held"
SERIAL = 0x1000
NAME = "1e98-e2e2-1000.conf"
OTHER = "1e98-e2e2-1001.conf"
DIRECTORIES = ("etc/cxlvfio.d", "run/cxlvfio.d", "usr/lib/cxlvfio.d")
GOOD = """[match]
vendor = 0x1e98
device = 0xe2e2
serial = 0x1000
[bind]
driver = cxl-vfio-pci
"""


class Machine(bind.Machine):
    """Endpoints with serial numbers of their own."""

    def __init__(self, command: str, schemas: validate.Schemas, top: Path, count: int = 1) -> None:
        super().__init__(command, schemas, top, 0)
        self.functions = [FIXTURES.add_type2(self.root, number, SERIAL)
                          for number in range(count)]
        (top / "etc").mkdir(exist_ok=True)

    def set_config(self, number: int, config) -> None:
        self.functions[number].config = config
        self.functions[number].write_config()

    def file(self, name: str = NAME, directory: str = DIRECTORIES[0]) -> Path:
        return self.top / directory / name

    def write(self, text: str | bytes, name: str = NAME, directory: str = DIRECTORIES[0]) -> Path:
        file = self.file(name, directory)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def names(self, directory: str = DIRECTORIES[0]) -> list:
        path = self.top / directory
        return sorted(os.listdir(path)) if path.is_dir() else []

    def list(self, status: int = 0) -> dict:
        """Definitions by their name."""
        document = self.run_json(status, "persist", "list")
        return {item["name"]: item for item in document["definitions"]}

    def states(self, status: int = 0) -> dict:
        return {name: item["state"] for name, item in self.list(status).items()}

    def match(self, target: str = FIRST, status: int = 0) -> dict:
        """What the udev rule is told."""
        process = subprocess.run([self.command, "__persist-match", target, "--sysroot",
                                  str(self.top)], capture_output=True, text=True, timeout=600)
        assert process.returncode == status, process
        return dict(line.split("=", 1) for line in process.stdout.splitlines())


def actions(document: dict) -> list:
    return [(action["target"], action["step"], action["result"])
            for action in document["actions"]]


def config_without_serial() -> object:
    config = FIXTURES.Config(FIXTURES.VENDOR_CXL, 0xE2E2, 0x120000)
    config.add_device_dvsec(FIXTURES.TYPE2_CAPABILITY, 7, FIXTURES.WINDOW, FIXTURES.WINDOW_SIZE)
    config.add_flex_bus_dvsec(0x0027)
    config.add_locator_dvsec(0, 0)
    return config


# --- there and back ---


def test_there_and_back(machine: Machine) -> None:
    planned = machine.run(0, "persist", "add", "--dry-run", FIRST)
    assert "serial = 0x1000" in planned and NAME in planned, planned
    assert not machine.file().parent.exists() and not (machine.top / "run/cxlvfio").exists()
    document = machine.run_json(0, "persist", "add", FIRST)
    assert actions(document) == [(FIRST, "write_definition", "done")], document["actions"]
    assert [item["state"] for item in document["definitions"]] == ["not_bound"]
    file = machine.file()
    assert file.stat().st_mode & 0o777 == 0o644, oct(file.stat().st_mode)
    text = file.read_text()
    for line in text.splitlines():
        assert line in planned, f"the dry run does not have {line!r}"
    assert f"already persisted by /etc/cxlvfio.d/{NAME}" in machine.run(0, "persist", "add", FIRST)
    assert file.read_text() == text and machine.names() == [NAME]
    item = machine.list()[NAME]
    assert item["serial"] == SERIAL and item["serial_hex"] == "0x1000" and item["auto"] is True
    assert item["present_at"] == [FIRST] and item["file"] == f"/etc/cxlvfio.d/{NAME}", item
    machine.is_untouched()

    document = machine.run_json(0, "persist", "apply", "--dry-run")
    assert {action["result"] for action in document["actions"]} == {"planned"}
    machine.is_untouched()
    planned = bind.steps(document)
    document = machine.run_json(0, "persist", "apply")
    assert [step for step, _ in bind.steps(document)] == [step for step, _ in planned]
    machine.has(OURS, OURS)
    assert machine.states() == {NAME: "bound"}
    assert bind.steps(machine.run_json(0, "persist", "apply")) == [("wait_driver", "already")]

    machine.run(0, "persist", "remove", "--dry-run", FIRST)
    assert file.exists()
    assert "removed" in machine.run(0, "persist", "remove", FIRST)
    assert machine.names() == []
    machine.has(OURS, OURS)
    document = machine.run_json(0, "persist", "remove", FIRST)
    assert actions(document) == [(FIRST, "remove_definition", "already")], document["actions"]
    assert "no definition" in machine.run(0, "persist", "list")


def test_several(machine: Machine) -> None:
    document = machine.run_json(0, "persist", "add", "all")
    assert machine.names() == [NAME, OTHER], machine.names()
    assert len(document["actions"]) == 2
    machine.run(0, "persist", "apply")
    machine.has(OURS, OURS, FIRST)
    machine.has(OURS, OURS, SECOND)
    machine.run(0, "persist", "remove", "all")
    assert machine.names() == []
    # One of two cannot be done: the other one is.
    machine.set_config(0, config_without_serial())
    document = machine.run_json(64, "persist", "add", "all")
    assert [error["target"] for error in document["errors"]] == [FIRST], document["errors"]
    assert machine.names() == [OTHER]


test_several.endpoints = 2


def test_moved(machine: Machine) -> None:
    """The device, not the slot: moved it is found, and who takes its place is not meant."""
    machine.run(0, "persist", "add", FIRST)
    first, second = (function.config for function in machine.functions)
    machine.set_config(0, second)
    machine.set_config(1, first)
    assert machine.list()[NAME]["present_at"] == [SECOND]
    assert machine.match(FIRST) == {}
    assert machine.match(SECOND)["CXLVFIO_DRIVER"] == OURS
    machine.run(0, "persist", "apply")
    machine.has("", "", FIRST)
    machine.has(OURS, OURS, SECOND)


test_moved.endpoints = 2


def test_absent(machine: Machine) -> None:
    machine.write(GOOD.replace("0x1000", "0x99"), "gone.conf")
    assert machine.states() == {"gone.conf": "absent"}
    document = machine.run_json(0, "persist", "apply")
    assert document["actions"] == [] and document["errors"] == []
    machine.is_untouched()
    machine.run(0, "persist", "remove", "gone")
    assert machine.names() == []


def test_other_ids(machine: Machine) -> None:
    for line, other in (("vendor = 0x1e98", "vendor = 0x1e99"), ("0xe2e2", "0xe2e3")):
        machine.write(GOOD.replace(line, other))
        assert machine.states() == {NAME: "absent"} and machine.match() == {}


def test_without_serial(machine: Machine) -> None:
    for config in (config_without_serial(), FIXTURES.type2_config(0),
                   FIXTURES.type2_config((1 << 64) - 1)):
        machine.set_config(0, config)
        error = bind.error_of(machine.run_json(6, "persist", "add", FIRST))
        assert error["code"] == "UNSUPPORTED" and "--address" in error["hint"], error
        assert machine.names() == []
    machine.run(0, "persist", "add", "--address", FIRST)
    name = f"1e98-e2e2-at-{FIRST}.conf"
    assert machine.states() == {name: "not_bound"}
    assert machine.match()["CXLVFIO_DEFINITION"] == f"/etc/cxlvfio.d/{name}"
    # A device that has one is another device.
    machine.set_config(0, FIXTURES.type2_config(SERIAL))
    assert machine.states() == {name: "absent"} and machine.match() == {}


def test_address_besides(machine: Machine) -> None:
    machine.run(0, "persist", "add", "--address", FIRST)
    assert f"address = {FIRST}" in machine.file().read_text()
    assert machine.states() == {NAME: "not_bound"}
    # The same device may be meant wherever it is, after all.
    machine.run(0, "persist", "add", FIRST)
    assert "address" not in machine.file().read_text()
    machine.write(GOOD.replace("[bind]", f"address = {SECOND}\n[bind]"))
    assert machine.states() == {NAME: "absent"} and machine.match() == {}


def test_twins(machine: Machine) -> None:
    """Two devices of one serial number: both match, and that is said."""
    machine.set_config(1, FIXTURES.type2_config(SERIAL))
    text = machine.run(0, "persist", "add", "all")
    assert "matches it too" in text, text
    assert machine.names() == [NAME]
    assert machine.list()[NAME]["present_at"] == [FIRST, SECOND]
    machine.run(0, "bind", FIRST)
    assert machine.states() == {NAME: "not_bound"}
    machine.run(0, "persist", "apply")
    assert machine.states() == {NAME: "bound"}


test_twins.endpoints = 2


def test_twins_told_apart(machine: Machine) -> None:
    """What the warning of twins advises works: one file each."""
    machine.set_config(1, FIXTURES.type2_config(SERIAL))
    machine.run(0, "persist", "add", "all")
    for target in (FIRST, SECOND):
        text = machine.run(0, "persist", "add", "--address", target)
        assert "warning" not in text and machine.match(target)["CXLVFIO_DRIVER"] == OURS, text
        assert "already" in machine.run(0, "persist", "add", "--address", target)
    places = {name: item["present_at"] for name, item in machine.list().items()}
    assert places == {NAME: [FIRST], f"1e98-e2e2-1000-at-{SECOND}.conf": [SECOND]}, places
    machine.run(0, "persist", "remove", SECOND)
    assert machine.names() == [NAME]


test_twins_told_apart.endpoints = 2


def test_manual(machine: Machine) -> None:
    machine.run(0, "persist", "add", "--manual", FIRST)
    assert machine.list()[NAME]["auto"] is False and machine.match() == {}
    machine.run(0, "persist", "apply")
    machine.is_untouched()
    machine.run(0, "persist", "apply", "all")
    machine.has(OURS, OURS)
    # It is this command's own file: added again it is changed.
    machine.run(0, "persist", "add", FIRST)
    assert machine.list()[NAME]["auto"] is True and machine.match() != {}


def test_takes_over(machine: Machine) -> None:
    """Another driver has it, as one that is built into the kernel does."""
    machine.take("accelerator")
    machine.run(0, "persist", "add", FIRST)
    machine.run(0, "persist", "apply", FIRST)
    machine.has(OURS, OURS)
    machine.run(0, "unbind", FIRST)
    machine.is_untouched("accelerator")
    assert machine.names() == [NAME]


def test_apply_fails_as_bind(machine: Machine) -> None:
    machine.take("accelerator")
    machine.run(0, "persist", "add", FIRST)
    machine.kernel.refused = {OURS}
    document = machine.run_json(8, "persist", "apply", "--wait", "1")
    assert bind.error_of(document)["code"] == "TIMEOUT", document["errors"]
    machine.is_untouched("accelerator")


def test_offer(machine: Machine) -> None:
    """What a definition says is offered, each endpoint its own, before anybody can open it."""
    options = ("--view", "bar", "--interface", "none")
    planned = machine.run(0, "persist", "add", "--dry-run", *options, FIRST)
    assert "view = bar" in planned and "interface = none" in planned, planned
    machine.run(0, "persist", "add", *options, FIRST)
    machine.run(0, "persist", "add", "--view", "region", SECOND)
    assert "already persisted" in machine.run(0, "persist", "add", *options, FIRST)
    items = machine.list()
    assert [(item["view"], item["interface"]) for item in items.values()] == \
        [("bar", "none"), ("region", None)], items
    assert machine.match()["CXLVFIO_OVERRIDE"] == HELD, machine.match()
    # As the rule leaves them: nobody has the endpoint before it is told what to offer.
    for function in machine.functions:
        machine.root.attributes(function.path, driver_override=HELD)
    document = machine.run_json(0, "persist", "apply")
    assert machine.states() == {NAME: "bound", OTHER: "bound"}
    assert machine.kernel.offer_of(FIRST) == {"view": "bar", "interface": "none"}
    assert machine.kernel.offer_of(SECOND) == {"view": "region", "interface": "current"}
    assert machine.kernel.parameters() == PARAMETERS, machine.kernel.parameters()
    probe = [action["step"] for action in document["actions"]].index("probe")
    assert document["actions"][probe - 1]["step"] == "set_parameter", document["actions"]
    # A bound one that offers something else is not as it is defined, until it is.
    machine.run(0, "bind", "--view", "both", FIRST)
    assert machine.states()[NAME] == "not_bound"
    machine.run(0, "persist", "apply")
    assert machine.states()[NAME] == "bound"
    # Another choice replaces the file, and none is none.
    machine.run(0, "persist", "add", FIRST)
    assert "view" not in machine.file().read_text(), machine.file().read_text()
    machine.run(0, "unbind", "all")
    machine.has("", "", FIRST)


test_offer.endpoints = 2


def test_match(machine: Machine) -> None:
    assert machine.match() == {}
    machine.run(0, "persist", "add", FIRST)
    # Not probed by whoever loads the module: apply gives it to the driver.
    assert machine.match() == {"CXLVFIO_DRIVER": OURS, "CXLVFIO_OVERRIDE": HELD,
                               "CXLVFIO_DEFINITION": f"/etc/cxlvfio.d/{NAME}"}
    assert machine.match("0000:99:00.0") == {}
    for bad in ("../x", "mem0", "0000:0d:00.0/..", "0000:0d:00.0\n", ""):
        machine.match(bad, 2)
    # Not a CXL device any more.
    config = FIXTURES.Config(FIXTURES.VENDOR_CXL, 0xE2E2, 0x120000)
    config.add_serial(SERIAL)
    machine.set_config(0, config)
    assert machine.match() == {}
    # What is not meant is not even asked: reading it may wake it up.
    config = FIXTURES.type2_config(SERIAL)
    config.put(0, "<HH", 0x10DE, 1)
    machine.set_config(0, config)
    machine.root.attributes(machine.functions[0].path, vendor="0x10de", device="0x0001")
    log = machine.top / "log"
    subprocess.run(["strace", "-qq", "-o", log, "--trace=openat,openat2", machine.command,
                    "__persist-match", FIRST, "--sysroot", str(machine.top)], check=True,
                   env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    assert "/vendor" in log.read_text() and "/config" not in log.read_text()


# --- directories and names ---


def test_directories(machine: Machine) -> None:
    vendor = machine.write(GOOD, NAME, DIRECTORIES[2])
    item = machine.list()[NAME]
    assert item["source"] == "vendor" and item["hides"] is None, item
    assert "already persisted by /usr/lib/cxlvfio.d" in machine.run(0, "persist", "add", FIRST)
    machine.write(GOOD + "auto = no\n", NAME, DIRECTORIES[1])
    item = machine.list()[NAME]
    assert item["source"] == "run" and item["hides"] == f"/usr/lib/cxlvfio.d/{NAME}", item
    assert item["auto"] is False
    machine.run(0, "persist", "add", FIRST)
    item = machine.list()[NAME]
    assert item["source"] == "etc" and item["hides"] == f"/run/cxlvfio.d/{NAME}", item
    # A vendor's file can only be masked.
    text = machine.run(0, "persist", "remove", FIRST)
    assert "vendor's file stays, masked" in text, text
    assert machine.states() == {NAME: "masked"} and machine.match() == {}
    assert machine.file().read_bytes() == b"" and vendor.read_text() == GOOD
    document = machine.run_json(0, "persist", "remove", NAME)
    assert actions(document) == [(NAME, "mask_definition", "already")], document["actions"]
    machine.run(0, "persist", "apply")
    machine.is_untouched()
    # Added again it is a file of its own; without the vendor's it is removed.
    machine.run(0, "persist", "add", FIRST)
    assert machine.states() == {NAME: "not_bound"}
    vendor.unlink()
    machine.run(0, "persist", "remove", FIRST)
    assert machine.states() == {} and machine.names(DIRECTORIES[1]) == []


def test_masked_by_link(machine: Machine) -> None:
    machine.write(GOOD, NAME, DIRECTORIES[2])
    machine.file(NAME, DIRECTORIES[1]).parent.mkdir(parents=True)
    machine.file(NAME, DIRECTORIES[1]).symlink_to("/dev/null")
    assert machine.states() == {NAME: "masked"} and machine.match() == {}


def test_links_are_not_followed(machine: Machine) -> None:
    victim = machine.top / "victim"
    victim.write_text(GOOD)
    link = machine.file("trick.conf", DIRECTORIES[1])
    link.parent.mkdir(parents=True)
    link.symlink_to(victim)
    item = machine.list(1)["trick.conf"]
    assert item["state"] == "invalid" and "link" in item["problem"], item
    assert machine.match() == {}
    machine.run(0, "persist", "remove", "trick")
    assert victim.read_text() == GOOD and not link.is_symlink()
    # In the way of a writer: what is written is a new file, whatever the name was.
    directory = machine.top / DIRECTORIES[0]
    directory.mkdir()
    for name in (NAME, f".{NAME}.new"):
        (directory / name).symlink_to(victim)
    machine.run(5, "persist", "add", FIRST)
    machine.run(0, "persist", "add", "--force", FIRST)
    assert victim.read_text() == GOOD and machine.names() == [NAME]
    assert machine.file().is_file() and not machine.file().is_symlink()
    # A directory that is a link is none.
    link.parent.rmdir()
    link.parent.symlink_to(machine.top / DIRECTORIES[0])
    error = bind.error_of(machine.run_json(1, "persist", "list"))
    assert error["path"] == "/run/cxlvfio.d" and error["errno_name"] in ("ELOOP", "ENOTDIR"), error


def test_names_do_not_escape(machine: Machine) -> None:
    victim = machine.write(GOOD, "x.conf", "etc")
    machine.run(0, "persist", "add", FIRST)
    for name in ("../x", "../x.conf", "/etc/x.conf", "./" + NAME, "x\n.conf", "", "." * 300,
                 "a" * 5000 + ".conf"):
        machine.run(3, "persist", "remove", name)
        machine.run(3, "persist", "add", name)
    assert victim.exists() and machine.names() == [NAME]
    # One that does not exist stops all.
    machine.run(3, "persist", "remove", NAME, "nonsense.conf")
    assert machine.names() == [NAME]


def test_others_can_write(machine: Machine) -> None:
    file = machine.write(GOOD)
    for mode in (0o666, 0o664):
        file.chmod(mode)
        item = machine.list(1)[NAME]
        assert item["state"] == "invalid" and "other than root" in item["problem"], (mode, item)
    file.chmod(0o644)
    for mode in (0o777, 0o775):
        file.parent.chmod(mode)
        assert machine.match(status=4) == {}, mode
        error = bind.error_of(machine.run_json(4, "persist", "list"))
        assert error["path"] == "/etc/cxlvfio.d" and error["code"] == "PERMISSION_DENIED", error


def test_privileges(machine: Machine) -> None:
    if os.geteuid() != 0:
        return
    machine.run(0, "persist", "add", FIRST)
    text = machine.run(4, "persist", "add", SECOND, user=NOBODY)
    assert "run it as root" in text, text
    machine.run(4, "persist", "remove", FIRST, user=NOBODY)
    assert machine.names() == [NAME]
    machine.run(0, "persist", "add", "--dry-run", SECOND, user=NOBODY)
    machine.run(0, "persist", "list", user=NOBODY)
    machine.file().chmod(0)
    text = machine.run(1, "persist", "list", user=NOBODY)
    assert "cannot be read" in text and NAME in text, text
    machine.file().parent.chmod(0)
    text = machine.run(4, "persist", "list", user=NOBODY)
    assert "EACCES" in text and "/etc/cxlvfio.d" in text, text


test_privileges.endpoints = 2


def test_hidden_serial(machine: Machine) -> None:
    """Without privileges the serial number is not known: neither bound nor absent is said."""
    machine.run(0, "persist", "add", FIRST)
    machine.functions[0].write_config(64)
    machine.functions[0].bind(OURS)
    item = machine.list()[NAME]
    assert item["state"] == "unknown" and item["unavailable"] == {"present_at": "EACCES"}, item
    machine.run(4, "persist", "add", FIRST)


# --- files ---


BAD = [
    ("[other]\n", 1, "not a section"), ("[match] junk\n", 1, "not a section"), ("[match\n", 1, "section"),
    (GOOD + "[match]x\n", 7, "not a section"), ("vendor = 0x1e98\n", 1, "before any section"),
    (GOOD + "colour = red\n", 7, "no key 'colour'"), ("[bind]\nvendor = 0x1\n", 2, "no key"),
    (GOOD + "driver = vfio-pci\n", 7, "given before"), (GOOD + "driver\n", 7, "neither"),
    (GOOD + " more\n", 7, "blank"), (GOOD + "\tmore\n", 7, "0x09"), (GOOD + "a\0b\n", 7, "0x00"),
    (GOOD + "#\x1b[31m\n", 7, "0x1b"), (GOOD.replace("0x1e98", "ä"), 2, "0xc3"),
    (GOOD.replace("\n", "\r"), 1, "carriage return"),
    ("# a comment\r" + GOOD.replace("\n", "\r"), 1, "carriage return"),
    (GOOD + "x" * 200 + "\n", 7, "longer than 150"),
    ("\ufeff[\ufeff]\n", 1, "0xef"),
    (GOOD.replace("0x1e98", "1e98"), 2, "'1e98' is not an id"), (GOOD.replace("0x1e98", "0x1e98f"), 2, "id"),
    (GOOD.replace("0x1e98", "0x"), 2, "id"), (GOOD.replace("0x1e98", "-0x1"), 2, "id"),
    (GOOD.replace("0x1000", "0x0"), 4, "without a serial"),
    (GOOD.replace("0x1000", "0x" + "f" * 16), 4, "without a serial"),
    (GOOD.replace("0x1000", "0x" + "1" * 17), 4, "not a serial number"),
    (GOOD.replace("0x1000", ""), 4, "not a serial number"),
    (GOOD.replace("cxl-vfio-pci", "../x"), 6, "cannot be the name of a driver"),
    (GOOD.replace("cxl-vfio-pci", "x" * 65), 6, "cannot be the name of a driver"),
    (GOOD.replace("cxl-vfio-pci", "a b"), 6, "cannot be the name of a driver"),
    (GOOD + "auto = maybe\n", 7, "yes or no"),
    (GOOD.replace("[bind]", "address = 0d:00.8\n[bind]"), 5, "not a PCI address"),
    (GOOD.replace("0x1000", "00-00-00-00-00-00-10"), 4, "not a serial number"),
    (GOOD.replace("0x1000", "00-00-00-00-00-00-00-00"), 4, "without a serial"),
    (GOOD.replace("cxl-vfio-pci", "cxl_vfio_pci"), 6, "did you mean cxl-vfio-pci?"),
    (GOOD.replace("cxl-vfio-pci", "cxl-vfio-pcie"), 6, "did you mean cxl-vfio-pci?"),
    (GOOD.replace("cxl-vfio-pci", "Vfio-PCI"), 6, "did you mean vfio-pci?"),
    (GOOD.replace("cxl-vfio-pci", "vfio-pc"), 6, "did you mean vfio-pci?"),
    (GOOD.replace("cxl-vfio-pci", "vfio_pci_"), 6, "did you mean vfio-pci?"),
    (GOOD.replace("serial = 0x1000\n", ""), None, "needs serial"),
    (GOOD.replace("device = 0xe2e2\n", ""), None, "needs vendor and device"),
    (GOOD.replace("driver = cxl-vfio-pci\n", ""), None, "needs driver"),
    ("# nothing\n", None, "needs vendor"), ("\n", None, "needs vendor"),
    (GOOD + "#\n" * 4096, None, "longer than 4096"),
]


# As editors of Windows, Ansible and people who copy from lspci write them.
TAKEN = [
    GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, "\ufeff" + GOOD.replace("\n", "\r\n"),
    "# Prüfstand, Gerät 3\n" + GOOD, "; " + "x" * 400 + "\n" + GOOD, GOOD.replace(" = ", "\t=\t"),
    GOOD.replace("0x1000", "00-00-00-00-00-00-10-00"), GOOD.replace("0x1000", "4096"),
    GOOD.replace("0x", "0X"), GOOD.removesuffix("\n"),
    GOOD.replace("[bind]", "address = 0D:00.0\n[bind]"),
    GOOD.replace("[bind]", "address = 00000000:0d:00.0\n[bind]"),
]


def test_driver_that_nobody_has(machine: Machine) -> None:
    """At boot the device keeps what it has, and everybody says the same of it."""
    FIXTURES.modules.install(machine.root, FIXTURES.KERNEL, b"")
    (machine.top / "sys/bus/pci/drivers").mkdir(parents=True, exist_ok=True)
    machine.write(GOOD.replace("driver = cxl-vfio-pci", "driver = mydriver"))
    (finding,) = machine.list()[NAME]["findings"]
    assert finding["id"] == "unknown_driver", finding
    assert machine.match(status=6) == {}
    (error,) = machine.run_json(6, "persist", "apply", "-n", FIRST)["errors"]
    assert (error["message"], error["hint"]) == (finding["message"], finding["hint"]), error
    (machine.top / "sys/bus/pci/drivers/mydriver").mkdir()
    assert machine.match()["CXLVFIO_OVERRIDE"] == "mydriver"


def test_taken_files(machine: Machine) -> None:
    for text in TAKEN:
        machine.write(text)
        (item,) = machine.run_json(0, "persist", "list")["definitions"]
        assert item["state"] == "not_bound" and item["serial"] == 0x1000, (text, item)
        assert item["address"] in (None, FIRST), (text, item)
    file = machine.write(GOOD)
    file.write_bytes(GOOD.encode("utf-16"))
    (item,) = machine.run_json(1, "persist", "list")["definitions"]
    assert "UTF-16" in item["problem"], item


def test_other_drivers(machine: Machine) -> None:
    """A name of a driver that may not be loaded yet is nobody's slip."""
    for driver in ("nvidia", "mlx5_vfio_pci", "nvgrace_gpu_vfio_pci", "vfio-pci"):
        machine.write(GOOD.replace("cxl-vfio-pci", driver))
        (item,) = machine.run_json(0, "persist", "list")["definitions"]
        assert item["driver"] == driver, item


def test_bad_files(machine: Machine) -> None:
    for text, line, words in BAD:
        machine.write(text)
        document = machine.run_json(1, "persist", "list")
        (item,) = document["definitions"]
        assert item["state"] == "invalid" and words in item["problem"], (text, item)
        assert item["line"] == line and item["driver"] is None, (text, item)
        error = bind.error_of(document)
        assert error["code"] == "BAD_DEFINITION" and error["path"] == f"/etc/cxlvfio.d/{NAME}"
        assert machine.match() == {}, text
    printed = machine.run(1, "persist", "apply")
    assert f"/etc/cxlvfio.d/{NAME}" in printed and "4096" in printed, printed
    machine.is_untouched()
    # Somebody wrote it: it is not replaced unasked, but can be removed.
    error = machine.run_json(5, "persist", "add", FIRST)["errors"][0]
    assert error["code"] == "CONFLICT" and "--force" in error["hint"], error
    machine.run(0, "persist", "remove", NAME)
    assert machine.names() == []


def test_bad_file_beside_a_good_one(machine: Machine) -> None:
    machine.run(0, "persist", "add", FIRST)
    machine.write("[nonsense]\n", "a.conf")
    text = machine.run(0, "persist", "apply", FIRST)
    assert "warning: " in text and "/etc/cxlvfio.d/a.conf" in text and "line 1" in text, text
    machine.has(OURS, OURS)
    machine.run(1, "persist", "list")


def test_strange_files(machine: Machine) -> None:
    directory = machine.file().parent
    directory.mkdir(parents=True)
    os.mkfifo(directory / "pipe.conf")
    (directory / "directory.conf").mkdir()
    machine.write(GOOD, "a b.conf")
    machine.write(GOOD, "é.conf")
    machine.write(GOOD, "x" * 100 + ".conf")
    machine.write("[nonsense]\n", "README")
    machine.write("[nonsense]\n", ".hidden.conf")
    assert set(machine.states(1).values()) == {"invalid"} and len(machine.states(1)) == 5
    assert machine.match() == {}
    machine.run(1, "persist", "list")


def test_comments(machine: Machine) -> None:
    machine.write("# by hand\n; too\n\n" + GOOD.replace(" = ", "=") + "auto = yes ; always\n")
    assert machine.states() == {NAME: "not_bound"}
    machine.write(GOOD.rstrip("\n"))
    assert machine.states() == {NAME: "not_bound"}


# --- who else wants it ---


def test_driverctl(machine: Machine) -> None:
    rival = machine.write("vfio-pci\n", f"pci-{FIRST}", "etc/driverctl.d")
    error = bind.error_of(machine.run_json(5, "persist", "add", FIRST))
    assert error["code"] == "CONFLICT" and error["path"] == f"/etc/driverctl.d/pci-{FIRST}", error
    assert "vfio-pci" in error["message"] and "--force" in error["hint"], error
    assert machine.names() == []
    machine.run(0, "persist", "add", "--force", FIRST)
    item = machine.list()[NAME]
    assert item["state"] == "conflict", item
    assert [finding["id"] for finding in item["findings"]] == ["driverctl_conflict"], item
    assert "warning: " in machine.run(0, "persist", "list")
    document = machine.run_json(0, "persist", "apply")
    assert document["warnings"][0]["path"] == f"/etc/driverctl.d/pci-{FIRST}", document["warnings"]
    machine.has(OURS, OURS)
    # The same driver is no conflict, nor is a file for another slot.
    rival.write_text(f"{OURS}\n")
    assert machine.states() == {NAME: "bound"}
    rival.rename(rival.parent / f"pci-{SECOND}")
    assert machine.states() == {NAME: "bound"}


def test_two_drivers(machine: Machine) -> None:
    machine.run(0, "persist", "add", FIRST)
    machine.write(GOOD.replace(OURS, "vfio-pci"), "by-hand.conf")
    assert machine.states() == {NAME: "conflict", "by-hand.conf": "conflict"}
    for item in machine.list().values():
        assert item["findings"][0]["id"] == "definition_conflict", item
    error = bind.error_of(machine.run_json(5, "persist", "apply"))
    assert error["code"] == "CONFLICT" and "by-hand.conf" in error["path"] + error["message"], error
    machine.is_untouched()
    assert machine.match(status=5) == {}
    machine.run(0, "persist", "remove", NAME)
    error = bind.error_of(machine.run_json(5, "persist", "add", FIRST))
    assert error["path"] == "/etc/cxlvfio.d/by-hand.conf", error


def test_other_driver(machine: Machine) -> None:
    """At boot it is set; binding it is not for this command."""
    machine.write(GOOD.replace(OURS, "accelerator"))
    assert machine.match()["CXLVFIO_DRIVER"] == "accelerator"
    assert machine.match()["CXLVFIO_OVERRIDE"] == "accelerator"
    error = bind.error_of(machine.run_json(6, "persist", "apply"))
    assert error["code"] == "UNSUPPORTED" and "accelerator" in error["message"], error
    machine.is_untouched()
    machine.take("accelerator")
    machine.run(0, "persist", "apply")
    assert machine.states() == {NAME: "bound"}


# --- not there, not now ---


def test_usage(machine: Machine) -> None:
    assert "add, remove, list or apply" in machine.run(2, "persist")
    for arguments in (["ad"], ["Add"], ["adds"], ["list", FIRST], ["add"], ["remove"],
                      ["add", "--bogus", FIRST], ["apply", "--wait", "soon"],
                      ["apply", "--force"], ["remove", "--address", FIRST], ["list", "--manual"]):
        machine.run(2, "persist", *arguments)
    machine.run(3, "persist", "add", "0000:99:00.0")
    machine.run(3, "persist", "apply", FIRST)
    document = machine.run_json(3, "persist", "apply", "0000:99:00.0")
    assert document["actions"] == [] and document["definitions"] == []


def test_type3(machine: Machine) -> None:
    FIXTURES.add_type3(machine.root, FIXTURES.CxlTopology(machine.root))
    machine.run(6, "persist", "add", FIRST, "0000:35:00.0")
    assert machine.names() == []


def test_another_at_work(machine: Machine) -> None:
    directory = machine.top / "run/cxlvfio"
    directory.mkdir(parents=True)
    with open(directory / "persist.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4242\n")
        lock.flush()
        for action in ("add", "remove"):
            error = bind.error_of(machine.run_json(5, "persist", action, "--wait", "0", FIRST))
            assert error["code"] == "DEVICE_BUSY" and "4242" in error["message"], error
        machine.run(0, "persist", "add", "--dry-run", FIRST)
        waiting = machine.start("persist", "add", FIRST)
        waiting.poll()
    waiting.communicate(timeout=600)
    assert waiting.returncode == 0 and machine.names() == [NAME]
    # apply takes the lock that bind takes.
    with open(directory / f"{FIRST}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        error = bind.error_of(machine.run_json(5, "persist", "apply", "--wait", "0"))
        assert error["code"] == "DEVICE_BUSY", error
    machine.is_untouched()


def injected(machine: Machine, injection: str, status: int, *arguments: str) -> str:
    """A run in which a system call fails."""
    process = subprocess.run(["strace", "-qq", "-o", "/dev/null",
                              f"--trace={injection.split(':')[0]}", f"--inject={injection}",
                              machine.command, *arguments, "--sysroot", str(machine.top)],
                             capture_output=True, text=True, timeout=600,
                             env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    assert process.returncode == status, process
    return process.stdout + process.stderr


def test_write_fails(machine: Machine) -> None:
    for injection, status, word in (
            ("mkdirat:error=EROFS:when=3", 4, "read-only"), ("fchmod:error=EROFS", 4, "read-only"), ("renameat:error=EROFS", 4, "--dry-run"),
            ("fsync:error=EIO:when=1", 1, "damaged"), ("fsync:error=ENOSPC:when=1", 1, "full"),
            ("renameat:error=EACCES", 4, "root")):
        text = injected(machine, injection, status, "persist", "add", FIRST)
        assert word in text and "/etc/cxlvfio.d" in text, text
        assert machine.names() == [], injection
    machine.run(0, "persist", "add", FIRST)
    text = injected(machine, "unlinkat:error=EROFS", 4, "persist", "remove", FIRST)
    assert "read-only" in text and machine.names() == [NAME], text


def test_on_the_disk(machine: Machine) -> None:
    """The file before its name, and then the name."""
    log = machine.top / "log"
    trace = ["strace", "-qq", "-y", "-o", log, "--trace=fsync,renameat,mkdirat,unlinkat",
             machine.command, "--sysroot", str(machine.top)]
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    subprocess.run([*trace, "persist", "add", FIRST], check=True, env=environment,
                   stdout=subprocess.DEVNULL)
    calls = [line for line in log.read_text().splitlines() if "/etc" in line]
    order = [line.split("(")[0] for line in calls]
    assert order == ["mkdirat", "fsync", "fsync", "renameat", "fsync"], calls
    assert ".new>" in calls[2] and "cxlvfio.d>" in calls[4], calls
    subprocess.run([*trace, "persist", "remove", FIRST], check=True, env=environment,
                   stdout=subprocess.DEVNULL)
    calls = [line for line in log.read_text().splitlines() if "/etc" in line]
    assert [line.split("(")[0] for line in calls] == ["unlinkat", "fsync"], calls


# --- killed ---


CHANGING_CALLS = ("flock", "openat", "mkdirat", "fchmod", "write", "fsync", "renameat", "unlinkat",
                  "ftruncate", "pwrite64")


def opened_for_writing(machine: Machine, command: list) -> set[int]:
    """Which of the run's openat calls, counted from 1, may make or change a file. Of the others,
    and of every close, there are hundreds: a kill there leaves what a kill at the next call leaves
    that changes something."""
    log = machine.top / "log"
    subprocess.run(["strace", "-qq", "-o", log, "--trace=openat", machine.command, *command,
                    "--sysroot", str(machine.top)], check=True, capture_output=True, timeout=600,
                   env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    calls = [line for line in log.read_text().splitlines() if line.startswith("openat(")]
    log.unlink()
    return {number for number, line in enumerate(calls, 1)
            if re.search("O_(CREAT|WRONLY|RDWR|TMPFILE)", line)}


def walk(machine: Machine, prepare, killed: list, then: list, wanted: dict) -> None:
    """Kill KILLED at every system call in turn that may change something: what is read is old or
    new, and THEN completes."""
    machine.be_quick()
    prepare()
    writing = opened_for_writing(machine, killed)
    assert writing, "no file was opened for writing: did the trace work?"
    walked = 0
    for name in CHANGING_CALLS:
        call, more = 1, True
        while more:
            if name == "openat" and call not in writing:
                more = call < max(writing)
                call += 1
                continue
            prepare()
            before = machine.list()
            more = machine.killed_at(name, call, *killed)
            after = machine.list()
            states = [{key: item["state"] for key, item in each.items()}
                      for each in (before, after)]
            assert states[1] in (states[0], wanted), f"{name} {call}: half of it: {states}"
            machine.run(0, *then)
            assert machine.states() == wanted, f"{name} {call}: {machine.states()}"
            left = [file for file in machine.names() if file not in wanted]
            assert not left, f"{name} {call}: {left} is left"
            call, walked = call + 1, walked + more
            assert call < 2000
    assert walked > 8, f"killed at only {walked} calls: did the trace work?"


def test_add_killed_anywhere(machine: Machine) -> None:
    machine.run(0, "persist", "add", FIRST)
    command = ["persist", "add", FIRST]
    walk(machine, lambda: machine.file().unlink(missing_ok=True), command, command,
         {NAME: "not_bound"})


def test_remove_killed_anywhere(machine: Machine) -> None:
    command = ["persist", "remove", FIRST]

    def prepare() -> None:
        machine.run(0, "persist", "add", FIRST)
        machine.write(machine.file().read_text(), NAME, DIRECTORIES[1])

    walk(machine, prepare, command, command, {})


def test_mask_killed_anywhere(machine: Machine) -> None:
    command = ["persist", "remove", NAME]
    machine.write(GOOD, NAME, DIRECTORIES[2])
    walk(machine, lambda: machine.file().unlink(missing_ok=True), command, command,
         {NAME: "masked"})


def test_replacement_killed_anywhere(machine: Machine) -> None:
    """Nobody ever reads a half: a file that is replaced is the old one or the new one."""
    command = ["persist", "add", FIRST]
    walk(machine, lambda: machine.write(GOOD + "auto = no\n"), command, command,
         {NAME: "not_bound"})
    assert machine.list()[NAME]["auto"] is True


def test_left_by_others(machine: Machine) -> None:
    machine.write("[match]\nven", f".{NAME}.new")
    machine.write("", ".x.conf.new")
    assert machine.states() == {}
    machine.run(0, "persist", "add", FIRST)
    assert machine.names() == [NAME]
    machine.write("", f".{NAME}.new")
    machine.run(0, "persist", "remove", FIRST)
    assert machine.names() == []


def run_test(test, command: str, schemas: validate.Schemas) -> list[str]:
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        machine = Machine(command, schemas, Path(directory) / "root",
                          getattr(test, "endpoints", 1))
        try:
            with machine.kernel:
                test(machine)
        except (AssertionError, subprocess.SubprocessError, KeyError, OSError, ValueError,
                json.JSONDecodeError):
            return tap.explain()
    return []


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    command, schemas = os.path.abspath(sys.argv[1]), validate.Schemas(Path(sys.argv[2]))
    tests = {name: test for name, test in globals().items() if name.startswith("test_")
             and (not sys.argv[3:] or name.removeprefix("test_") in sys.argv[3:])}
    results = tap.Tap()
    print(f"1..{len(tests)}")
    for name, test in tests.items():
        problem = run_test(test, command, schemas)
        words = name.removeprefix("test_").replace("_", " ")
        results.say(not problem, f"persist: {words}", *problem)
    return 1 if results.failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
