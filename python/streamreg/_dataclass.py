"""Ground: dataclasses that take next to no time to define.

`dataclasses.dataclass` compiles up to six methods for each class when it is defined, most of which are never called: a
quarter of a start's processor time (Python 3.11, 100 classes). Here only the fields are found then. `__init__` is
compiled when the first object is made, and the other methods are plain functions over the fields. All else is as
`dataclasses` has it, whose `fields`, `replace` and `field` are used as ever, and by which it is type-checked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")


def _dataclass(
    cls: type[T] | None = None,
    /,
    *,
    frozen: bool = False,
    eq: bool = True,
    slots: bool = False,
    kw_only: bool = False,
) -> Any:  # noqa: ANN401  # a class, or what makes one
    """As `dataclasses.dataclass`, with those of its options that are used here."""

    def made(cls: type[T]) -> type[T]:
        # A class with an `__eq__` of its own has None for its hash, which is none of its own.
        own = {name for name, value in vars(cls).items() if value is not None}
        cls = dataclasses.dataclass(
            init=False,
            repr=False,
            eq=False,
            # What is frozen and what is not do not build upon each other, which is checked there.
            frozen=frozen and any(map(dataclasses.is_dataclass, cls.__mro__[1:])),
            slots=slots,
            kw_only=kw_only,
        )(cls)
        vars(cls)["__dataclass_params__"].frozen = frozen
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]  # it is a dataclass now
        methods = {"__init__": _first_init(cls, frozen=frozen), "__repr__": _repr(fields)}
        if eq:
            methods |= _comparing(fields, frozen=frozen)
        if frozen:
            methods |= _freezing(cls, fields)
            if slots:
                methods |= _pickling(fields)
        for name in methods.keys() - own:
            setattr(cls, name, methods[name])
        return cls

    return made if cls is None else made(cls)


def _first_init(cls: type, *, frozen: bool) -> Any:  # noqa: ANN401  # as what takes its place
    """What compiles `__init__` when it is called, and takes its place."""

    def __init__(self: object, *values: object, **named: object) -> None:
        init = _init(cls, frozen=frozen)
        cls.__init__ = init  # type: ignore[misc]
        init(self, *values, **named)

    return __init__


def _init(cls: type, *, frozen: bool) -> Callable[..., None]:
    """The method that gives each field its value."""
    parameters, lines = ["self"], []
    known: dict[str, Any] = {"_set": object.__setattr__, "_none": dataclasses.MISSING}
    fields = dataclasses.fields(cls)
    for field in sorted(fields, key=lambda field: bool(field.kw_only)):
        name, default = field.name, f"_default_{field.name}"
        made = field.default_factory is not dataclasses.MISSING
        known[default] = field.default_factory if made else field.default
        if field.init:
            if field.kw_only and "*" not in parameters:
                parameters.append("*")
            required = not made and field.default is dataclasses.MISSING
            parameters.append(name if required else f"{name}={'_none' if made else default}")
            value = f"{default}() if {name} is _none else {name}" if made else name
        elif made or field.default is not dataclasses.MISSING:
            value = f"{default}()" if made else default
        else:
            continue  # `__post_init__` gives it one.
        lines.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    head = f"def __init__({', '.join(parameters)}):"
    exec("\n  ".join([head, *(lines or ["pass"])]), known)  # names of fields alone
    init: Callable[..., None] = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _repr(fields: tuple[dataclasses.Field[Any], ...]) -> Callable[[Any], str]:
    shown = [field.name for field in fields if field.repr]

    @recursive_repr()
    def __repr__(self: object) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({values})"

    return __repr__


def _comparing(fields: tuple[dataclasses.Field[Any], ...], *, frozen: bool) -> dict[str, Any]:
    """Equality, and with it the hash: of what is frozen; else there is none."""
    compared = _values([field.name for field in fields if field.compare])
    hashed = _values(
        [field.name for field in fields if (field.compare if field.hash is None else field.hash)]
    )

    def __eq__(self: object, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return compared(self) == compared(other)

    def __hash__(self: object) -> int:
        return hash(hashed(self))

    return {"__eq__": __eq__, "__hash__": __hash__ if frozen else None}


def _values(names: list[str]) -> Callable[[object], tuple[object, ...]]:
    """The values of these fields of an object."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _freezing(cls: type, fields: tuple[dataclasses.Field[Any], ...]) -> dict[str, Any]:
    names = {field.name for field in fields}
    # As the class has them: functions that take the object.
    assign: Any = cls.__setattr__
    delete: Any = cls.__delattr__

    def __setattr__(self: object, name: str, value: object) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        assign(self, name, value)

    def __delattr__(self: object, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        delete(self, name)

    return {"__setattr__": __setattr__, "__delattr__": __delattr__}


def _pickling(fields: tuple[dataclasses.Field[Any], ...]) -> dict[str, Any]:
    """Without a `__dict__` an object is put together by assignments, which a frozen one refuses."""
    names = [field.name for field in fields]

    def __getstate__(self: object) -> list[object]:
        return [getattr(self, name) for name in names]

    def __setstate__(self: object, state: list[object]) -> None:
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    return {"__getstate__": __getstate__, "__setstate__": __setstate__}


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _dataclass

__all__ = ["dataclass"]
