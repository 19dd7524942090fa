"""What must hold of the canonical form of every type of a library. Runs inside the test program, which gives
dump(value) -> a pickle with its notes, and compare(actual, expected) -> (outcome, leaves, path of the first difference).
"""

import hashlib
import importlib
import io
import json
import pickle
import pickletools
import subprocess
import traceback

import properties

# Modules beside the library's own that a stored pickle may need.
STANDARD = {"builtins", "collections", "copyreg", "datetime", "decimal", "functools", "numpy", "operator", "uuid", "_codecs", "_operator",
            "zoneinfo", "pytz", "dateutil", "pathlib", "types"}


class Case:
    """`same`: other ways to build the value. `close`: it moved by less than the tolerance. `different`: it has changed.
    `equal(a, b)` may raise or return False. `own`: libraries whose pickles this one's consist of. `itself`: the type has no canonical form, it pickles itself.
    `described`: nothing of it can be checked. `stands_in`: it cannot be pickled, what comes back says what it held."""

    def __init__(self, name, value, *, same=(), close=(), different=(), equal=None, own=(), itself=False,
                 described=False, stands_in=False):
        self.name, self.value, self.same, self.close, self.different = name, value, same, close, different
        self.equal = equal or (lambda a, b: a == b)
        self.own = set(own)
        self.itself, self.described, self.stands_in = itself, described, stands_in


class Finder(pickle.Unpickler):
    def __init__(self, data):
        super().__init__(io.BytesIO(data))
        self.modules = set()

    def find_class(self, module, name):
        self.modules.add(module.split(".")[0])
        return super().find_class(module, name)


def pickled(value, what, stands_in=False):
    result = dump(value)
    assert result.error is None, f"{what}: {result.error}"
    assert stands_in or not result.notes, f"{what}: {result.notes}"
    return result


def check(case, library):
    kind = type(case.value)
    if kind.__module__.split(".")[0] == library:
        assert has_reducer(kind) != case.itself, f"{kind} has {'a' if case.itself else 'no'} canonical form"
    result = pickled(case.value, "the value", case.stands_in)
    data = result.data
    assert result.content == "checked", "nothing in it says what was computed"
    pickletools.dis(data, out=io.StringIO())  # the stack and the memo are in order
    again = pickled(case.value, "a second time", case.stands_in).data
    assert again == data, "its bytes change from one time to the next"
    if case.stands_in:
        pickle.loads(data)
    else:
        check_back(case, data, library)
    for wanted in ("same", "close", "different"):
        for i, other in enumerate(getattr(case, wanted)):
            outcome, _, path = compare(pickled(other, f"{wanted}[{i}]", case.stands_in).data, data)
            assert outcome == {"same": "identical"}.get(wanted, wanted), f"{wanted}[{i}] is {outcome} at {path}"


def check_back(case, data, library):
    finder = Finder(data)
    back = finder.load()
    foreign = finder.modules - STANDARD - case.own - {library}
    assert not foreign, f"its pickle needs {foreign}"
    assert type(back) is type(case.value), f"comes back as {type(back)}"
    outcome = case.equal(back, case.value)
    assert outcome is None or bool(outcome), f"comes back as {back!r}"
    outcome, leaves, path = compare(pickled(back, "what came back").data, data)
    assert outcome == "identical" and leaves, f"what came back is {outcome} at {path}"


def digests(library):
    return {case.name: hashlib.sha256(dump(case.value).data).hexdigest() for case in importlib.import_module(
        library + "_cases").cases() if not case.described}


def run(library, this_program):
    cases = list(importlib.import_module(library + "_cases").cases())
    assert len({case.name for case in cases}) == len(cases)
    failures = []
    for case in cases:
        try:
            if case.described:
                result = dump(case.value)
                assert result.error is None and result.content == "described" and result.notes, result.notes
            else:
                check(case, library)
        except Exception as error:
            shown = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
            failures.append(f"{case.name}: {shown}")
    elsewhere = json.loads(subprocess.run([this_program, "--digests", library], stdout=subprocess.PIPE, check=True,
                                          encoding="utf-8").stdout.splitlines()[-1])
    failures += properties.run(library, dump, compare)
    here = digests(library)
    failures += [f"{name}: other bytes in another process" for name in here if here[name] != elsewhere[name]]
    print(f"{library} {importlib.import_module(library).__version__}: {len(cases)} values")
    assert not failures, "\n" + "\n".join(failures)
