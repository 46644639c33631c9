#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in a guest by scenarios/metrics.sh: from the driver's counters to an alert that fires.

node_exporter reads the text file that `cxlvfio metrics` writes, Prometheus reads node_exporter and
has the alerts of share/prometheus, all on loopback. Prints TAP.
"""
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]
from tap import Tap  # noqa: E402  (nothing is left in the source tree)
from vfio import Device  # noqa: E402

RULES = "/src/share/prometheus/cxlvfio.rules.yml"
EXPORTER, PROMETHEUS = "127.0.0.1:9100", "127.0.0.1:9090"
PATIENCE = 600
EVERY = 5
CYCLES = 3


class Chain:
    def __init__(self, directory: Path) -> None:
        self.file = directory / "textfile" / "cxlvfio.prom"
        self.file.parent.mkdir()
        (directory / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": f"{EVERY}s", "evaluation_interval": f"{EVERY}s"},
            "rule_files": [RULES],
            "scrape_configs": [{"job_name": "node", "static_configs": [{"targets": [EXPORTER]}]}],
        }))
        self.log = open(directory / "log", "w+b")
        self.processes = [subprocess.Popen(command, stdout=self.log, stderr=self.log) for command in (
            ["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
             f"--collector.textfile.directory={self.file.parent}", f"--web.listen-address={EXPORTER}"],
            ["prometheus", f"--config.file={directory / 'prometheus.yml'}",
             f"--storage.tsdb.path={directory / 'data'}", f"--web.listen-address={PROMETHEUS}"])]
        self.stop = threading.Event()
        self.failures: list = []
        self.writer = threading.Thread(target=self.write)
        self.writer.start()

    def write(self) -> None:
        """As cxlvfio-metrics.timer does."""
        while not self.stop.wait(EVERY):
            result = subprocess.run(["cxlvfio", "metrics", "--textfile", str(self.file)],
                                    capture_output=True, timeout=PATIENCE)
            if result.returncode or result.stdout or result.stderr:
                self.failures.append(result)

    def query(self, text: str) -> list:
        """The samples, also those of no value; nothing while Prometheus does not answer yet."""
        url = f"http://{PROMETHEUS}/api/v1/query?query={urllib.parse.quote(text)}"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return json.load(answer)["data"]["result"]
        except OSError:
            return []

    def wait_for(self, text: str, there: bool = True) -> list | None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = self.query(text)
            if bool(found) == there:
                return found
            time.sleep(EVERY)
        return None

    def end(self) -> None:
        self.stop.set()
        self.writer.join()
        for process in self.processes:
            process.terminate()
            process.wait(timeout=PATIENCE)

    def tail(self) -> str:
        self.log.flush()
        return Path(self.log.name).read_text(errors="replace")[-2000:]


def check(tap: Tap, chain: Chain, host: str) -> None:
    driver = Path("/sys/bus/pci/devices") / host / "cxl_vfio"
    result = subprocess.run(["cxlvfio", "verify", "--cycles", str(CYCLES), "--sample", "64", "--yes",
                             host], capture_output=True, timeout=PATIENCE)
    tap.say(result.returncode == 0, "a proof", result.stdout.decode(), result.stderr.decode())
    found = chain.wait_for(f'cxlvfio_proof_cycles{{host="{host}"}} == {CYCLES}')
    tap.say(bool(found), "it is in Prometheus, by way of the text file and node_exporter",
            chain.tail(), chain.failures, chain.file.read_text() if chain.file.exists() else None)
    tap.say(bool(chain.wait_for(f'cxlvfio_proof_verdict{{cxlvfio_proof_verdict="pass"}} == 1')),
            "with its verdict")
    zaps = (driver / "zap_count").read_text().strip()
    tap.say(bool(chain.wait_for(f'cxlvfio_zaps_total{{host="{host}"}} == {zaps}')),
            f"and the driver's counters: {zaps} zaps", chain.query("cxlvfio_zaps_total"))
    tap.say(not chain.query('ALERTS{alertstate="firing"}'), "no alert fires",
            chain.query("ALERTS"))
    with Device(host) as device:
        subprocess.run(["tests/vm/guest/endpointctl", "0", "fault", "decoder-lost"], check=True)
        device.reset()
        firing = chain.wait_for('ALERTS{alertname="CxlMemoryRefused",alertstate="firing"}')
        tap.say(bool(firing) and firing[0]["metric"]["host"] == host,
                "the decoder is lost: the alert fires, and names the endpoint", firing,
                chain.query("ALERTS"), (driver / "state").read_text())
        subprocess.run(["tests/vm/guest/endpointctl", "0", "clear", "all"], check=True)
        subprocess.run(["tests/vm/guest/endpointctl", "0", "firmware"], check=True)
        device.reset()
        tap.say(chain.wait_for('ALERTS{alertname="CxlMemoryRefused"}', False) == [],
                "a reset makes it good: the alert ends", chain.query("ALERTS"))
    tap.say(not chain.failures, "every page was written without a word", chain.failures[:3])


def main() -> int:
    tap = Tap()
    listed = subprocess.run(["cxlvfio", "list", "--json"], capture_output=True, check=True)
    host = json.loads(listed.stdout)["endpoints"][0]["host"]
    with tempfile.TemporaryDirectory() as directory:
        chain = Chain(Path(directory))
        try:
            check(tap, chain, host)
        finally:
            chain.end()
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
