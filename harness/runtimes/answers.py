"""The answers of one evaluation, by the sample's position: kept ones and new ones."""

from __future__ import annotations

from devices.inference_device import Answer
from harness.errors import InfrastructureError
from harness.progress import Advance
from harness.runtimes.answer_journal import AnswerJournal, KeptAnswer
from harness.runtimes.device_pool import Member


class Answers:
    """`samples` answers of `output_bytes` each, as far as they are there.

    With a journal, those it holds are there from the start; one of them is asked again all the
    same, so that a device that answers differently today is found out.
    """

    def __init__(
        self,
        samples: int,
        output_bytes: int,
        journal: AnswerJournal | None = None,
        progress: Advance | None = None,
    ) -> None:
        self._samples = samples
        self._output_bytes = output_bytes
        self._journal = journal
        self._progress = progress
        self._found: dict[int, KeptAnswer] = dict(journal.answers) if journal else {}
        self._again = min(self._found, default=-1)

    def to_ask(self) -> list[int]:
        """Return the positions that the devices are asked for, in order."""
        return [at for at in range(self._samples) if at == self._again or at not in self._found]

    def accept(self, position: int, member: Member, answer: Answer) -> None:
        """Take the answer of one device.

        Raises:
            InfrastructureError: its size is not that of the model's output, or it differs from what
                was kept.

        """
        if len(answer.output) != self._output_bytes:
            raise InfrastructureError(
                f"{member.url}: an output of {len(answer.output)} bytes came, the model's has "
                f"{self._output_bytes}"
            )
        if position in self._found:
            self._compare(position, member, answer)
            return
        kept = KeptAnswer(member.device.greeting.unique_id, answer.count, answer.output)
        if self._journal:
            self._journal.append(position, kept)
        self._found[position] = kept
        if self._progress:
            self._progress(len(self._found), "")

    def _compare(self, position: int, member: Member, answer: Answer) -> None:
        if answer.output != self._found[position].output:
            where = f", kept in {self._journal.path}" if self._journal else ""
            raise InfrastructureError(
                f"{member.url}: answers sample {position} otherwise than before{where}; check the "
                "device, and delete what is kept to ask for all samples again"
            )

    def outputs(self) -> bytes:
        """Return all outputs in order; every answer is there."""
        return b"".join(self._found[position].output for position in range(self._samples))

    @property
    def counts(self) -> list[int]:
        """Raw ticks of every answer, in order."""
        return [self._found[position].count for position in sorted(self._found)]

    @property
    def unique_ids(self) -> set[bytes]:
        """The unique ids of the devices that answered."""
        return {answer.unique_id for answer in self._found.values()}
