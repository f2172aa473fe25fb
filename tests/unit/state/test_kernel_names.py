"""The names of kernels are words that states are written in."""

from streamreg._evaluate.kernels import KERNELS
from streamreg._evaluate.scalar import EXACT

NAMES = {
    "float int": "absolute add ceil divide floor floor_divide maximum minimum multiply negative power remainder sign"
    " subtract",
    "float": "cos exp expm1 log log10 log1p log2 sin sqrt tan",
    "bool": "and not or xor",
    "bool bytes decimal float int mixed str": "equal not_equal",
    "bytes decimal float int mixed str": "greater greater_equal less less_equal",
    "float int str": "cast.bool",
    "float str": "cast.decimal",
    "bool int str": "cast.float",
    "bool float str": "cast.int",
    "decimal float int str": "cast.datetime cast.timedelta",
    "datetime timedelta": "add subtract maximum minimum equal not_equal greater greater_equal less less_equal"
    " cast.decimal cast.float cast.int cast.str",
    "timedelta": "absolute divide floor_divide multiply negative remainder",
    "datetime": "difference floor_time",
}


def test_no_kernel_loses_the_name_that_states_know_it_by() -> None:
    """States are refused where a name was changed; new names are added here."""
    known = {
        f"{word}.{dtype}"
        for dtypes, words in NAMES.items()
        for word in words.split()
        for dtype in dtypes.split()
    }
    assert KERNELS.keys() | EXACT.keys() == known | {"is_none"}
