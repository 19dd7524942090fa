timeout = 12
params = [1, 2]


def setup(value):
    pass


def time_shared(value):
    return value


class Base:
    def time_base(self, value):
        return value
