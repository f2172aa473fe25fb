"""Language: the typing rules, which operator takes which types and what it gives.

Every rule ends in the name of a kernel, `<word>.<type>`, the types its arguments are brought to,
and the type of its result. `_evaluate/kernels` holds what the kernels do to columns,
`_evaluate/scalar` what they do to single values.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from streamreg._evaluate.program import FLOAT_FUNCTIONS
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
    "float": ("int", "bool", "str"),
    "int": ("float", "bool", "str"),
    "decimal": ("float", "str"),
    "bool": ("float", "int", "str"),
}

Wanted: TypeAlias = Literal["numbers", "booleans", "comparable"]

MAX_INTEGER_EXPONENT: Final = 63
"""Beyond it only -1, 0 and 1 have a power of 64 bits: such powers are computed in doubles."""


@dataclass(frozen=True)
class Signature:
    """What an operator does on given types."""

    kernel: str
    arguments: tuple[DType, ...]
    result: DType


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
    if operator in LOGIC:
        _require("booleans", {"bool"}, types)
        return Signature(f"{LOGIC[operator]}.bool", types, "bool")
    _require("numbers", {"int", "float"}, types)
    if operator in FLOAT_FUNCTIONS or operator == "**":
        word = ARITHMETIC.get(operator, operator)
        return Signature(f"{word}.float", tuple(_FLOAT for _ in types), "float")
    common: DType = "float" if "float" in types else "int"
    word = operator if operator in KEEPING_FUNCTIONS else ARITHMETIC[operator]
    result: DType = "float" if operator == "/" else common
    return Signature(f"{word}.{common}", (common,) * len(types), result)


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
    ordered = {"str", "bytes"} if operator not in ("==", "!=") else {"str", "bytes", "bool"}
    if first not in ordered | {"int", "float", "decimal"}:
        raise MistypedError(0, "comparable")
    if first != second or first not in ordered:
        raise MistypedError(1, "comparable")
    return Signature(f"{kernel}.{first}", types, "bool")


def _require(wanted: Wanted, allowed: set[str], types: tuple[DType, ...]) -> None:
    for index, found in enumerate(types):
        if found not in allowed:
            raise MistypedError(index, wanted)
