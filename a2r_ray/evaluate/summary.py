"""What a run folder shows in a few lines: how many were answered, how well, at what price.

What was not synthesized is said with its reasons, and so is who was simulated; accuracies are over every problem whose
right answer is known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.config.schema import Price
from a2r_ray.evaluate.counts import Reasons, how_often, problems_of_their_own, reasons, seconds, uncounted, whole
from a2r_ray.evaluate.metrics import Accuracy, Share, accuracies
from a2r_ray.method.conclude import UNANIMOUS
from a2r_ray.method.cost import cost_usd, total
from a2r_ray.runs import table
from a2r_ray.runs.status import NO_ANSWER
from a2r_ray.runs.storage import Storage

_COLUMNS = [
    "answer",
    "correct",
    "vote_correct",
    "path_correct",
    "reference_answer",
    "route",
    "error",
    "undecided",
    "answer_kind",
]
_TOKENS = ["explorer_prompt_tokens", "explorer_completion_tokens"]

_PAID_BY = {
    "explorer": "explorer",
    "synthesizer": "synthesizer",
    "superseded": "synthesizer",
    "superseded_paths": "explorer",
}
"""At whose price the receipt's tokens are, by what they went to."""


@dataclass(frozen=True)
class Summary:
    """The figures of a run."""

    run: str
    outcome: str
    config: Mapping[str, Any]
    """As ``run.json`` has it."""
    simulated: tuple[str, ...]
    """The roles that were."""
    receipt: Mapping[str, Any]
    routes: Mapping[str, int]
    not_synthesized: Reasons
    """Why results, and problems that were refused, are not what a synthesis said; empty without a synthesizer."""
    refused: int
    """Problems that were rejected where they were to be synthesized."""
    unanswered: Reasons
    """Why results, and rejected problems, have no answer."""
    accuracy: Accuracy
    synthesized: Accuracy
    """Of the problems that were synthesized alone."""
    brought: tuple[int, int]
    """Prompt and completion tokens of the paths that were brought: no part of the receipt."""
    uncounted: int
    """Replies of which a server did not say how many tokens they took, at least of the prompt."""
    kinds: Mapping[str, int]
    """How many results have an answer of which kind, the most first."""
    used: int
    """Paths that results are of."""
    undecided: int
    """Comparisons of answers that took more than they may, and count as different."""
    seconds: Mapping[str, Mapping[str, float]]
    """Per pool: ``replicas`` seen, ``ready`` and ``busy`` replica-seconds of this attempt, and ``running``, the seconds
    of all its requests; empty where not watched."""

    @property
    def mostly_unanswered(self) -> str:
        """What to say first where most problems have no answer; "" where most have one."""
        receipt = self.receipt
        problems = receipt["ok"] + receipt["failed"]
        without = receipt["unanswered"] + receipt["failed"]
        if 2 * without <= problems:
            return ""
        paths = receipt["paths"]
        cut = 2 * paths["cut_off"] > paths["stored"]
        remedy = f"; {paths['cut_off']:,} of {paths['stored']:,} paths were cut off at max_tokens" if cut else ""
        return f"{without:,} of {problems:,} have no answer: {_listed(self.unanswered)}{remedy}"

    @property
    def cost_usd(self) -> float | None:
        """What the receipt's tokens cost, those that were paid twice included; None where a price is missing."""
        tokens = self.receipt["tokens"]
        costs = [
            cost_usd(self._price(role), tokens[name]["prompt"], tokens[name]["completion"])
            for name, role in _PAID_BY.items()
        ]
        return total([*costs, self._paid_twice])

    @property
    def _paid_twice(self) -> float | None:
        """At the dearest price: nobody knows whose tokens were lost."""
        roles = [role for role in ("explorer", "synthesizer") if self.config[role]]
        costs = [cost_usd(self._price(role), 0, self.receipt["tokens"]["paid_twice"]) for role in roles]
        return None if None in costs else max((cost for cost in costs if cost is not None), default=0.0)

    def lines(self) -> list[tuple[str, str]]:
        """Name and value of each line of the table."""
        return [(name, value) for name, value in self._lines() if value]

    def _lines(self) -> Iterator[tuple[str, str]]:
        receipt = self.receipt
        yield "NO ANSWERS", self.mostly_unanswered
        if self.simulated:
            both = " and ".join(self.simulated)
            yield "SIMULATED", f"{both}: no model ran, texts, answers and tokens are drawn, not generated"
        yield "models", "; ".join(self._models())
        limit = self.config["input"]["limit"]
        limited = "" if limit is None else f" (input.limit is {limit:,})"
        yield "problems", f"{receipt['input']:,} rows{limited}, {receipt['duplicate']:,} duplicates"
        yield "answered", f"{receipt['answered']:,} of {receipt['ok']:,} results ({self._routes()})"
        if self.not_synthesized:
            count = sum(count for count, _ in self.not_synthesized.values())
            problems = receipt["ok"] + self.refused
            yield "no synthesis", f"{count:,} of {problems:,}: {_listed(self.not_synthesized)}"
        yield "skipped", self._skipped()
        yield "rejected", f"{receipt['failed']:,}"
        yield "answers", self._answers()
        yield from self._accuracies()
        yield "paths", self._paths()
        yield "settled", self._settled()
        for role in ("explorer", "synthesizer"):
            yield role, self._role(role)
        yield "made again", self._made_again()
        yield "brought", self._brought()
        yield "cost", self._cost()
        yield "receipt", "balanced" if receipt["balanced"] else "DOES NOT ADD UP"
        yield "files", ", ".join(f"{self.run}/{name}/*.parquet" for name in ("results", "rejects") if self._holds(name))

    def _holds(self, name: str) -> bool:
        return bool(self.receipt[{"results": "ok", "rejects": "failed"}[name]])

    def _models(self) -> Iterator[str]:
        explorer, synthesizer = self.config["explorer"], self.config["synthesizer"]
        if self.config["input"]["source"] == "paths":
            yield "paths brought" + (f", {_many(explorer['paths'])} a problem at most" if explorer else "")
        elif explorer:
            count = _many(explorer["paths"])
            yield f"{explorer['model']} explores, {count} path{'s' * (count != '1')} a problem"
        yield f"{synthesizer['model']} synthesizes" if synthesizer else "the vote answers"

    def _routes(self) -> str:
        named = {NO_ANSWER.get(route, route): count for route, count in sorted(self.routes.items())}
        return ", ".join(f"{count:,} {route}" for route, count in named.items()) or "none"

    def _skipped(self) -> str:
        count, share = self.routes.get(UNANIMOUS, 0), self.config["method"]["skip_at_share"]
        if share is None:
            return ""
        made, tokens = self.routes.get("synthesized", 0), self.receipt["tokens"]["synthesizer"]
        spared = sum(tokens.values()) * count // made if made else 0
        about = f"; about {spared:,} tokens spared, as the syntheses that were made took" if spared else ""
        return f"{count:,} of {self.receipt['ok']:,} syntheses: {share:.0%} of the paths agreed{about}"

    def _answers(self) -> str:
        if not self.kinds:
            return ""
        few = len(self.kinds) == 1
        shown = ", ".join(kind if few else f"{kind} {count:,}" for kind, count in self.kinds.items())
        undecided = f"; {self.undecided:,} comparisons took too long, and count as different" if self.undecided else ""
        return f"of kind {shown}{undecided}"

    def _accuracies(self) -> Iterator[tuple[str, str]]:
        accuracy = self.accuracy
        if not accuracy.scored:
            yield "accuracy", "no reference answers"
            return
        rejected = f" ({accuracy.rejected:,} of them rejected, and so wrong)" if accuracy.rejected else ""
        yield "accuracy", f"of {accuracy.scored:,} problems with a known answer{rejected}, and 95% intervals"
        yield "  a path", _shown(accuracy.path)
        yield "  the vote", _shown(accuracy.vote)
        if not self.config["synthesizer"]:
            return
        if not self.synthesized.scored:
            every = (
                ": every answer is the vote" if self.receipt["answered"] and "synthesized" not in self.routes else ""
            )
            yield "  A2R", f"nothing that was synthesized has a known answer{every}"
            return
        alone = self.synthesized
        parts = "" if alone.scored == accuracy.scored else f"; of the {alone.scored:,} synthesized {_shown(alone.a2r)}"
        yield "  A2R", f"{_shown(accuracy.a2r)}{parts}"

    def _paths(self) -> str:
        paths = self.receipt["paths"]
        if not paths["stored"] and self.config["input"]["source"] == "paths":
            return ""  # they are in the folder of another run
        return f"{paths['stored']:,}, of which {paths['errors']:,} failed and {paths['cut_off']:,} were cut off"

    def _settled(self) -> str:
        """How many paths a problem took where that hangs on its vote."""
        rule = (self.config["explorer"] or {}).get("paths")
        if not isinstance(rule, Mapping) or rule["until"] is None or not self.receipt["ok"]:
            return ""
        until = rule["until"] if rule["until"] == "decided" else f"{rule['confidence']:.0%} {rule['until']}"
        mean = self.used / self.receipt["ok"]
        return f"{mean:.2f} of {rule['max']} paths a problem, until its vote was {until}"

    def _role(self, role: str) -> str:
        if not self._is_asked(role):
            return ""
        text = _tokens(self.receipt["tokens"][role])
        pool = next((name for name in self.seconds if role in name.split("+")), None)
        if pool is None:
            return text
        seconds = self.seconds[pool]
        shared = "" if pool == role else ", shared by both roles"
        return f"{text}; {seconds['busy']:,.0f} s busy of {seconds['ready']:,.0f} replica-seconds{shared}"

    def _is_asked(self, role: str) -> bool:
        return bool(self.config[role]) and not (role == "explorer" and self.config["input"]["source"] == "paths")

    def _made_again(self) -> str:
        names = {"superseded": "syntheses", "superseded_paths": "paths"}
        tokens = self.receipt["tokens"]
        parts = [f"{what}: {_tokens(tokens[name])}" for name, what in names.items() if any(tokens[name].values())]
        parts += [f"paid twice: {tokens['paid_twice']:,} completion tokens"] if tokens["paid_twice"] else []
        return "; ".join(parts)

    def _brought(self) -> str:
        if not any(self.brought):
            return ""
        prompt, completion = self.brought
        cost = cost_usd(self._price("explorer"), prompt, completion)
        at = "" if cost is None else f", ${cost:.4f}"
        return f"{_tokens({'prompt': prompt, 'completion': completion})}{at}: paid elsewhere, in no other figure"

    def _cost(self) -> str:
        if not (self.config["explorer"] or self.config["synthesizer"]):
            return ""
        if self.cost_usd is None:
            asked = [role for role in ("explorer", "synthesizer") if self._is_asked(role)]
            lacking = [role for role in asked if self._price(role) is None]
            return f"no price given for the {' and the '.join(lacking)}"
        twice = f", of which ${self._paid_twice:.4f} paid twice" if self._paid_twice else ""
        of_unknown = f"; {self.uncounted:,} replies came without a usage, and cost more" if self.uncounted else ""
        return f"${self.cost_usd:.4f}{twice}{of_unknown}"

    def _price(self, role: str) -> Price | None:
        price = (self.config[role] or {}).get("price")
        return None if price is None else Price(**price)


def summarize(
    run: Storage, record: Mapping[str, Any], receipt: Mapping[str, Any], replicas: Mapping[str, Any]
) -> Summary:
    """The summary of a run folder.

    Args:
        run: the run folder.
        record: its ``run.json``.
        receipt: its receipt.
        replicas: the last report of each replica of this attempt; empty where nobody watched.
    """
    results, rejects = (
        _read(run, "results", ["problem_id", *_COLUMNS, *_TOKENS]),
        _read(run, "rejects", ["problem_id", "error_kind", "error", "reference_answer", "stage"]),
    )
    unsynthesized = results.filter(pc.invert(pc.is_in(results["route"], pa.array(["synthesized", UNANIMOUS]))))
    known = rejects.filter(pc.is_valid(rejects["reference_answer"]))
    refused = rejects.filter(pc.equal(rejects["stage"], "synthesize"))
    is_brought = record["config"]["input"]["source"] == "paths"
    return Summary(
        run=run.shown,
        outcome=receipt["outcome"],
        config=record["config"],
        simulated=tuple(record["simulated"]),
        receipt=receipt,
        routes=how_often(results["route"]),
        not_synthesized=reasons(unsynthesized["error"], refused) if record["config"]["synthesizer"] else {},
        refused=refused.num_rows,
        unanswered=reasons(results.filter(pc.is_null(results["answer"]))["error"], rejects),
        accuracy=accuracies(results, problems_of_their_own(known, results) if is_brought else known.num_rows),
        synthesized=accuracies(results.filter(pc.equal(results["route"], "synthesized"))),
        brought=(whole(results[_TOKENS[0]]), whole(results[_TOKENS[1]])) if is_brought else (0, 0),
        uncounted=uncounted(run),
        kinds=how_often(results["answer_kind"]),
        used=whole(pc.list_value_length(results["path_correct"])),
        undecided=whole(results["undecided"]),
        seconds=seconds(replicas),
    )


def _many(paths: int | Mapping[str, Any]) -> str:
    if not isinstance(paths, Mapping):
        return f"{paths}"
    return f"{paths['min']} to {paths['max']}" if paths["min"] < paths["max"] else f"{paths['max']}"


def _read(run: Storage, name: str, columns: list[str]) -> pa.Table:
    batches = list(table.scan(run, name, columns))
    schema = pa.schema([table.SCHEMAS[name].field(column) for column in columns])
    return pa.Table.from_batches(batches, schema=batches[0].schema if batches else schema)


def _listed(reasons: Reasons) -> str:
    return "; ".join(f"{count:,} {kind} ({message})" for kind, (count, message) in reasons.items()) or "no reason"


def _shown(share: Share | None) -> str:
    return "" if share is None else f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"


def _tokens(tokens: Mapping[str, int]) -> str:
    return f"{tokens['prompt']:,} prompt + {tokens['completion']:,} completion tokens"
