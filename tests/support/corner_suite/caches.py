timeout = 33


class Base:
    def setup_cache(self):
        return {"a": 1}

    setup_cache.timeout = 100

    def setup(self, cache):
        pass

    def time_base(self, cache):
        return cache


class Derived(Base):
    timeout = 5

    def time_derived(self, cache):
        return cache


class Own(Base):
    def setup_cache(self):
        return 2

    def teardown(self, cache):
        pass


def setup_of_one():
    return 3


def time_function(cache):
    return cache


time_function.setup_cache = setup_of_one


class NoSetup(Base):
    setup = None

    @property
    def timeout(self):
        return 7
