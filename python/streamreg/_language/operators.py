"""Language: the typing rules, which operator takes which types and what it gives.

Every rule ends in the name of a kernel, `<word>.<type>`, the types its arguments are brought to,
and the type of its result. `_evaluate/kernels` holds what the kernels do to columns,
`_evaluate/scalar` what they do to single values.
"""

from typing import Final, Literal, TypeAlias

from streamreg._dataclass import dataclass
from streamreg._evaluate.program import FLOAT_FUNCTIONS, IS_NONE
from streamreg._types import DType

ARITHMETIC: Final = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "//": "floor_divide",
    "%": "remainder",
    "**": "power",
}
COMPARISON: Final = {
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}
LOGIC: Final = {"&": "and", "|": "or", "^": "xor", "~": "not"}
KEEPING_FUNCTIONS: Final = frozenset(
    ["negative", "absolute", "sign", "floor", "ceil", "minimum", "maximum"]
)
_FLOAT: Final[DType] = "float"
CASTS: Final[dict[DType, tuple[DType, ...]]] = {
    "float": ("int", "bool", "str", "datetime", "timedelta"),
    "int": ("float", "bool", "str", "datetime", "timedelta"),
    "decimal": ("float", "str", "datetime", "timedelta"),
    "bool": ("float", "int", "str"),
    "str": ("datetime", "timedelta"),
    "datetime": ("float", "int", "decimal", "str"),
    "timedelta": ("float", "int", "decimal", "str"),
}

Wanted: TypeAlias = Literal["numbers", "booleans", "comparable", "times"]

MAX_INTEGER_EXPONENT: Final = 63
"""Beyond it only -1, 0 and 1 have a power of 64 bits: such powers are computed in doubles."""


@dataclass(frozen=True)
class Signature:
    """What an operator does on given types."""

    kernel: str
    arguments: tuple[DType, ...]
    result: DType


TIMES: Final[dict[tuple[str, tuple[DType, ...]], tuple[str, DType]]] = {
    ("-", ("datetime", "datetime")): ("difference.datetime", "timedelta"),
    ("-", ("datetime", "timedelta")): ("subtract.datetime", "datetime"),
    ("+", ("datetime", "timedelta")): ("add.datetime", "datetime"),
    ("+", ("timedelta", "datetime")): ("add.datetime", "datetime"),
    ("+", ("timedelta", "timedelta")): ("add.timedelta", "timedelta"),
    ("-", ("timedelta", "timedelta")): ("subtract.timedelta", "timedelta"),
    ("*", ("timedelta", "int")): ("multiply.timedelta", "timedelta"),
    ("*", ("int", "timedelta")): ("multiply.timedelta", "timedelta"),
    ("/", ("timedelta", "timedelta")): ("divide.timedelta", "float"),
    ("//", ("timedelta", "timedelta")): ("floor_divide.timedelta", "int"),
    ("%", ("timedelta", "timedelta")): ("remainder.timedelta", "timedelta"),
    ("negative", ("timedelta",)): ("negative.timedelta", "timedelta"),
    ("absolute", ("timedelta",)): ("absolute.timedelta", "timedelta"),
    ("minimum", ("datetime", "datetime")): ("minimum.datetime", "datetime"),
    ("maximum", ("datetime", "datetime")): ("maximum.datetime", "datetime"),
    ("minimum", ("timedelta", "timedelta")): ("minimum.timedelta", "timedelta"),
    ("maximum", ("timedelta", "timedelta")): ("maximum.timedelta", "timedelta"),
    ("floor_time", ("datetime", "timedelta", "datetime")): ("floor_time.datetime", "datetime"),
}
"""By operator and types, where times are among them, the kernel and the type of its result. Comparisons stand apart."""


TIME_OPERATORS: Final = frozenset(operator for operator, _ in TIMES)


class MistypedError(Exception):
    """The operator cannot take argument number `index`; `wanted` says what it could take."""

    def __init__(self, index: int, wanted: Wanted) -> None:
        """The caller makes the message: it knows the columns' names."""
        super().__init__(index, wanted)
        self.index = index
        self.wanted = wanted


def signature(operator: str, types: tuple[DType, ...]) -> Signature:
    """The rule for an operator (its sign, or the function's name) on arguments of these types.

    Raises:
        MistypedError: if an argument is of a type that the operator does not take.
    """
    if operator in COMPARISON:
        return _comparison(operator, types)
    if operator == IS_NONE:
        return Signature(IS_NONE, types, "bool")
    if operator in LOGIC:
        _require("booleans", {"bool"}, types)
        return Signature(f"{LOGIC[operator]}.bool", types, "bool")
    if (operator, types) in TIMES:
        kernel, result = TIMES[operator, types]
        return Signature(kernel, types, result)
    if operator in TIME_OPERATORS and {"datetime", "timedelta"} & set(types):
        raise MistypedError(0, "times")
    _require("numbers", {"int", "float"}, types)
    if operator in FLOAT_FUNCTIONS or operator == "**":
        word = ARITHMETIC.get(operator, operator)
        return Signature(f"{word}.float", tuple(_FLOAT for _ in types), "float")
    common: DType = "float" if "float" in types else "int"
    word = operator if operator in KEEPING_FUNCTIONS else ARITHMETIC[operator]
    given: DType = "float" if operator == "/" else common
    return Signature(f"{word}.{common}", (common,) * len(types), given)


def _comparison(operator: str, types: tuple[DType, ...]) -> Signature:
    kernel = COMPARISON[operator]
    if set(types) == {"int", "float"}:
        # Not as doubles: an integer beyond 2^53 is none.
        return Signature(f"{kernel}.mixed", types, "bool")
    if types[0] == types[1] and types[0] in ("int", "float"):
        return Signature(f"{kernel}.{types[0]}", types, "bool")
    if set(types) in ({"decimal"}, {"decimal", "int"}):
        # A double is not taken: 0.1 is no decimal, and equals none.
        return Signature(f"{kernel}.decimal", types, "bool")
    first, second = types
    ordered = {"str", "bytes", "datetime", "timedelta"}
    if operator in ("==", "!="):
        ordered.add("bool")
    if first not in ordered | {"int", "float", "decimal"}:
        raise MistypedError(0, "comparable")
    if first != second or first not in ordered:
        raise MistypedError(1, "comparable")
    return Signature(f"{kernel}.{first}", types, "bool")


def _require(wanted: Wanted, allowed: set[str], types: tuple[DType, ...]) -> None:
    for index, found in enumerate(types):
        if found not in allowed:
            raise MistypedError(index, wanted)
