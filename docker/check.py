#!/usr/bin/env python3
"""Holds docker/ against the tree, without Docker: files, ports, packages, configuration.

Usage: docker/check.py [BINARY]      (build/release/spillway; needs PyYAML: build/venv has it)
Prints every disagreement and exits 1 when there is one. What needs the binary (its libraries, its
verdict on spillway.yaml) is left out, and said to be, when none is named and none is built.
"""
import os
import pathlib
import platform
import re
import subprocess
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
BUILT = "build/release/spillway"

# Where Debian keeps the libraries of this machine.
MULTIARCH = f"{platform.machine()}-linux-gnu"

# Always in the image or part of a package that is.
BASE_PACKAGES = {"libc6", "libgcc-s1"}

# What the binary loads itself, with database_url only (docs/adr/0016): not among its NEEDED.
LOADED_PACKAGES = {"libpq5"}


class Findings:
    def __init__(self):
        self.texts = []

    def expect(self, holds, text):
        if not holds:
            self.texts.append(text)


def dockerfile_lines():
    text = (HERE / "Dockerfile").read_text()
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"\\\n\s*", " ", text).splitlines()


def check_dockerfile(findings, lines, config):
    stages = [line for line in lines if line.startswith("FROM ")]
    findings.expect(len(stages) == 2 and all("debian:bookworm" in one for one in stages),
                    "Dockerfile: two stages on Debian bookworm are expected")
    copied = [line.split()[1:] for line in lines if line.startswith("COPY ")]
    findings.expect(["--from=build", f"/src/{BUILT}", "/usr/local/bin/spillway"] in copied,
                    f"Dockerfile: the binary is not copied from /src/{BUILT}")
    for words in copied:
        if not words[0].startswith("--"):
            findings.expect((ROOT / words[0]).exists(), f"Dockerfile: COPY of {words[0]}: not there")
    findings.expect((ROOT / "scripts" / "build").exists(), "Dockerfile: scripts/build: not there")
    findings.expect("USER spillway" in lines, "Dockerfile: the daemon would run as root")
    findings.expect(f"EXPOSE {config['server']['port']}" in lines,
                    "Dockerfile: EXPOSE and server.port disagree")
    findings.expect(any(line.startswith("HEALTHCHECK ") for line in lines),
                    "Dockerfile: no HEALTHCHECK")
    alive = (HERE / "alive").read_text()
    findings.expect(f"/dev/tcp/127.0.0.1/{config['server']['port']}" in alive,
                    "alive: asks another port than server.port")
    findings.expect(os.access(HERE / "alive", os.X_OK), "alive: not executable")


def check_packages(findings, lines, binary):
    """The run-time packages are exactly those whose libraries the binary names or loads."""
    install = next(line for line in lines if "--no-install-recommends" in line)
    listed = set(install.split("--no-install-recommends")[1].split("&&")[0].split())
    dynamic = subprocess.run(["readelf", "-d", binary], capture_output=True, text=True, check=True)
    needed = re.findall(r"NEEDED.*\[(.+)\]", dynamic.stdout)
    # Under either name of the folder: packages were made before /lib and /usr/lib became one.
    places = [f"{folder}/{MULTIARCH}/{library}" for library in needed for folder in ("/lib", "/usr/lib")]
    found = subprocess.run(["dpkg", "-S", *places], capture_output=True, text=True)
    owner_of = {line.rsplit("/", 1)[1]: line.split(":")[0] for line in found.stdout.splitlines()}
    for library in needed:
        findings.expect(library in owner_of, f"Dockerfile: no Debian package has {library}")
    owners = LOADED_PACKAGES | set(owner_of.values())
    for package in sorted(owners - listed - BASE_PACKAGES):
        findings.expect(False, f"Dockerfile: {package} is needed by the binary and not installed")
    for package in sorted(listed - owners - {"ca-certificates"}):
        findings.expect(False, f"Dockerfile: {package} is installed and not needed by the binary")


def environment_names(node):
    if isinstance(node, str):
        return {node.removeprefix("os.environ/")} if node.startswith("os.environ/") else set()
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return set().union(*map(environment_names, children))


def check_compose(findings, compose, config):
    services = compose["services"]
    findings.expect(set(services) == {"ollama", "models", "postgres", "spillway", "open-webui"},
                    f"compose.yaml: services are {sorted(services)}")
    port = config["server"]["port"]
    ours = services["spillway"]
    findings.expect(f"127.0.0.1:{port}:{port}" in ours["ports"],
                    "compose.yaml: spillway's port is not the one it listens on")
    findings.expect(services["open-webui"]["environment"]["OPENAI_API_BASE_URL"]
                    == f"http://spillway:{port}/v1",
                    "compose.yaml: Open WebUI is not pointed at spillway")
    for name in sorted(environment_names(config) - set(ours["environment"])):
        findings.expect(False, f"compose.yaml: spillway.yaml wants {name}, which is not set")
    for name, service in services.items():
        findings.expect(name == "models" or "healthcheck" in service,
                        f"compose.yaml: {name} has no healthcheck")
        for other in service.get("depends_on", {}):
            findings.expect(other in services, f"compose.yaml: {name} waits for unknown {other}")
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            there = (HERE / source).exists() if source.startswith(".") else source in compose["volumes"]
            findings.expect(there, f"compose.yaml: {name}: volume {source} does not exist")
    build = ours["build"]
    findings.expect((HERE / build["context"] / build["dockerfile"]).exists(),
                    "compose.yaml: the Dockerfile is not where it says")
    for deployment in config["model_list"]:
        base = deployment["litellm_params"]["api_base"]
        findings.expect(base.split("//")[1].split(":")[0] in services,
                        f"spillway.yaml: {base} is no service of compose.yaml")
    pulled = " ".join(services["models"]["command"])
    for deployment in config["model_list"]:
        model = deployment["litellm_params"]["model"].split("/", 1)[1]
        findings.expect(model == "*" or f"pull {model}" in pulled,
                        f"compose.yaml: {model} is served and never pulled")
    findings.expect(config["ledger"]["path"].startswith("/var/lib/spillway/"),
                    "spillway.yaml: the ledger is not on its volume")


class Overlay(yaml.SafeLoader):
    """Reads Compose's `!override` (replace instead of merge) as what stands behind it."""


Overlay.add_constructor("!override", lambda loader, node: loader.construct_sequence(node))


def check_second(findings, second, compose, config):
    """The overlay with another instance: built on a service that is there, sharing nothing by mistake."""
    for name, service in second["services"].items():
        base = service["extends"]
        findings.expect(name not in compose["services"], f"second.yaml: {name} is in compose.yaml, too")
        findings.expect((HERE / base["file"]).exists(), f"second.yaml: no {base['file']}")
        if base["service"] not in compose["services"]:
            findings.expect(False, f"second.yaml: {name} extends unknown {base['service']}")
            continue
        first = compose["services"][base["service"]]
        taken = {port.rsplit(":", 1)[0] for other in compose["services"].values() for port in other.get("ports", [])}
        for port in service["ports"]:
            host, inside = port.rsplit(":", 1)
            findings.expect(host not in taken, f"second.yaml: {name} listens on {host}, which is taken")
            findings.expect(inside == str(config["server"]["port"]),
                            f"second.yaml: {name}'s port is not the one it listens on")
        mounts = dict(reversed(mount.split(":")[:2]) for mount in service["volumes"])
        kept = str(pathlib.Path(config["ledger"]["path"]).parent)
        findings.expect(kept in mounts, f"second.yaml: {name} would write into the first one's ledger")
        for source in mounts.values():
            findings.expect(source in second["volumes"], f"second.yaml: {name}: volume {source} does not exist")
            findings.expect(source not in compose["volumes"], f"second.yaml: {name} shares the volume {source}")
        findings.expect("DATABASE_URL" in first["environment"],
                        f"second.yaml: {name} has no PostgreSQL to hold budgets together")


def check_configuration(findings, binary):
    environment = dict(os.environ, SPILLWAY_MASTER_KEY="sk-for-the-check",
                       DATABASE_URL="postgresql://spillway:secret@postgres:5432/spillway")
    done = subprocess.run([binary, "check", "--config", HERE / "spillway.yaml"], env=environment,
                          capture_output=True, text=True, timeout=30)
    findings.expect(done.returncode == 0,
                    "spillway.yaml: 'spillway check' refuses it:\n" + done.stdout + done.stderr)


def main():
    binary = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / BUILT)
    config = yaml.safe_load((HERE / "spillway.yaml").read_text())
    compose = yaml.safe_load((HERE / "compose.yaml").read_text())
    lines = dockerfile_lines()
    findings = Findings()
    check_dockerfile(findings, lines, config)
    check_compose(findings, compose, config)
    check_second(findings, yaml.load((HERE / "second.yaml").read_text(), Overlay), compose, config)
    if binary.exists():
        check_packages(findings, lines, binary)
        check_configuration(findings, binary)
    elif len(sys.argv) > 1:
        findings.expect(False, f"check.py: no {binary}")
    else:
        print(f"check.py: no {binary}: libraries and configuration not checked")
    for text in findings.texts:
        print(text)
    return 1 if findings.texts else 0


sys.exit(main())
