"""The input: where the problems come from, and which of its columns are what."""

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, PrivateAttr, model_validator

from a2r_ray.config.local_files import nameable
from a2r_ray.config.section import Section


class InputConfig(Section):
    """Where the problems come from.

    A column's name may have dots: where no column is called so, it is a field within one, as in
    ``reward_model.ground_truth``. Keys in the names of folders (``lang=en/part.parquet``) are columns as well.
    """

    source: Literal["file", "huggingface", "reasoning_gym", "paths"] = "file"
    """What kind of place that is."""
    path: Annotated[str, AfterValidator(nameable)] | None = None
    """file: a file, glob, folder or URI (.jsonl .parquet .csv, each also compressed); of a glob and a folder what is
    hidden or starts with ``_`` is no input, nor is a folder that holds a ``run.json``. huggingface: a dataset name or a
    local folder. paths: a run folder, or files as those of source file, of paths made elsewhere."""
    subset: str | None = None
    """huggingface: the dataset's configuration."""
    split: str = "train"
    """huggingface: the dataset's split."""
    datasets: dict[str, int | dict[str, JsonValue]] | None = None
    """reasoning_gym: dataset name to size, or to its own options with ``size`` among them."""
    id_column: str | None = None
    """Absent: the id is a hash of the problem, and of what prompts show of other columns."""
    problem_column: str | None = None
    """The column with the problem's text; ``problem`` where neither this nor messages_column is given."""
    messages_column: str | None = None
    """The column with the problem as OpenAI chat messages. Of content in parts the texts are joined, and thinking is
    left out; what is not text is refused. Tool calls, and whatever else a message has, stay as they are."""
    trailing_assistant: Literal["refuse", "cut"] | None = None
    """What becomes of a chat that ends with the assistant's turn. refuse, also where absent: the row is a reject. cut:
    the assistant's turns at its end are left out, and the rest is asked."""
    answer_column: str | None = None
    """The column with the known answer, of any type: a class label is its name, a number the shortest text that means
    the same, a list of several and an object their JSON."""
    answer_kind_column: str | None = "answer_kind"
    """The column with the kind of a row's answer (``answer.kind``), where the input has one; null: none has."""
    paths_column: str = "paths"
    """paths: the column with a list of texts (a row per problem), or with one text (a row per path). A column
    ``path_index`` beside it says which path of its problem a text is; without it, paths count as they appear, and those
    that are stored are known by their text: such files may grow and be reordered."""
    limit: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    """Read no more rows than this."""

    @model_validator(mode="after")
    def _source_has_what_it_reads(self) -> Self:
        if self.source == "reasoning_gym":
            if not self.datasets:
                raise ValueError("source reasoning_gym needs `datasets`: names and sizes, such as {chain_sum: 100}")
        elif not self.path:
            raise ValueError(f"source {self.source} needs `path`")
        if self.problem_column and self.messages_column:
            raise ValueError("give problem_column or messages_column, not both")
        if self.trailing_assistant and not self.messages_column:
            raise ValueError("`trailing_assistant` is for chats: give messages_column, too")
        asked = self.messages_column or self.problem_column or "problem"
        if self.source != "reasoning_gym" and asked == self.answer_column:
            raise ValueError(f"the known answer cannot be in the column of the question, `{asked}`: name another one")
        return self

    _shown: tuple[str, ...] = PrivateAttr(default=())
    _sampled_with: tuple[str, ...] = PrivateAttr(default=())

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The columns that prompts have places for: what they hold is part of what a problem asks."""
        return self._shown

    @property
    def sampled_with(self) -> tuple[str, ...]:
        """Those that its paths were sampled with: where there is no id column, they are part of a problem's id."""
        return self._sampled_with

    @property
    def as_sampled(self) -> Self:
        """The same input, as the run that samples the paths asks it."""
        return self.showing(self._sampled_with)

    def showing(self, sampled_with: Iterable[str], others: Iterable[str] = ()) -> Self:
        """The same input, as it is asked with some prompts.

        Args:
            sampled_with: the columns that the prompts of the run have places for which samples the paths.
            others: those of another run, which reads its paths.
        """
        sampled_with = tuple(sampled_with)
        made = self.model_copy()
        made._sampled_with = sampled_with  # noqa: SLF001 (its own)
        made._shown = tuple(dict.fromkeys([*sampled_with, *others]))  # noqa: SLF001
        return made
