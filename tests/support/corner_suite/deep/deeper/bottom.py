from ...star_source import Base  # noqa: F401


def mem_list():
    return [1]
