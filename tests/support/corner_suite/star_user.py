from .star_source import *  # noqa: F401,F403


class Derived(Base):  # noqa: F405
    params = ["a", "b", "c"]
    param_names = ["letter", "surplus"]

    def time_derived(self, value):
        return value
