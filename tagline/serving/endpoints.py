"""The pages that answer: predictions, explanations, outcomes."""

import math
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec

from tagline.case.serving import ServingSection
from tagline.columns.body import Body
from tagline.columns.field import Field
from tagline.columns.kind import InvalidValue
from tagline.columns.request import is_id
from tagline.columns.strict_json import Malformed, parsed
from tagline.columns.timestamp import seconds_of
from tagline.history.ageing import FUTURE, STALE
from tagline.prediction_log.records import Outcome
from tagline.serving.answers import Accepted
from tagline.serving.endpoint import AnsweredPart, Endpoint
from tagline.serving.explaining import explained
from tagline.serving.problems import Problem
from tagline.serving.routing import Routing
from tagline.serving.served import Flags
from tagline.serving.service import ActiveModel, RequestContext
from tagline.tasks.task import Task
from tagline.tasks.tasks import task_of

PREDICTION_ID = re.compile(r"[0-9a-f]{20,32}")
OBSERVED = Field("observed", "timestamp")
WHY = {
    STALE: "the history that is at hand is too old for the decision; see serving.history_within.",
    FUTURE: "the decision lies before the history that is at hand, which knows more than it may.",
}


class Predict(Endpoint):
    """`POST /v1/predict`: an answer to each row."""

    page, scope = "/v1/predict", "predict"

    async def answer(self, body: bytes, context: RequestContext) -> tuple[int, bytes]:
        """Answer one row at once, many in a thread."""
        routing = self.service.routed()
        if body.lstrip()[:1] == b"[":
            return await self.in_thread(self._many, routing, body, context)  # type: ignore[no-any-return]
        current = routing.champion
        found, ids = self.read(body, current, most=1), self.service.next_ids(1)
        if routing.challengers:
            current = routing.route(self.service.subjects(current, found, ids)[0])
            found = self.read_for(current, routing, body, found, [0], most=1)
        (values,) = found.rows
        numbers, unknown, outside = current.served.inputs(values)
        _expect_history([outside], self.service.section)
        answer = current.decide(current.served.single.score(numbers))
        _expect_answers(answer[:1])
        self.service.keep(
            current,
            found,
            prediction_ids=ids,
            answer=[[each] for each in answer],
            flags=Flags({0: unknown} if unknown else {}, {0: outside} if outside else {}),
            context=context,
            row=values,
        )
        if routing.shadows:
            self.service.shadows.add(routing, body, ids, context)
        lacking = found.missing.get(0, ())
        given = current.shapes.one(
            ids[0], *answer, unknown or (), lacking, outside, **current.common()
        )
        return 200, self.encode(given)

    def _many(
        self, routing: Routing[ActiveModel], body: bytes, context: RequestContext
    ) -> tuple[int, bytes]:
        most, champion = self.service.section.max_rows, routing.champion
        found = self.read(body, champion, most=most)
        ids = self.service.next_ids(len(found.ids))
        dealt = self.dealt(routing, body, found, ids, most=most)
        parts = [self._part(model, places, part, ids) for model, places, part in dealt]
        predictions = self.kept(parts, routing, ids, context)
        if routing.shadows:
            self.service.shadows.add(routing, body, ids, context)
        return 200, self.encode(champion.shapes.many(predictions=predictions, **champion.common()))

    def _part(
        self, model: ActiveModel, places: list[int], found: Body, ids: Sequence[str]
    ) -> AnsweredPart:
        answer, flags = model.served.many(found.columns)
        _expect_history(flags.outside.values(), self.service.section)
        _expect_answers(answer[0])
        own, row = [ids[place] for place in places], model.shapes.row
        rows = list(map(row, own, *answer))
        for place in flags.unknown.keys() | flags.outside.keys() | found.missing.keys():
            rows[place] = row(
                own[place],
                *(column[place] for column in answer),
                flags.unknown.get(place, ()),
                found.missing.get(place, ()),
                flags.outside.get(place, ""),
            )
        return AnsweredPart(model, places, found, rows, answer, flags)


class Explain(Endpoint):
    """`POST /v1/explain`: as predict, and why."""

    page, scope = "/v1/explain", "explain"

    async def answer(self, body: bytes, context: RequestContext) -> tuple[int, bytes]:
        """Explain in a thread: the trees are walked many times for each row."""
        by = parse_qs(context.query.decode("latin-1")).get("by", ["input"])[0]
        if by not in ("input", "source"):
            raise Problem(422, "by is 'input' or 'source'.")
        routing = self.service.routed()
        return await self.in_thread(self._explained, routing, body, by, context)  # type: ignore[no-any-return]

    def _explained(
        self, routing: Routing[ActiveModel], body: bytes, by: str, context: RequestContext
    ) -> tuple[int, bytes]:
        most, champion = self.service.section.max_explained, routing.champion
        found = self.read(body, champion, most=most)
        ids = self.service.next_ids(len(found.ids))
        dealt = self.dealt(routing, body, found, ids, most=most)
        parts = [self._part(model, places, part, ids, by) for model, places, part in dealt]
        rows = self.kept(parts, routing, ids, context)
        if routing.shadows:
            self.service.shadows.add(routing, body, ids, context)
        if found.many:
            shape = champion.shapes.explanations
            return 200, self.encode(shape(predictions=rows, **champion.common()))
        (alone,) = parts
        one = msgspec.structs.asdict(alone.rows[0]) | {"answered_by": None}
        return 200, self.encode(alone.model.shapes.explanation(**one, **alone.model.common()))

    def _part(
        self, model: ActiveModel, places: list[int], found: Body, ids: Sequence[str], by: str
    ) -> AnsweredPart:
        section, own = self.service.section, [ids[place] for place in places]
        said = explained(model.served, found, section=section, by_source=by == "source", ids=own)
        answer = [[getattr(each, name) for each in said] for name in model.served.answers]
        _expect_answers(answer[0])
        _expect_history([each.outside for each in said], section)
        flags = Flags(
            {place: [*each.unknown] for place, each in enumerate(said) if each.unknown},
            {place: each.outside for place, each in enumerate(said) if each.outside},
        )
        return AnsweredPart(model, places, found, said, answer, flags)


class Outcomes(Endpoint):
    """`POST /v1/outcomes`: what came true, by prediction id or by the row's own id."""

    page, scope = "/v1/outcomes", "outcomes"

    @property
    def _task(self) -> Task:
        return task_of(self.service.case.task)

    async def answer(self, body: bytes, context: RequestContext) -> tuple[int, bytes]:
        """Take one outcome or many: late, out of order or twice; the last one counts."""
        try:
            found = parsed(body)
        except Malformed as wrong:
            raise Problem(400, f"This is no request: {wrong}.") from None
        listed = found if isinstance(found, list) else [found]
        most = self.service.section.max_rows
        if not 0 < len(listed) <= most:
            raise Problem(422, f"A request has 1 to {most:,} outcomes.")
        errors: list[dict[str, Any]] = []
        outcomes = []
        for place, given in enumerate(listed):
            prefix = f"/{place}" if isinstance(found, list) else ""
            outcome, wrong_here = self._outcome(given, context)
            errors += [{**each, "pointer": f"{prefix}/{each['field']}"} for each in wrong_here]
            outcomes.append(outcome)
        if errors:
            raise Problem(
                422,
                "1 field is wrong." if len(errors) == 1 else f"{len(errors)} fields are wrong.",
                errors=errors[:100],
            )
        unknown = await self.in_thread(self.service.keep_outcomes, outcomes)
        return 200, self.encode(Accepted(len(outcomes), unknown))

    def _outcome(self, given: Any, context: RequestContext) -> tuple[Any, list[dict[str, str]]]:
        if not isinstance(given, dict):
            return None, [{"field": "", "detail": "is no object"}]
        id_name = self.service.case.table.id_column
        wrong = [
            {"field": name, "detail": "is nothing that an outcome has"}
            for name in sorted(given.keys() - {"prediction_id", "outcome", "observed", id_name})
        ]
        prediction, own = given.get("prediction_id"), given.get(id_name)
        if (prediction is None) == (own is None):
            wrong.append({"field": "prediction_id", "detail": f"give one of it and {id_name}"})
        named = isinstance(prediction, str) and PREDICTION_ID.fullmatch(prediction)
        if prediction is not None and not named:
            wrong.append({"field": "prediction_id", "detail": "is no prediction's id"})
        if own == "" or not is_id(own):
            wrong.append({"field": id_name, "detail": "is empty, or no text and no whole number"})
        value: float | str = 0.0
        observed = None
        try:
            value = self._task.outcome(given.get("outcome"), self.service.case.table)
        except ValueError as strange:
            wrong.append({"field": "outcome", "detail": str(strange)})
        try:
            if given.get("observed") is not None:
                if not isinstance(given["observed"], str):
                    raise InvalidValue("is no time, as text")
                observed = seconds_of(given["observed"], OBSERVED.how)
        except InvalidValue as strange:
            wrong.append({"field": "observed", "detail": str(strange)})
        if wrong:
            return None, wrong
        kept = None if own is None else str(self.service.pseudonyms.kept(id_name, own))
        now = time.time_ns()
        return (
            Outcome(now, context.request_id, context.principal, prediction, kept, value, observed),
            [],
        )


def _expect_history(outside: Iterable[str], section: ServingSection) -> None:
    if section.outside_history == "missing":
        return
    lacking = [each for each in outside if each]
    if lacking:
        raise Problem(422, f"{len(lacking)} rows are refused: {WHY[lacking[0]]}")


def _expect_answers(given: Sequence[Any]) -> None:
    # A sum of weights has no answer where one of its inputs is infinite.
    several = bool(given) and isinstance(given[0], dict)
    answers = [sum(each.values()) for each in given] if several else given
    if math.isfinite(sum(answers)):
        return
    if none := [place for place, p in enumerate(answers) if not math.isfinite(p)]:
        raise Problem(422, f"The model has no answer to {len(none)} rows, the first is {none[0]}.")
