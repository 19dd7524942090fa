def time_hyphen():
    assert __name__.endswith(".foo-bar")
    return 1


if __name__ == "__main__":
    raise AssertionError("benchmark modules are imported, never run")
