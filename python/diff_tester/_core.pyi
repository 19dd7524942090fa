from typing import Any, NoReturn

version: str

def host(supervisor: int) -> NoReturn: ...

class Compared:
    @property
    def match(self) -> bool: ...
    @property
    def skipped(self) -> bool: ...
    @property
    def message(self) -> str | None: ...
    @property
    def tolerance(self) -> tuple[float, float] | None: ...
    def details(self) -> dict[str, Any]: ...

class Comparator:
    def __init__(
        self,
        rtol: float,
        atol: float,
        equal_nan: bool,
        strict_types: bool,
        strict_shapes: bool,
        ignore_order: bool,
        exact_integers: bool,
    ) -> None: ...
    def compare(self, actual: object, expected: object) -> Compared: ...
