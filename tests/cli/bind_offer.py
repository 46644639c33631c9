#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a bind has the driver offer: views of the window, generations of the interface. Prints TAP.

    bind_offer.py COMMAND SCHEMAS [TEST...]

COMMAND is the built cxlvfio, SCHEMAS the directory of the built schemas.
"""
import fcntl
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree stays as it is

from bind import (CHANGING_CALLS, FIRST, SECOND, Machine, error_of, refused,  # noqa: E402
                  run_tests, steps)
from fake_kernel import OURS, PARAMETERS  # noqa: E402

BAR = ("--view", "bar", "--interface", "none")
BAR_OFFER = {"view": "bar", "interface": "none"}
VIEW = f"sys/bus/pci/devices/{FIRST}/cxl_vfio/view"
PARAMETER = "sys/module/cxl_vfio_pci/parameters/view"


def note(machine: Machine) -> Path:
    return machine.top / "run/cxlvfio/parameters"


def offers(machine: Machine, offer: dict, target: str = FIRST) -> None:
    """The endpoint's offer, and that the module's parameters are as they were."""
    assert machine.kernel.offer_of(target) == offer, machine.kernel.offer_of(target)
    are_back(machine)


def are_back(machine: Machine) -> None:
    assert machine.kernel.parameters() == PARAMETERS, machine.kernel.parameters()
    assert not note(machine).exists(), "a note of parameters was left behind"


# --- there, and the parameters back ---


def test_before_it_can_be_opened(machine: Machine) -> None:
    planned = machine.run(0, "bind", "--dry-run", *BAR, FIRST)
    for line in (f'write "bar" to /{PARAMETER}', "note the module's parameters",
                 "put the module's parameters back", f'check that /{VIEW} says "bar"'):
        assert line in planned, planned
    assert planned.index("parameters/view") < planned.index("drivers_probe") < \
        planned.index("parameters back") < planned.index("device node"), planned
    machine.is_untouched()
    are_back(machine)
    planned = steps(machine.run_json(0, "bind", "--dry-run", *BAR, FIRST))
    document = machine.run_json(0, "bind", *BAR, FIRST)
    assert [step for step, _ in steps(document)] == [step for step, _ in planned]
    assert {result for _, result in steps(document)} == {"done"}, steps(document)
    offers(machine, BAR_OFFER)
    assert document["endpoints"][0]["cxl_vfio"]["offers"] == ["bar"], document["endpoints"]
    (noted,) = (action["value"] for action in document["actions"]
                if action["step"] == "note_parameters")
    assert noted == "view=both interface=current", noted
    machine.run(0, "unbind", FIRST)
    machine.is_untouched()
    text = machine.run(0, "bind", "--view", "region", FIRST)
    assert text.endswith("state closed, view region\n"), text
    offers(machine, {"view": "region", "interface": "current"})


def test_nothing_is_written_without_options(machine: Machine) -> None:
    files = [machine.top / PARAMETER, machine.top / PARAMETER.replace("view", "interface")]
    before = [file.stat().st_mtime_ns for file in files]
    text = machine.run(0, "bind", "--verbose", FIRST)
    assert "parameters/" not in text and "cxl_vfio/view" not in text, text
    assert [file.stat().st_mtime_ns for file in files] == before
    offers(machine, PARAMETERS)


def test_from_another_driver_and_back(machine: Machine) -> None:
    machine.take("accelerator")
    machine.run(0, "bind", *BAR, FIRST)
    offers(machine, BAR_OFFER)
    machine.run(0, "unbind", FIRST)
    machine.is_untouched("accelerator")


def test_two_with_different_offers(machine: Machine) -> None:
    machine.run(0, "bind", *BAR, FIRST)
    machine.run(0, "bind", "--interface", "2", SECOND)
    offers(machine, BAR_OFFER)
    offers(machine, {"view": "both", "interface": "2"}, SECOND)
    machine.run(0, "bind", "--view", "both", "--interface", "2", "all")
    offers(machine, {"view": "both", "interface": "2"})


test_two_with_different_offers.endpoints = 2


def test_parameters_of_the_operator(machine: Machine) -> None:
    """What is put back is what was there, and it is what goes without saying."""
    machine.root.write(PARAMETER, "region\n")
    machine.run(0, "bind", "--view", "bar", FIRST)
    assert machine.kernel.offer_of(FIRST) == {"view": "bar", "interface": "current"}
    assert machine.kernel.parameters()["view"] == "region", machine.kernel.parameters()
    machine.run(0, "unbind", FIRST)
    machine.run(0, "bind", "--interface", "2", FIRST)
    assert machine.kernel.offer_of(FIRST) == {"view": "region", "interface": "2"}


# --- what is bound already ---


def test_bound_already(machine: Machine) -> None:
    machine.run(0, "bind", FIRST)
    assert f'write "bar" to /{VIEW}' in machine.run(0, "bind", "--dry-run", *BAR, FIRST)
    offers(machine, PARAMETERS)
    text = machine.run(0, "bind", *BAR, FIRST)
    assert "already bound to cxl-vfio-pci, now with view bar, interface none" in text, text
    offers(machine, BAR_OFFER)
    assert steps(machine.run_json(0, "bind", *BAR, FIRST)) == [("wait_driver", "already")]
    # Neither of the two can be the first: region and none are not taken, nor are bar and 2.
    document = machine.run_json(0, "bind", "--view", "region", "--interface", "2", FIRST)
    assert [action["path"].rpartition("/")[2] for action in document["actions"]
            if action["step"] == "set_attribute"] == ["view", "interface", "view"], document["actions"]
    offers(machine, {"view": "region", "interface": "2"})


def test_bound_and_open(machine: Machine) -> None:
    machine.run(0, "bind", FIRST)
    machine.open_by(4242, "qemu-system-x86", "/dev/vfio/6")
    error = error_of(machine.run_json(5, "bind", *BAR, FIRST))
    assert error["code"] == "DEVICE_BUSY" and "process 4242 (qemu-system-x86)" in \
        error["message"], error
    assert error["hint"], error
    offers(machine, PARAMETERS)
    # What it offers already is no change.
    machine.run(0, "bind", "--view", "both", FIRST)


ATTRIBUTE_WRITES = {
    "EBUSY": (5, "DEVICE_BUSY", "fuser"),
    "EINVAL": (1, "FAILED", "--interface"),
    "EOPNOTSUPP": (6, "UNSUPPORTED", "--view region"),
}


def test_attribute_cannot_be_written(machine: Machine) -> None:
    machine.run(0, "bind", FIRST)
    for name, (status, code, words) in ATTRIBUTE_WRITES.items():
        error = error_of(machine.write_fails(status, VIEW, name, "bind", *BAR, FIRST))
        assert error["code"] == code and words in error["hint"], error
        # A file is empty after a write that failed; an attribute is as it was.
        machine.root.write(VIEW, "both\n")
        offers(machine, PARAMETERS)
    # The first of two is taken back.
    interface = VIEW.replace("view", "interface")
    document = machine.write_fails(5, interface, "EBUSY", "bind", *BAR, FIRST)
    assert error_of(document)["path"].endswith("interface"), document["errors"]
    assert machine.kernel.offer_of(FIRST)["view"] == "both", machine.kernel.offer_of(FIRST)


# --- refused ---


def test_usage(machine: Machine) -> None:
    for options, words in ((("--view", "region", "--interface", "none"), "nothing"),
                           (("--interface", "2", "--view", "bar"), "needs the region"),
                           (("--view", "window"), "region bar both"),
                           (("--interface", "1"), "current 2 none"), (("--view", ""), "one of")):
        for command in (("bind",), ("persist", "add")):
            text = machine.run(2, *command, *options, FIRST)
            assert words in text, text
    text = machine.run(2, "persist", "apply", "--view", "bar", FIRST)
    assert "--view is for add only" in text, text
    machine.is_untouched()


def test_no_free_pair(machine: Machine) -> None:
    machine.take("accelerator")
    machine.kernel.view_bar = "none"
    for options in (BAR, ("--view", "both")):
        error = error_of(machine.run_json(6, "bind", *options, FIRST))
        assert error["code"] == "UNSUPPORTED" and error["errno_name"] == "EOPNOTSUPP", error
        assert "no pair of BARs" in error["message"] and "--view region" in error["hint"], error
        assert error["message"].endswith("everything was put back"), error
        machine.is_untouched("accelerator")
        are_back(machine)
    machine.run(0, "bind", "--view", "region", "--interface", "2", FIRST)
    error = error_of(machine.run_json(6, "bind", "--view", "bar", FIRST))
    assert error["errno_name"] == "EOPNOTSUPP" and "leaves no pair of BARs" in error["message"], error
    offers(machine, {"view": "region", "interface": "2"})


def test_old_driver(machine: Machine) -> None:
    machine.kernel.make_old()
    refused(machine, 6, "UNSUPPORTED", "too old", *BAR)
    machine.run(0, "bind", FIRST)
    error = error_of(machine.run_json(6, "bind", "--view", "region", FIRST))
    assert "too old" in error["message"] and "install the driver" in error["hint"], error
    machine.run(0, "bind", FIRST)
    (view,) = (each["cxl_vfio"] for each in machine.run_json(0, "show", FIRST)["endpoints"])
    assert view["view"] is None and view["offers"] == ["region"], view
    assert "view" not in view["unavailable"], view
    machine.run(0, "unbind", FIRST)


def test_unknown_words(machine: Machine) -> None:
    """Of a driver of a later release: what does not need them goes on."""
    machine.root.write(PARAMETER, "hologram\n")
    refused(machine, 6, "UNSUPPORTED", "", *BAR)
    machine.run(0, "bind", FIRST)
    machine.run(0, "bind", FIRST)
    machine.run(0, "unbind", FIRST)


# --- when it does not work out ---


def test_driver_never_comes(machine: Machine) -> None:
    machine.take("accelerator")
    machine.kernel.refused = {OURS}
    document = machine.run_json(8, "bind", "--wait", "1", *BAR, FIRST)
    undone = [action["step"] for action in document["actions"] if action["undo"]]
    assert undone[0] == "restore_parameters", undone
    machine.is_untouched("accelerator")
    are_back(machine)


def test_device_vanishes(machine: Machine) -> None:
    machine.kernel.vanish = {FIRST}
    machine.run_json(9, "bind", "--wait", "1", *BAR, FIRST)
    are_back(machine)


def test_parameter_cannot_be_written(machine: Machine) -> None:
    machine.take("accelerator")
    document = machine.write_fails(1, PARAMETER, "EINVAL", "bind", *BAR, FIRST)
    error = error_of(document)
    assert error["path"] == f"/{PARAMETER}" and "--interface" in error["hint"], error
    machine.has("accelerator", "")
    # They could not be put back either: that is said, and the next one does it.
    assert ["module's parameters back" in each["message"] for each in document["warnings"]] == \
        [True], document["warnings"]
    assert note(machine).exists()
    machine.run(0, "bind", FIRST)
    are_back(machine)
    machine.run(0, "unbind", FIRST)
    machine.is_untouched("accelerator")


def test_at_once(machine: Machine) -> None:
    """While one sets the parameters no other one binds anything: it would have them, too."""
    machine.kernel.delay = 0.5
    runs = [machine.start("bind", *BAR, "--wait", "300", FIRST),
            machine.start("bind", "--interface", "2", "--wait", "300", SECOND)]
    for run in runs:
        out, err = run.communicate(timeout=600)
        assert run.returncode == 0, out + err
    offers(machine, BAR_OFFER)
    offers(machine, {"view": "both", "interface": "2"}, SECOND)


test_at_once.endpoints = 2


def test_lock(machine: Machine) -> None:
    machine.run(0, "unbind", FIRST)
    directory = machine.top / "run/cxlvfio"
    with open(directory / "parameters.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4242\n")
        lock.flush()
        for options in ((), BAR):
            error = error_of(machine.run_json(5, "bind", "--wait", "0", *options, FIRST))
            assert "another cxlvfio (process 4242)" in error["message"], error
        # What probes nothing does not wait for it.
        machine.run(0, "unbind", FIRST)
        fcntl.flock(lock, fcntl.LOCK_SH)
        machine.run(5, "bind", "--wait", "0", *BAR, FIRST)
        machine.is_untouched()
        # Who had it alone before is not who has it.
        machine.run(0, "bind", FIRST)
        error = error_of(machine.run_json(5, "bind", "--wait", "0", *BAR, FIRST))
        assert "another cxlvfio is binding" in error["message"], error
    machine.has(OURS, OURS)


# --- killed ---


def leave(machine: Machine, text: str = "view=both interface=current\n") -> None:
    """As a run leaves it that was killed while the driver was to have the endpoint."""
    machine.run(0, "unbind", FIRST)
    machine.root.write(PARAMETER, "bar\n")
    machine.root.write("run/cxlvfio/parameters", text)


def test_next_bind_puts_them_back(machine: Machine) -> None:
    for options, offer in (((), PARAMETERS), (BAR, BAR_OFFER)):
        leave(machine)
        for looking in (("list",), ("bind", "--dry-run", FIRST), ("unbind", FIRST)):
            machine.run(0, *looking)
            assert machine.kernel.parameters()["view"] == "bar", f"{looking} has changed it"
        (warning,) = machine.run_json(0, "bind", *options, FIRST)["warnings"]
        assert "back to view=both interface=current" in warning["message"], warning
        offers(machine, offer)
        machine.run(0, "unbind", FIRST)


def test_note_that_is_damaged(machine: Machine) -> None:
    for text in ("", "view=both", "view=../../etc\n", "x" * 300, "view=both\0interface=2\n"):
        leave(machine, text)
        error = error_of(machine.run_json(1, "bind", FIRST))
        assert error["path"] == "/run/cxlvfio/parameters" and "by hand" in error["hint"], error
        machine.is_untouched()
        note(machine).unlink()


def test_note_of_a_module_that_is_gone(machine: Machine) -> None:
    leave(machine)
    machine.forget_driver()
    machine.run(6, "bind", FIRST)
    assert not note(machine).exists(), "there is nothing that it could be put back to"


def test_killed_anywhere(machine: Machine) -> None:
    machine.take("accelerator")
    machine.be_quick()
    walked = 0
    for name in CHANGING_CALLS:
        call, more = 1, True
        while more:
            more = machine.killed_at(name, call, "bind", *BAR, FIRST)
            machine.settle()
            machine.run(0, "bind", FIRST)
            machine.has(OURS, OURS)
            are_back(machine)
            machine.run(0, "unbind", FIRST)
            machine.is_untouched("accelerator")
            call, walked = call + 1, walked + more
    assert walked > 20, f"killed at only {walked} calls: did the trace work?"


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
