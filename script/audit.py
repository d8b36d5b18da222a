"""What ./script/audit does: pip-audit, whose own exit code is 0 when it could not ask anybody."""

import json
import subprocess
import sys
from typing import Any

FILES = ("requirements.txt", "requirements-procrastinate.txt", "requirements-otel.txt")
CLEAN, VULNERABLE, NOTHING_LEARNT = 0, 1, 3


def main(arguments: list[str]) -> int:
    listed = [part for name in FILES for part in ("--requirement", name)]
    # The lists are locked, with all that their packages need.
    fixed = ("--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off")
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", *listed, *fixed, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = done.stderr.strip().splitlines()
        reason = said[-1] if said else "nothing"
        print(f"No advisory service was reached; pip-audit said: {reason}")
        return NOTHING_LEARNT
    return judge(packages)


def judge(packages: list[dict[str, Any]]) -> int:
    """Says what was found; ``packages`` are those of pip-audit's JSON."""
    unknown = [each for each in packages if "skip_reason" in each]
    vulnerable = [each for each in packages if each.get("vulns")]
    for each in vulnerable:
        for found in each["vulns"]:
            fixed = ", ".join(found.get("fix_versions", ())) or "no version yet"
            print(f"{each['name']} {each['version']}: {found['id']}, mended in {fixed}")
    if vulnerable:
        return VULNERABLE
    if packages and len(unknown) == len(packages):
        print("No advisory service was reached: it knows not one of the packages.")
        return NOTHING_LEARNT
    if unknown or not packages:
        names = ", ".join(each["name"] for each in unknown) or "no package at all"
        print(f"The advisory service does not know: {names}.")
        return NOTHING_LEARNT
    print(f"No known vulnerability in {len(packages)} packages.")
    return CLEAN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
