#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in the guest by scenarios/parity.sh: compare cxlvfio list --json with cxl list and sysfs.

And so what libcxl says, that is what cxlvfio asks it with: every object that cxl list -vvv prints.

Both versions of cxl that the sandbox has, with the combinations of object flags. Prints TAP.
"""
import json
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

SYSFS = Path("/sys/bus/cxl/devices")
TOOLS = ("cxl", "cxl-newer")
# Flags for buses, ports, endpoints, decoders, regions and memdevs, alone and as they nest, each with
# targets and idle objects. -vvv turns all of them on, and what else there is.
FLAGS = [["-vvv"]] + [["-Ti", f"-{objects}"] for objects in (
    "B", "P", "E", "D", "R", "M", "BP", "BD", "PE", "PD", "ED", "EM", "DR", "RM", "BPEDRM")]
# The word that an object of cxl's has as its first key names its kind; "memdev" is a string in
# mappings, which have "position" first.
KINDS = ("bus", "port", "endpoint", "decoder", "region", "memdev")
ASK = "/usr/local/libexec/cxlvfio/cxlvfio-libcxl"
# What libcxl 81 has no function for: the newer cxl has it from newer ones, or debugfs.
UNASKED = {"poison_injectable", "protocol_injectable", "injectable_protocol_errors",
           "extended_linear_cache_size"}
# What cxl has from a Type-3 device's mailbox: nobody asked for that device, and it gets no commands.
MAILBOX = {"alert_config", "partition_info", "firmware", "health"}
# Arrays of cxl's, as the kind of the records for their items, and what names these.
PARTS = {"dports": ("dport", "dport"), "targets": ("target", "position"),
         "mappings": ("mapping", "position")}
# Attribute of sysfs: where it differs from the key.
ATTRIBUTES = {
    "port": {"decoders_committed": "decoders_committed"},
    "endpoint": {"decoders_committed": "decoders_committed"},
    "decoder": {"resource": "start", "size": "size", "interleave_ways": "interleave_ways",
                "interleave_granularity": "interleave_granularity", "locked": "locked",
                "target_type": "target_type", "mode": "mode", "region": "region",
                "dpa_resource": "dpa_resource", "dpa_size": "dpa_size", "qos_class": "qos_class",
                "accelmem_capable": "cap_type2", "volatile_capable": "cap_ram",
                "pmem_capable": "cap_pmem"},
    "region": {"resource": "resource", "size": "size", "type": "mode", "locked": "locked",
               "interleave_ways": "interleave_ways",
               "interleave_granularity": "interleave_granularity"},
    "memdev": {"ram_size": "ram/size", "pmem_size": "pmem/size", "serial": "serial",
               "numa_node": "numa_node", "firmware_version": "firmware_version"},
}


def run(*command: str) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=True, timeout=600).stdout


def kind_of(found: dict) -> str | None:
    kind = next(iter(found), None)
    return kind if kind in KINDS else None


def objects_of_cxl(node) -> list:
    """(kind, name, object without the objects below it), of a document in any nesting."""
    if isinstance(node, list):
        return [found for item in node for found in objects_of_cxl(item)]
    if not isinstance(node, dict):
        return []
    kind = kind_of(node)
    found = []
    own = {}
    for key, value in node.items():
        # "decoders:port1", "regions:decoder0.0", "root decoders", "anon memdevs", "memdev": {...}
        is_container = ":" in key or key.rpartition(" ")[2].removesuffix("s") in KINDS and \
            isinstance(value, (list, dict))
        if kind and key in MAILBOX:
            continue
        if kind and not is_container:
            own[key] = value
        else:
            found += objects_of_cxl(value)
    return found + ([(kind, node[kind], own)] if kind else [])


def objects_of_cxlvfio(document: dict) -> dict:
    """Every object under (kind, name): the whole ones of the machine, and those of endpoints."""
    found = {}

    def add(kind: str, item: dict) -> None:
        found.setdefault((kind, item[kind]), []).append(item)

    for bus in document["buses"]:
        add("bus", bus)
    for window in document["windows"]:
        add("decoder", window)
    for port in document["ports"]:
        add("port", port)
        for decoder in port["decoders"]:
            add("decoder", decoder)
    for endpoint in document["endpoints"]:
        # What has no driver of the CXL core has a memdev alone.
        for kind, key in (("endpoint", "endpoint_info"), ("memdev", "memdev_info"),
                          ("decoder", "root_decoder")):
            if endpoint[key]:
                add(kind, endpoint[key])
        for decoder in endpoint["decoders"]:
            add("decoder", decoder)
        for region in endpoint["regions"]:
            add("region", region)
        for port in endpoint["ports"]:
            for decoder in port["decoders"]:
                add("decoder", decoder)
    return found



def differences(theirs, ours, path: str) -> list:
    """What THEIRS has and OURS has not, or otherwise. Arrays of objects are sets."""
    if isinstance(theirs, dict):
        if not isinstance(ours, dict):
            return [f"{path}: {ours!r} is no object"]
        return [problem for key, value in theirs.items()
                for problem in (differences(value, ours[key], f"{path}.{key}") if key in ours
                                else [f"{path}.{key} is missing"])]
    if isinstance(theirs, list):
        if not isinstance(ours, list) or len(ours) != len(theirs):
            return [f"{path}: {len(theirs)} elements there, here {ours!r}"]
        if theirs and isinstance(theirs[0], dict):
            name = next(iter(theirs[0]))
            theirs = sorted(theirs, key=lambda item: (str(item[name]), item.get("id", 0)))
            ours = sorted(ours, key=lambda item: (str(item.get(name)), item.get("id", 0)))
        return [problem for index, (one, other) in enumerate(zip(theirs, ours))
                for problem in differences(one, other, f"{path}[{index}]")]
    if type(theirs) is not type(ours) or theirs != ours:
        return [f"{path}: {theirs!r} there, here {ours!r}"]
    return []


def compare_with_cxl(tool: str, flags: list, ours: dict, seen: set) -> list:
    text = run(tool, "list", *flags)
    found = objects_of_cxl(json.loads(text or "[]"))
    problems = [] if found else ["cxl lists nothing"]
    for kind, name, item in found:
        seen.add((kind, name))
        if (kind, name) not in ours:
            problems.append(f"{kind} {name} is missing")
        # One with everything is there; the others say the same about what they have.
        elif all(differences(item, candidate, name) for candidate in ours[kind, name]):
            problems += differences(item, ours[kind, name][0], name)
    return problems


def records_of_libcxl() -> dict:
    """Facts, all of them strings, under (kind, name)."""
    strings = run(ASK, "all").split("\0")[:-1]
    found = {}
    for kind, name, key, value in zip(*[iter(strings)] * 4):
        found.setdefault((kind, name), {})[key] = value
    return found


def same_value(wanted, value: str | None) -> bool:
    if value is None or isinstance(wanted, str):
        return value == wanted
    return value == (str(wanted).lower() if isinstance(wanted, bool) else str(wanted))


def compare_with_libcxl(tool: str, records: dict) -> list:
    """Every object of cxl list -vvv in the records, with what is in its arrays."""
    problems = []
    for kind, name, item in objects_of_cxl(json.loads(run(tool, "list", "-vvv"))):
        expected = {(kind, name): item}
        for key, (part, word) in PARTS.items():
            expected |= {(part, f"{name}/{each[word]}"): each for each in item.get(key, [])}
        for place, facts in expected.items():
            problems += [f"{place}.{key} is {value!r}, of libcxl {records.get(place)}"
                         for key, value in facts.items()
                         if not isinstance(value, list) and key not in UNASKED and
                         (tool == TOOLS[0] or (kind, key) != ("region", "locked")) and
                         not same_value(value, records.get(place, {}).get(key))]
    return problems


def compare_endpoints(document: dict) -> list:
    """Both witnesses have each Type-2 endpoint that has a memdev, and do not contradict."""
    problems = [str(warning) for warning in document["warnings"]]
    for endpoint in document["endpoints"]:
        problems += [f"{endpoint['host']}: {finding}" for finding in endpoint["findings"]
                     if "libcxl" in finding["id"] or "sysfs" in finding["id"]]
        if endpoint["memdev"] and endpoint["found_by"][:2] != ["libcxl", "sysfs"]:
            problems.append(f"{endpoint['host']}: found by {endpoint['found_by']}")
        if endpoint["memdev"] and not endpoint["libcxl"]["objects"]:
            problems.append(f"{endpoint['host']}: {endpoint['libcxl']}")
    return problems


def compare_with_sysfs(ours: dict) -> list:
    """Every attribute that is there, in whatever object: same value; what is not there is null."""
    problems = []
    for (kind, name), items in ours.items():
        for key, attribute in ATTRIBUTES.get(kind, {}).items():
            file = SYSFS / name / attribute
            text = file.read_text(encoding="ascii").strip() if file.exists() else ""
            for item in items:
                value = item.get(key)
                if isinstance(value, bool):
                    same = text == str(int(value))
                elif isinstance(value, int):
                    same = bool(text) and int(text, 0) == value
                elif key == "numa_node":
                    same = text in ("", "-1")
                else:
                    same = (value or "") == text
                if not same and key in item:
                    problems.append(f"{name}/{attribute} is {text!r}, {key} is {value!r}")
    return problems


def compare_links(ours: dict) -> list:
    problems = []
    for (kind, name), items in ours.items():
        expected = {}
        if kind in ("port", "endpoint"):
            expected = {"host": "uport", "parent_dport": "parent_dport"}
        for key, link in expected.items():
            target = (SYSFS / name / link).resolve().name
            problems += [f"{name}/{link} leads to {target}, {key} is {item[key]!r}"
                         for item in items if item[key] != target]
        if kind in ("port", "bus"):
            links = {path.resolve().name for path in (SYSFS / name).glob("dport[0-9]*")}
            named = {dport["dport"] for dport in items[0]["dports"]}
            if links != named or items[0]["nr_dports"] != len(links):
                problems.append(f"{name} has {sorted(links)}, dports are {sorted(named)}")
    return problems


def compare(stage: str) -> list:
    """[(text, problems)] of everything, as it is now."""
    document = json.loads(run("cxlvfio", "list", "--all", "--json"))
    ours = objects_of_cxlvfio(document)
    results = []
    for tool in TOOLS:
        version = run(tool, "--version").strip()
        seen = set()
        for flags in FLAGS:
            results.append((f"cxl {version}: list {' '.join(flags)}",
                            compare_with_cxl(tool, flags, ours, seen)))
        kinds = {kind for kind, _ in seen}
        results.append((f"cxl {version}: it listed objects of every kind", set(KINDS) - kinds))
        results.append((f"cxl {version}: it listed every object that is in the document",
                        set(ours) - seen))
    records = records_of_libcxl()
    for tool in TOOLS:
        results.append((f"{tool} list -vvv: libcxl says the same of every object",
                        compare_with_libcxl(tool, records)))
    results.append(("libcxl and sysfs have every endpoint and do not differ",
                    compare_endpoints(json.loads(run("cxlvfio", "show", "all", "--json")))))
    results.append(("attributes in sysfs", compare_with_sysfs(ours)))
    results.append(("links in sysfs", compare_links(ours)))
    return [(f"{stage}{text}", problems) for text, problems in results]


def unbind_expanders() -> list:
    """Type-3 devices lose the CXL core's driver; their memdevs stay."""
    listed = json.loads(run("cxlvfio", "list", "--all", "--json"))["endpoints"]
    memdevs = [each["memdev"] for each in listed if each["cxl_type"] == 3]
    for memdev in memdevs:
        Path("/sys/bus/cxl/drivers/cxl_mem/unbind").write_text(memdev)
    return memdevs


def disable_region() -> bool:
    """As an operator would, of an endpoint's own region."""
    return not subprocess.run(["cxl", "disable-region", "-f", "region0"], check=False,
                              stdout=subprocess.DEVNULL).returncode


def main() -> int:
    # It is mounted in no machine by itself, and the newer cxl prints what is in it.
    subprocess.run(["mount", "-t", "debugfs", "none", "/sys/kernel/debug"],
                   stderr=subprocess.DEVNULL, check=False)
    tap = Tap()
    versions = {run(tool, "--version").strip() for tool in TOOLS}
    tap.say(len(versions) == len(TOOLS), "they are two versions", versions)
    results = compare("")
    if unbind_expanders():
        results += compare("a memdev without a driver: ")
        tap.say(disable_region(), "cxl disable-region disables region0")
        results += compare("a region that is disabled: ")
    for text, problems in results:
        tap.say(not problems, text, *list(problems)[:20])
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
