"""Comparing two values: numbers within a tolerance, everything else by what it means.

    from diff_tester.snapshot import Comparator, ComparisonConfig

    result = Comparator(ComparisonConfig(rtol=1e-6)).compare(actual, expected)
    if not result:
        print(result.error_message)

The rules are those of the command line, with two differences, since scripts expect what `numpy.allclose` does: integers
allow the tolerance, too, unless `exact_integers` is set, and a NaN equals a NaN with `equal_nan` only.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter

from diff_tester import _core
from diff_tester.snapshot import _arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable

__all__ = ["Comparator", "ComparisonConfig", "ComparisonResult"]

_LONGEST_REPR = 200


@dataclass
class ComparisonConfig:
    """When two values count as equal. Numbers do where |actual - expected| <= atol + rtol * |expected|.

    Raises TypeError for a value of another type, ValueError for a tolerance that is negative or NaN.
    """

    #: Relative tolerance, without unit; as in numpy.allclose. float16 has its own: rtol 1e-3, atol 1e-5; so has
    #: bfloat16: rtol 1.6e-2, atol 1e-5.
    rtol: float = _core.default_rules["rtol"]
    #: Absolute tolerance, in the unit of the values; or "auto": it follows from each expected array's own numbers
    #: (docs/tolerances.md).
    atol: float | str = _core.default_rules["atol"]
    #: NaNs at the same place are equal.
    equal_nan: bool = False
    #: Types, dtypes and classes must agree: a list is no tuple, float32 no float64, an array no list. numpy's scalars
    #: and Python's numbers of the same kind are compared by value either way.
    strict_types: bool = _core.default_rules["strict_types"]
    #: Shapes must agree. Off: arrays that differ in axes of length 1, or that numpy would broadcast to one of the two
    #: shapes, are compared.
    strict_shapes: bool = _core.default_rules["strict_shapes"]
    #: Sequences and one-dimensional arrays are compared as collections without order.
    ignore_order: bool = _core.default_rules["ignore_order"]
    #: Integers must be the same, whatever the tolerances. bools, dates and texts always must, as must integers inside of
    #: objects: a range's end, an enum's value, the indices of a sparse matrix, a column of a table.
    exact_integers: bool = False

    def __post_init__(self) -> None:
        self._checked()

    def _checked(self) -> dict[str, float]:
        """The rules by their names, or TypeError, or ValueError."""
        check: dict[str, Callable[[str, Any], float]] = {
            "float": _arguments.not_negative,
            "float | str": _arguments.absolute_tolerance,
            "bool": _arguments.flag,
        }
        return {field.name: check[str(field.type)](field.name, getattr(self, field.name)) for field in fields(self)}


_rules_of = attrgetter(*(field.name for field in fields(ComparisonConfig)))


class ComparisonResult:
    """What came of one comparison. True in a condition exactly if the values match."""

    __slots__ = ("match", "skipped", "tolerance_used", "error_message", "_details")

    #: Do the values agree? False for what could not be compared.
    match: bool
    #: The values were not compared: nothing in them says what was computed (locks, bare functions), or one of them
    #: cannot be taken apart. `error_message` says why.
    skipped: bool
    #: {"rtol", "atol", "equal_nan"} as applied to the first numbers that are not identical and allow a tolerance,
    #: whether they were found close or different; None where there are none.
    tolerance_used: dict[str, Any] | None
    #: Why the values do not match; its first line says where and what. None if they do.
    error_message: str | None

    def __init__(
        self,
        match: bool,
        skipped: bool = False,
        tolerance_used: dict[str, Any] | None = None,
        error_message: str | None = None,
        details: Any = None,
    ) -> None:
        self.match = match
        self.skipped = skipped
        self.tolerance_used = tolerance_used
        self.error_message = error_message
        self._details = details

    @property
    def details(self) -> dict[str, Any] | str | None:
        """The facts as a dict, made when they are first asked for.

        `outcome` is "identical", "close", "different" or "not compared"; of the first three, `leaves`,
        `difference_count` and `differences` (at most 20, each with `path` and `what`) are described in
        docs/comparison.md, "The same as JSON". `reason` says why values were not compared. `notes`, a list of texts, is
        there where a limit bit or a part could be described only.
        """
        if isinstance(self._details, _core.Compared):
            self._details = self._details.details()
        details: dict[str, Any] | str | None = self._details
        return details

    @details.setter
    def details(self, value: dict[str, Any] | str | None) -> None:
        self._details = value

    def _fields(self) -> tuple[object, ...]:
        return (self.match, self.skipped, self.tolerance_used, self.error_message, self.details)

    def __bool__(self) -> bool:
        return self.match

    def __eq__(self, other: object) -> bool:
        return self._fields() == other._fields() if isinstance(other, ComparisonResult) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[ComparisonResult], tuple[object, ...]]:
        return type(self), self._fields()

    def __repr__(self) -> str:
        if self.match:
            return "<ComparisonResult: match>"
        what = "not compared" if self.skipped else "different"
        text = f"<ComparisonResult: {what}: {_measured(self.details) or _first_line(self.error_message)}"
        return (text if len(text) < _LONGEST_REPR else text[: _LONGEST_REPR - 4] + "...") + ">"


class Comparator:
    """Compares values of any kind in this process, by the rules of a ComparisonConfig (None: the defaults).

    Arrays are compared where they lie; a copy is made of arrays that are contiguous in neither order inside of other
    values, of the data of subclasses of numpy.ndarray, of text, and of what a value's own `__reduce_ex__` copies.

    Raises TypeError for a config of another type.
    """

    def __init__(self, config: ComparisonConfig | None = None) -> None:
        if isinstance(config, dict):
            raise TypeError("config must be a ComparisonConfig, not a dict: Comparator(ComparisonConfig(**config))")
        if config is not None and not isinstance(config, ComparisonConfig):
            raise _arguments.wrong_type("config", "a ComparisonConfig or None", config)
        #: The rules; changes apply from the next comparison on.
        self.config = ComparisonConfig() if config is None else config
        self._prepare()

    def _prepare(self) -> None:
        rules = self.config._checked()
        self._rules = _rules_of(self.config)
        self._core = _core.Comparator(**rules)

    def compare(self, actual: Any, expected: Any) -> ComparisonResult:
        """How `actual` compares with `expected`, which is the one that rtol refers to.

        Never raises for a difference, nor for a value whose own methods raise: what cannot be compared is skipped, and
        never a match. KeyboardInterrupt and MemoryError are raised. Two Nones match.

        Iterators and generators are drained: at most 10,000 items are taken and compared, and `details["notes"]` says
        so where there are more. Both values being the same iterator, its items are compared with themselves. Values
        nested more than 20,000 levels deep are skipped.

        Other threads run while large arrays are compared, and Ctrl-C is noticed between two arrays. An array that is
        written to in the meantime gives either result; arrays must not be resized by force (`refcheck=False`).
        """
        config = self.config
        if self._rules != _rules_of(config):
            self._prepare()
        compared = self._core.compare(actual, expected)
        tolerance = compared.tolerance
        used = None
        if tolerance is not None:
            used = {"rtol": tolerance[0], "atol": tolerance[1], "equal_nan": config.equal_nan}
        return ComparisonResult(compared.match, compared.skipped, used, compared.message, compared)

    def compare_multiple(self, pairs: Iterable[tuple[Any, Any]]) -> list[ComparisonResult]:
        """The results for (actual, expected) pairs, in their order. TypeError for what is not a pair."""
        if not hasattr(pairs, "__iter__"):
            raise _arguments.wrong_type("pairs", "an iterable of (actual, expected) pairs", pairs)
        results = []
        for number, pair in enumerate(pairs):
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                kind = f"{type(pair).__name__} of {len(pair)}" if isinstance(pair, (tuple, list)) else None
                raise TypeError(f"pairs[{number}] must be (actual, expected), not {kind or type(pair).__name__}")
            results.append(self.compare(pair[0], pair[1]))
        return results

    def get_summary_stats(self, results: Iterable[ComparisonResult]) -> dict[str, Any]:
        """How many `results` there are ("total"), and how many of them are "matches", "mismatches" and "skipped".

        "match_rate" is the share of matches, from 0.0 to 1.0, among those not skipped; 0.0 if there are none. TypeError
        for what is not a ComparisonResult.
        """
        if not hasattr(results, "__iter__"):
            raise _arguments.wrong_type("results", "an iterable of ComparisonResults", results)
        total = matches = skipped = 0
        for number, result in enumerate(results):
            if not isinstance(result, ComparisonResult):
                raise _arguments.wrong_type(f"results[{number}]", "a ComparisonResult", result)
            total += 1
            matches += bool(result.match)
            skipped += bool(result.skipped and not result.match)
        compared = total - skipped
        return {
            "total": total,
            "matches": matches,
            "mismatches": compared - matches,
            "skipped": skipped,
            "match_rate": matches / compared if compared else 0.0,
        }


def _first_line(message: str | None) -> str:
    return (message or "").split("\n", 1)[0]


def _measured(details: object) -> str | None:
    """The first difference in a few words, if it is one of numbers in an array."""
    differences = details.get("differences") if isinstance(details, dict) else None
    numbers = differences[0].get("numbers") if differences else None
    if not numbers or differences is None or "max_absolute" not in numbers or not numbers["max_absolute"]["index"]:
        return None
    most = numbers["max_absolute"]
    size = most["difference"] if isinstance(most["difference"], str) else f"{most['difference']:.6g}"
    where = f"{differences[0]['path']}: " if differences[0]["path"] else ""
    share = f"{numbers['mismatched']} of {numbers['total']} elements differ"
    return f"{where}{share}, max absolute {size} at {most['index']}"
