"""A run as a Ray job on a cluster elsewhere: sent there, followed to its end, stopped with whoever follows it.

- With the job go a folder (``parcel``), this package unless the cluster has it, and environment variables, by name.
- The job does not need its follower: a lost connection is made again, and where it cannot be, the job goes on.
- The exit code is that of the run.
"""

import asyncio
import logging
import os
import queue
import re
import secrets
import shlex
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from ray.exceptions import AuthenticationError
from ray.job_submission import JobStatus, JobSubmissionClient

import a2r_ray
from a2r_ray.cluster.parcel import Parcel
from a2r_ray.config.schema import Config
from a2r_ray.config.secrets import public
from a2r_ray.errors import A2RError, ConfigError, Stopped

_COMMAND = ("python", "-c", "from a2r_ray.cli import main; main()")
"""``a2r``, also where only the package was sent and nothing is installed."""
_STOP_WAIT_S = "20"
"""What a run that is stopped may need to write down what it has; Ray by itself gives it 3 s."""
_PATIENCE_S = 300.0
_AGAIN_S = 2.0

Write = Callable[[str], None]


@dataclass(frozen=True)
class Submission:
    """A run that is to be submitted."""

    config: Path
    """The config file, in the folder of the parcel."""
    parcel: Parcel
    options: Sequence[str] = ()
    """Of ``a2r run``."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables of the job; there may be secrets among them."""
    requirements: Sequence[str] = ()
    """Packages that Ray installs for the job, on each node."""
    installed: bool = False
    """Whether the cluster's own a2r_ray is used."""

    def entrypoint(self) -> str:
        name = self.config.relative_to(self.parcel.folder).as_posix()
        return shlex.join([*_COMMAND, "run", name, *self.options])

    def runtime_env(self) -> dict[str, Any]:
        """Of the job, as Ray takes it."""
        env: dict[str, Any] = {
            "working_dir": str(self.parcel.folder),
            "excludes": ["__pycache__"],
            # The job's supervisor reads it, in the environment of the job: it need not be set for the cluster.
            "env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": _STOP_WAIT_S, **self.environment},
        }
        if not self.installed:
            env["py_modules"] = [str(Path(a2r_ray.__file__).parent)]
        if self.requirements:
            env["pip"] = list(self.requirements)
        return env


@dataclass(frozen=True)
class Job:
    """A job on a cluster."""

    client: JobSubmissionClient
    address: str
    """Of the cluster, as it may be shown."""
    name: str

    def __str__(self) -> str:
        return f"job {self.name} on {self.address}"


def handed_over(config: Config, names: Sequence[str]) -> dict[str, str]:
    """The environment variables of this process that a run needs: those named, and the keys of its servers.

    Raises:
        ConfigError: one that was named is not set here. What follows a "=" is not repeated: it may be a secret.
    """
    bad = [
        f"--env {name.partition('=')[0]}: only the name; the value is read from here" for name in names if "=" in name
    ]
    bad += [
        f"--env {name}: no such environment variable here"
        for name in names
        if "=" not in name and name not in os.environ
    ]
    if bad:
        raise ConfigError(bad)
    roles = [role for role in (config.explorer, config.synthesizer) if role is not None and role.engine == "openai"]
    # A key that is not set here may be on the cluster, or none be needed.
    keys = [role.api_key_env for role in roles if os.environ.get(role.api_key_env)]
    return {name: os.environ[name] for name in (*keys, *names)}


def connect(address: str | None) -> JobSubmissionClient:
    """Speaks to a cluster's job server.

    Args:
        address: its URL, the scheme may be missing; by default what RAY_API_SERVER_ADDRESS or RAY_ADDRESS name.

    Raises:
        ConfigError: there is no address.
        A2RError: nobody answers, or not to us.
    """
    if address is None:
        address = os.environ.get("RAY_API_SERVER_ADDRESS") or os.environ.get("RAY_ADDRESS")
    elif ":" in address and "://" not in address:
        address = f"http://{address}"
    if not address:
        raise ConfigError(["--address: missing, such as http://localhost:8265; or set RAY_API_SERVER_ADDRESS"])
    # Ray would let these variables overrule the address.
    os.environ["RAY_API_SERVER_ADDRESS"] = address
    # Its client tells of each package and connection, whatever the level of its loggers is set to.
    for handler in logging.getLogger("ray").handlers:
        handler.setLevel(logging.ERROR)
    with _answered(public(address)):
        return JobSubmissionClient(address)


def submit(client: JobSubmissionClient, order: Submission) -> Job:
    """Sends what goes along and has the job begun; a signal meanwhile leaves no job behind.

    Raises:
        A2RError: the cluster does not take it.
    """
    stem = re.sub(r"[^A-Za-z0-9_-]", "-", order.config.stem)
    job = Job(client, public(client.get_address()), f"a2r-{stem}-{secrets.token_hex(4)}")
    try:
        with _answered(job.address):
            client.submit_job(entrypoint=order.entrypoint(), runtime_env=order.runtime_env(), submission_id=job.name)
    except (Stopped, KeyboardInterrupt):
        with suppress(A2RError), _answered(job.address):
            client.stop_job(job.name)
        raise
    return job


def follow(job: Job, write: Write) -> int:
    """Hands over what the job prints, until it has ended; a signal has the job stopped in order first.

    Returns:
        The exit code of the run.

    Raises:
        A2RError: the job ended without one, or cannot be seen any more.
        Stopped: by a signal, and so was the job.
    """
    log = _Log(job)
    try:
        log.copy(write)
    except (Stopped, KeyboardInterrupt):
        write(f"\nstopping {job}: it writes down what it has; a second signal leaves that to itself\n")
        with _answered(job.address):
            job.client.stop_job(job.name)
        log.copy(write)
        if _details(job).status == JobStatus.STOPPED:
            raise
    return _exit_code(job)


def _exit_code(job: Job) -> int:
    details = _details(job)
    if details.status == JobStatus.SUCCEEDED:
        return 0
    if details.status == JobStatus.STOPPED:
        return 128 + signal.SIGTERM
    if details.driver_exit_code is None:
        raise A2RError(f"{job}: {details.message}")
    code = int(details.driver_exit_code)
    return code if code >= 0 else 128 - code


def _details(job: Job) -> Any:
    with _answered(job.address):
        return job.client.get_job_info(job.name)


class _Log:
    """What a job prints, read in a thread of its own: so a signal finds the main thread waiting, and nothing broken.

    Each connection gives the log from its beginning; what was read before is left out.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._texts: queue.SimpleQueue[str | A2RError | None] = queue.SimpleQueue()
        self._seen = 0
        threading.Thread(target=lambda: asyncio.run(self._read()), daemon=True).start()

    def copy(self, write: Write) -> None:
        """Hands it over to its end; may be called again after an interruption."""
        while (text := self._texts.get()) is not None:
            if isinstance(text, A2RError):
                raise text
            write(text)

    async def _read(self) -> None:
        lost_at: float | None = None
        while True:
            seen_before, error = self._seen, await self._read_once()
            if error is None:
                self._texts.put(None)
                return
            if lost_at is None or self._seen > seen_before:
                lost_at = time.monotonic()
                self._texts.put(f"a2r: the connection to {self._job} is lost ({error}); trying again\n")
            if time.monotonic() - lost_at > _PATIENCE_S:
                self._texts.put(_out_of_sight(self._job, error))
                return
            await asyncio.sleep(_AGAIN_S)

    async def _read_once(self) -> str | None:
        """Reads over one connection; returns why that ended before the job did."""
        left_out = self._seen
        try:
            async for text in self._job.client.tail_job_logs(self._job.name):
                new = text[left_out:]
                left_out = max(0, left_out - len(text))
                if new:
                    self._seen += len(new)
                    self._texts.put(new)
            return None if self._job.client.get_job_status(self._job.name).is_terminal() else "the server has closed it"
        except (OSError, RuntimeError, aiohttp.ClientError, AuthenticationError) as error:
            return _first_line(error)


def _out_of_sight(job: Job, why: str) -> A2RError:
    return A2RError(
        f"{job}: out of sight for {_PATIENCE_S:g} s ({why}). It may go on: once the cluster can be reached, see "
        f"`ray job logs --follow {job.name}`; the same command continues the run"
    )


@contextmanager
def _answered(address: str) -> Iterator[None]:
    """Says what to do where a job server does not answer, or not to us."""
    try:
        yield
    except AuthenticationError as error:
        raise A2RError(
            f"{address}: the cluster admits only who has its token: set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or "
            f"RAY_AUTH_TOKEN_PATH ({_first_line(error)})"
        ) from error
    except OSError as error:
        raise A2RError(
            f"{address}: no answer: is the cluster up, and its port 8265 forwarded to here, as by `ray dashboard` or "
            f"`kubectl port-forward`? ({_first_line(error)})"
        ) from error
    except RuntimeError as error:
        agent = "; the head's agent for jobs is not up yet, or has found its port taken (see dashboard_agent.log there)"
        raise A2RError(f"{address}: {_first_line(error)}{agent * ('No available agent' in str(error))}") from error


def _first_line(error: BaseException) -> str:
    return public(str(error).strip().partition("\n")[0]) or type(error).__name__
