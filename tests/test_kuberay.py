"""The manifests for KubeRay: the cluster of cluster.yaml, as Ray's autoscaler will see it, and a job that resumes."""

import re
import secrets
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ray.autoscaler._private.kuberay import autoscaling_config

from a2r_ray.cli import COMPLETE, FAILED, REJECTS, UNBALANCED, USAGE
from tests.nodes import RAY, Nodes, wait_until
from tests.test_cluster_yaml import ROLES, load

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "kuberay"


@pytest.fixture
def job() -> dict[str, Any]:
    """What the RayJob asks for."""
    spec: dict[str, Any] = load("examples/kuberay/rayjob.yaml")["spec"]
    return spec


@pytest.fixture(params=["raycluster", "rayjob"])
def spec(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The cluster of each manifest."""
    found: dict[str, Any] = load(f"examples/kuberay/{request.param}.yaml")["spec"]
    return found["rayClusterSpec"] if request.param == "rayjob" else found


@pytest.fixture
def groups(spec: dict[str, Any]) -> dict[str, Any]:
    """The worker groups by name."""
    return {group["groupName"]: group for group in spec["workerGroupSpecs"]}


def pods(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [group["template"]["spec"] for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"])]


def env(spec: dict[str, Any]) -> dict[str, str]:
    [container] = spec["headGroupSpec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"]}


def hook(spec: dict[str, Any]) -> list[str]:
    [container] = spec["headGroupSpec"]["template"]["spec"]["containers"]
    command: list[str] = container["lifecycle"]["preStop"]["exec"]["command"]
    return command


def test_the_autoscaler_sees_the_node_types_of_the_other_cluster(spec: dict[str, Any]) -> None:
    other = load("cluster.yaml")["available_node_types"]
    for group in spec["workerGroupSpecs"]:
        seen = autoscaling_config._node_type_from_group_spec(group, is_head=False)
        wanted = other.pop(group["groupName"])
        assert seen["resources"].pop("memory") > 8 * 2**30
        assert seen["resources"] == wanted["resources"]
        assert seen["labels"] == wanted["labels"]
        assert (seen["min_workers"], seen["max_workers"]) == (wanted["min_workers"], wanted["max_workers"])
        selector = group["template"]["spec"]["nodeSelector"]
        assert selector["node.kubernetes.io/instance-type"] == wanted["node_config"]["InstanceType"]
    assert list(other) == ["head"]
    head = autoscaling_config._node_type_from_group_spec(spec["headGroupSpec"], is_head=True)
    assert head["resources"]["CPU"] == 0
    assert head["labels"] == other["head"]["labels"]


@pytest.mark.parametrize(("role", "group"), ROLES.items())
def test_a_role_asks_for_the_nodes_of_its_group(groups: dict[str, Any], role: str, group: str) -> None:
    asked, offered = load("examples/cluster-qwen3.yaml")[role], groups[group]
    kind = asked["resources"]["accelerator_type"]
    assert [name for name in offered["resources"] if ":" in name] == [f"accelerator_type:{kind}"]
    assert asked["replicas"]["max"] <= offered["maxReplicas"]
    assert asked["resources"]["gpus"] == int(offered["resources"]["GPU"])
    assert asked["resources"]["cpus"] <= int(offered["resources"]["CPU"])
    [container] = offered["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == offered["resources"]["GPU"]


def test_only_explorers_are_on_spot(groups: dict[str, Any]) -> None:
    for name, group in groups.items():
        pod, market = group["template"]["spec"], "spot" if name == "explorers" else "on-demand"
        assert pod["nodeSelector"]["karpenter.sh/capacity-type"] == market
        assert ("spot" in {each.get("value") for each in pod["tolerations"]}) is (market == "spot")
        assert "nvidia.com/gpu" in {each["key"] for each in pod["tolerations"]}


def test_nodes_come_and_go_by_themselves(spec: dict[str, Any]) -> None:
    assert spec["enableInTreeAutoscaling"] is True
    assert spec["autoscalerOptions"]["version"] == "v2"
    idle_s = load("cluster.yaml")["idle_timeout_minutes"] * 60
    assert spec["autoscalerOptions"]["idleTimeoutSeconds"] == idle_s
    # What the operator refuses beside autoscaler v2, and beside labels and resources of a group.
    assert all(pod.get("restartPolicy", "Never") == "Never" for pod in pods(spec))
    assert all(group["rayStartParams"] == {} for group in spec["workerGroupSpecs"])
    assert spec["headGroupSpec"]["rayStartParams"] == {"num-cpus": "0"}
    assert "resources" not in spec["headGroupSpec"]


def test_only_who_has_the_token_is_admitted(spec: dict[str, Any]) -> None:
    assert spec["authOptions"] == {"mode": "token", "secretName": "a2r-token"}
    for path in FOLDER.glob("*.yaml"):
        assert "create secret generic a2r-token --from-literal=auth_token=" in path.read_text()


def test_the_image_has_the_ray_of_the_project(spec: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [version] = [match[1] for each in project["dependencies"] if (match := re.match(r"ray\[.*\]==(.*)", each))]
    dockerfile = (FOLDER / "Dockerfile").read_text()
    [base] = re.findall(r"^FROM rayproject/ray:(\S+)$", dockerfile, re.MULTILINE)
    assert base == f"{version}-py311-gpu"
    assert spec["rayVersion"] == version
    assert {container["image"].rpartition(":")[2] for pod in pods(spec) for container in pod["containers"]} == {base}
    for source in re.findall(r"^COPY --chown=ray (.*) \S+$", dockerfile, re.MULTILINE):
        assert all((ROOT / name).exists() for name in source.split())


def test_what_is_stopped_has_its_time(spec: dict[str, Any]) -> None:
    wait_s = int(env(spec)["RAY_JOB_STOP_WAIT_TIME_S"])
    assert f"RAY_JOB_STOP_WAIT_TIME_S={wait_s}" in (ROOT / "cluster.yaml").read_text()
    held_s = int(hook(spec)[-1].split()[-1])
    assert wait_s < held_s
    head, *workers = pods(spec)
    assert held_s < head["terminationGracePeriodSeconds"]
    for pod in workers:
        [container] = pod["containers"]
        [_, seconds] = container["lifecycle"]["preStop"]["exec"]["command"]
        assert held_s <= int(seconds) < pod["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("spec", ["raycluster"], indirect=True)  # both have the same, as is shown below
def test_the_head_s_last_act_stops_the_jobs_in_order(spec: dict[str, Any], cluster: Nodes) -> None:
    def logs() -> str:
        return str(cluster.job_server(f"{job}/logs"))

    wait_until(lambda: cluster.job_server("/api/jobs/") is not None, 120, "the dashboard does not come up")
    name = f"hook-{secrets.token_hex(4)}"
    job = f"/api/jobs/{name}"
    last_words = "trap 'echo last words; exit' TERM; echo begun; while true; do sleep 0.1; done"
    command = [RAY, "job", "submit", "--address", cluster.dashboard, "--no-wait", "--submission-id", name]
    subprocess.run([*command, "--", "bash", "-c", last_words], env=cluster.environment, check=True, capture_output=True)
    wait_until(lambda: "begun" in logs(), 60, "the job does not begin")
    *shell, script = hook(spec)
    script = script.replace("http://127.0.0.1:8265", cluster.dashboard).replace("sleep 23", "")
    environment = {key: value for key, value in cluster.environment.items() if key != "RAY_ADDRESS"}
    subprocess.run([*shell, script], env=environment, check=True, timeout=60)
    wait_until(lambda: (cluster.job_server(job) or {}).get("status") == "STOPPED", 30, "the job goes on")
    assert "last words" in logs()


def test_a_job_is_begun_again_and_continues(job: dict[str, Any]) -> None:
    assert job["backoffLimit"] > 0
    assert job["shutdownAfterJobFinishes"] is True
    # The operator refuses both beside a backoffLimit.
    assert "clusterSelector" not in job
    assert job["submissionMode"] == "HTTPMode"


@pytest.mark.parametrize(
    ("code", "succeeds"), [(COMPLETE, True), (REJECTS, True), (FAILED, False), (USAGE, False), (UNBALANCED, False)]
)
def test_rejects_are_no_reason_to_begin_again(job: dict[str, Any], code: int, succeeds: bool) -> None:  # noqa: FBT001
    shell = f"a2r() {{ return {code}; }}; {job['entrypoint']}"
    assert (subprocess.run(["bash", "-c", shell], check=False).returncode == 0) is succeeds


def test_the_job_s_config_is_where_its_command_looks(job: dict[str, Any]) -> None:
    pod = job["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]
    [mount], [volume] = pod["containers"][0]["volumeMounts"], pod["volumes"]
    assert mount["name"] == volume["name"]
    text = (FOLDER / "rayjob.yaml").read_text()
    [(name, key, source)] = re.findall(r"create configmap (\S+) --from-file=(\S+)=(\S+)", text)
    assert volume["configMap"] == {"name": name}
    assert f"a2r run {mount['mountPath']}/{key} " in job["entrypoint"]
    assert (ROOT / source).is_file()


def test_both_have_the_same_cluster(job: dict[str, Any]) -> None:
    pod = job["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]
    del pod["volumes"], pod["containers"][0]["volumeMounts"]
    assert job["rayClusterSpec"] == load("examples/kuberay/raycluster.yaml")["spec"]


def test_what_must_be_set_is_marked() -> None:
    for path in FOLDER.glob("*.yaml"):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            if re.search(r"CHANGE-ME|serviceAccountName:|karpenter|key: nvidia", line):
                assert any("# CHANGE:" in near for near in lines[max(0, number - 2) : number + 1]), line
