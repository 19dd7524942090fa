from typing import NoReturn

version: str

def host(supervisor: int) -> NoReturn: ...
