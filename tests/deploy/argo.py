"""Run Metaflow's template for Argo Workflows without a cluster: each task in an empty folder.

A task gets the template's own environment and commands, a home of its own, what a secret brings,
and the code package; nothing of the checkout, and no other task's disk.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

NAMES = re.compile(r"\{\{([^}]+)\}\}")
APART = 'mount --bind "$0" /mnt && exec "$@"'  # Metaflow itself writes into /mnt/out
ORDER = ("start", "search", "choose", "report", "end")


class Cluster:
    """Runs the training's template, task by task."""

    def __init__(self, template: dict[str, Any], folder: Path, secret: dict[str, str]) -> None:
        self.folder, self.secret = folder, secret
        listed = template["spec"]["templates"]
        self.templates = {each["name"]: each for each in listed}
        self.tasks = {
            task["name"]: task for each in listed for task in each.get("dag", {}).get("tasks", ())
        }
        self.known = {
            "workflow.name": "trainflow-abcde",
            "workflow.namespace": "default",
            "workflow.creationTimestamp": "2026-01-01T00:00:00Z",
            "workflow.parameters.why": '""',
        }

    def run(self) -> None:
        """Run all of it."""
        for name in ORDER:
            if name == "search":
                splits = json.loads(self.known["tasks.start.outputs.parameters.num-splits"])
                for split in splits:
                    self._one(name, {"split-index": str(split)})
            else:
                self._one(name, {})

    def _one(self, name: str, own: dict[str, str]) -> None:
        place = self.folder / f"{name}{own.get('split-index', '')}"
        (place / "mnt" / "out").mkdir(parents=True)
        task = self.tasks["start-foreach-brackets" if name == "search" else name]
        given = {e["name"]: e.get("value", "") for e in task["arguments"]["parameters"]} | own
        inputs = {f"inputs.parameters.{key}": self._filled(each) for key, each in given.items()}
        container = self.templates[name]["container"]
        words = [self._filled(each, inputs) for each in container["command"]]
        words = [each.replace("/tmp/mf-", f"{place}/mf-") for each in words]
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", APART, str(place / "mnt"), *words],
            cwd=place,
            env=self._environment(container, place, inputs),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        for path in (place / "mnt" / "out").iterdir():
            output = path.name.replace("_", "-").replace("splits", "num-splits")
            self.known[f"tasks.{name}.outputs.parameters.{output}"] = path.read_text().strip()

    def _environment(
        self, container: dict[str, Any], place: Path, inputs: dict[str, str]
    ) -> dict[str, str]:
        said = {each["name"]: each.get("value") or "pod" for each in container["env"]}
        own = {name: self._filled(each, inputs) for name, each in said.items()}
        python = str(Path(sys.executable).parent)
        return {
            **{name: each for name, each in os.environ.items() if name.startswith("AWS_")},
            "PATH": f"{python}:{os.environ['PATH']}",
            "HOME": str(place),
            "METAFLOW_SKIP_INSTALL_DEPENDENCIES": "1",
            "ARGO_WORKFLOW_TEMPLATE": "trainflow",
            "ARGO_WORKFLOW_NAME": "trainflow-abcde",
            "ARGO_WORKFLOW_NAMESPACE": "default",
            **own,
            **self.secret,
        }

    def _filled(self, text: str, inputs: dict[str, str] | None = None) -> str:
        found = {**self.known, **(inputs or {})}
        return NAMES.sub(lambda match: found.get(match[1], ""), text)
