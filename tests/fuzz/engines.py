#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Build and run the harnesses with libFuzzer or AFL++: what tests/fuzz/run does in the sandbox."""
import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
BUILD = TOP / "build/fuzz"
CACHE = Path(os.environ.get("CXLVFIO_CACHE", BUILD)) / "fuzz"
COMPILERS = {"libfuzzer": "clang", "afl": "afl-clang-fast"}
# One harness reads 8 KiB at most; what is longer says nothing new.
LENGTH_MAX = 8192
# Where each block came from is not worth the time it takes.
ASAN = "malloc_context_size=2:detect_leaks=1"
PLANTED = "planted"
# It takes some; whatever finds it ends there.
PLANTED_SECONDS = 200


def note(text: str) -> None:
    for line in text.splitlines():
        print(f"# {line}", flush=True)


def harnesses() -> list:
    """Those that tests/fuzz/meson.build lists."""
    text = (TOP / "tests/fuzz/meson.build").read_text(encoding="utf-8")
    return re.findall(r"'(\w+)'", re.search(r"fuzz_harnesses = \[(.*?)\]", text, re.S)[1])


def build(engine: str) -> Path:
    directory = BUILD / engine
    environment = {**os.environ, "CC": COMPILERS[engine], "AFL_QUIET": "1"}
    log = BUILD / f"{engine}.log"
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8") as output:
        # Nothing is true that was built with other packages.
        packages, origin = Path("/var/lib/dpkg/status"), BUILD / f"{engine}.origin"
        if not origin.exists() or origin.read_bytes() != packages.read_bytes():
            shutil.rmtree(directory, ignore_errors=True)
            # b_lundef: the sanitizers' functions come with the program, not with a library.
            subprocess.run(["meson", "setup", "-Dfuzz=true", "-Db_sanitize=address,undefined",
                            "-Db_lundef=false", "-Dbuildtype=debugoptimized", "-Dman=disabled",
                            "-Dcompletions=false", directory, TOP], check=True, env=environment,
                           stdout=output, stderr=output)
            shutil.copyfile(packages, origin)
        targets = [f"tests/fuzz/fuzz-{name}" for name in [*harnesses(), PLANTED]]
        subprocess.run(["ninja", "-C", directory, *targets], check=True, env=environment,
                       stdout=output, stderr=output)
    return directory / "tests/fuzz"


class Engine:
    """One run of one harness: INPUTS are directories of first inputs, NEW gets what is found."""

    def __init__(self, programs: Path, seeds: Path) -> None:
        self.programs, self.seeds = programs, seeds

    def run(self, harness: str, seconds: int) -> tuple:
        """What broke the harness, as files, and a line about the run."""
        corpus = CACHE / harness
        corpus.mkdir(parents=True, exist_ok=True)
        seeds = self.seeds / harness
        seeds.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            found, line = self.fuzz(harness, seconds, Path(scratch), corpus, seeds)
            crashes = BUILD / "crashes" / harness
            crashes.mkdir(parents=True, exist_ok=True)
            kept = []
            for file in found:
                kept.append(crashes / digest(file.read_bytes()))
                shutil.copyfile(file, kept[-1])
        return kept, line


class LibFuzzer(Engine):
    name = "libfuzzer"

    def fuzz(self, harness: str, seconds: int, scratch: Path, corpus: Path, seeds: Path) -> tuple:
        command = [self.programs / f"fuzz-{harness}", f"-max_total_time={seconds}", "-timeout=10",
                   f"-max_len={LENGTH_MAX}", f"-artifact_prefix={scratch}/", "-verbosity=1",
                   "-print_final_stats=1", corpus, seeds]
        result = subprocess.run(command, capture_output=True, text=True, errors="replace",
                                env={**os.environ, "ASAN_OPTIONS": ASAN})
        output = result.stderr
        found = [file for file in scratch.iterdir() if file.is_file()]
        if result.returncode and not found:
            raise RuntimeError(f"{command[0].name} ended with {result.returncode}:\n"
                               + output[-2000:])
        if result.returncode:
            note("\n".join(line for line in output.splitlines() if "ERROR" in line
                           or "broken:" in line or "runtime error" in line
                           or re.match(r" +#\d+ \S+ in \w+ .*/tests|/cxlvfio/", line))[:3000])
        executions = re.search(r"number_of_executed_units: *(\d+)", output)
        cover = re.findall(r"cov: (\d+)", output)
        return found, (f"{executions[1] if executions else '?'} executions, "
                       f"coverage {cover[-1] if cover else '?'}")


class Afl(Engine):
    name = "afl"
    environment = {
        "AFL_NO_UI": "1", "AFL_NO_AFFINITY": "1", "AFL_SKIP_CPUFREQ": "1",
        "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_FORKSRV_INIT_TMOUT": "30000",
    }

    def fuzz(self, harness: str, seconds: int, scratch: Path, corpus: Path, seeds: Path) -> tuple:
        inputs = scratch / "inputs"
        inputs.mkdir()
        # It runs each of them before it begins: the small ones of a large corpus will do.
        files = sorted((*seeds.iterdir(), *corpus.iterdir()), key=lambda file: file.stat().st_size)
        for file in files[:300]:
            if file.stat().st_size:
                shutil.copyfile(file, inputs / file.name)
        if not any(inputs.iterdir()):
            (inputs / "nothing").write_bytes(b"\n")
        command = ["afl-fuzz", "-V", str(seconds), "-G", str(LENGTH_MAX), "-t", "5000", "-m",
                   "none", "-i", inputs, "-o", scratch / "out", "--",
                   self.programs / f"fuzz-{harness}"]
        until = {"AFL_BENCH_UNTIL_CRASH": "1"} if harness == PLANTED else {}
        result = subprocess.run(command, capture_output=True, text=True, errors="replace",
                                env={**os.environ, **self.environment, **until})
        statistics = scratch / "out/default/fuzzer_stats"
        found = [file for kind in ("crashes", "hangs")
                 for file in (scratch / "out/default" / kind).glob("id*")]
        # A seed that breaks the harness ends it before it begins.
        broken = re.findall(r"[Tt]est case '(?:id:\d+[^']*orig:)?([0-9a-f]{40})", result.stdout)
        if not statistics.exists() and "results in a crash" in result.stdout and broken:
            found = [inputs / broken[-1]]
        elif result.returncode or not statistics.exists():
            raise RuntimeError(f"afl-fuzz ended with {result.returncode}:\n"
                               + result.stdout[-2000:] + result.stderr[-1000:])
        for file in (scratch / "out/default/queue").glob("id*+cov"):
            shutil.copyfile(file, corpus / digest(file.read_bytes()))
        text = statistics.read_text(encoding="utf-8") if statistics.exists() else ""
        executions = re.search(r"execs_done *: (\d+)", text)
        cover = re.search(r"bitmap_cvg *: (\S+)", text)
        return found, (f"{executions[1] if executions else '?'} executions, "
                       f"coverage {cover[1] if cover else '?'}")


def digest(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


def reproduce(engine: Engine, harness: str, file: Path) -> None:
    path = file.relative_to(TOP)
    program = (engine.programs / f"fuzz-{harness}").relative_to(TOP)
    redirect = "< " if engine.name == "afl" else ""
    note(f"broken by {path}, to reproduce:\n"
         f"  tests/vm/sandbox sh -c '{program} {redirect}{path}'\n"
         f"once it is understood: cp {path} tests/fuzz/regressions/{harness}/WHAT-IT-WAS")


def run_one(engine: Engine, harness: str, seconds: int) -> tuple:
    try:
        return (harness, *engine.run(harness, seconds))
    except RuntimeError as error:
        return harness, None, str(error)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/fuzz/run")
    parser.add_argument("--engine", choices=COMPILERS, default="libfuzzer")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("harness", nargs="*")
    arguments = parser.parse_args()
    names = arguments.harness or harnesses()
    unknown = set(names) - {*harnesses(), PLANTED}
    if unknown:
        parser.error(f"no harness {', '.join(unknown)}: there are {', '.join(harnesses())}")
    try:
        programs = build(arguments.engine)
    except subprocess.CalledProcessError as error:
        print(f"not ok 1 - {arguments.engine} builds")
        note(f"{error}\n" + (BUILD / f"{arguments.engine}.log").read_text(errors="replace")[-2000:])
        return 1
    failed = False
    with tempfile.TemporaryDirectory() as seeds, \
            ThreadPoolExecutor(os.cpu_count()) as pool:
        subprocess.run([sys.executable, TOP / "tests/fuzz/seeds.py", f"{seeds}/all"], check=True)
        engine = {"libfuzzer": LibFuzzer, "afl": Afl}[arguments.engine](programs,
                                                                       Path(seeds) / "all")
        print(f"1..{len(names) + 1}", flush=True)
        share = max(2, arguments.seconds * os.cpu_count() // len(names))
        runs = [pool.submit(run_one, engine, PLANTED, PLANTED_SECONDS)]
        runs += [pool.submit(run_one, engine, name, share) for name in names]
        for number, run in enumerate(runs, 1):
            harness, found, line = run.result()
            if harness == PLANTED and number == 1:
                good, what = bool(found), f"{engine.name} finds the planted overread"
            else:
                good, what = found == [], f"{engine.name} {harness}: {line}"
            print(f"{'ok' if good else 'not ok'} {number} - {what.splitlines()[0]}", flush=True)
            if found is None:
                note(line)
            elif not good:
                note(f"{line}; found: {len(found)}")
                for file in found:
                    reproduce(engine, harness, file)
            failed = failed or not good
    return failed


if __name__ == "__main__":
    sys.exit(main())
