"""One model of a sweep, by what makes it another than the others."""

from __future__ import annotations

from dataclasses import dataclass, replace

from export.form import DEFAULT_FORM, Form


@dataclass(frozen=True)
class Candidate:
    """A family at one width from one seed; maybe pruned, and in one form of .tflite.

    Attributes:
        family: the network family.
        width: of the model that answers.
        seed: of its training; of a pruned model, of its parent's too.
        pruned_from: width of the trained model it is cut from; None where it is trained at its own.
        form: of its .tflite; other forms of one trained model are other candidates.

    """

    family: str
    width: float
    seed: int
    pruned_from: float | None = None
    form: Form = DEFAULT_FORM

    @property
    def name(self) -> str:
        """A name for folders and tables, `scale_cnn-4-s0`, `scale_cnn-4-from-24-s0-float`."""
        return f"{self._stem}-s{self.seed}{self._ending}"

    @property
    def size(self) -> str:
        """The name without the seed, `scale_cnn-4`."""
        return f"{self._stem}{self._ending}"

    @property
    def _stem(self) -> str:
        cut = "" if self.pruned_from is None else f"-from-{self.pruned_from:g}"
        return f"{self.family.replace(':', '.')}-{self.width:g}{cut}"

    @property
    def _ending(self) -> str:
        return f"-{self.form.name.replace('+', '-')}" if self.form.name else ""

    @property
    def trained(self) -> Candidate:
        """The same weights in the default form."""
        return replace(self, form=DEFAULT_FORM)

    @property
    def parent(self) -> Candidate | None:
        """The trained model that a pruned one is cut from."""
        if self.pruned_from is None:
            return None
        return Candidate(self.family, self.pruned_from, self.seed)

    def in_form(self, form: Form) -> Candidate:
        """Return the same weights in another form."""
        return replace(self, form=form)
