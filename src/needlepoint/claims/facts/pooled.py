"""What the pack's own trials say when pooled: one sentence beside the published rows, asked for only when needed."""

from __future__ import annotations

from dataclasses import dataclass, field

from needlepoint.errors import NeedlepointError
from needlepoint.evidence.schema import Pack

__all__ = ["Headlines"]


@dataclass(frozen=True, slots=True)
class Headlines:
    """Answers of the pack, by treatment; each is worked out once."""

    pack: Pack
    main: str
    known: dict[str, str] = field(default_factory=dict[str, str])

    def of(self, treatment: str) -> str:
        """The headline of the answer for a treatment and the pack's condition; "" where no trial can give one."""
        if treatment not in self.known:
            self.known[treatment] = self._ask(treatment) if self._is_tried(treatment) else ""
        return self.known[treatment]

    def _is_tried(self, treatment: str) -> bool:
        return any(arm.treatment == treatment for arm in self.pack.arms)

    def _ask(self, treatment: str) -> str:
        from needlepoint.answer.api import ask
        from needlepoint.evidence.question import Question

        try:
            answer = ask(Question(text="", treatment=treatment, condition=self.main), pack=self.pack)
        except NeedlepointError:  # the pack has trials, but none that can be pooled
            return ""
        return answer.headline if answer.cells else ""
