"""Which modules of a suite hold no benchmark that a filter can match, by their source text alone.

Whatever is not plainly written out counts as possible (Unclear). A module that does not parse holds nothing.
"""
import ast
import importlib.machinery
import os
import pkgutil
import re
import sys

try:
    from re import _parser
except ImportError:
    import sre_parse as _parser

# How a benchmark's function is called, see benchmark_type.cpp.
BENCHMARK = re.compile(r"(time|timeraw|mem|peakmem|track)_.|(Time|Timeraw|Mem|PeakMem|Track)[A-Z_].")
# A word of a filter that nothing but a suite's own code spells.
OWN_WORD = re.compile(r"(?<![a-zA-Z0-9])(time|timeraw|mem|peakmem|track)_\w\w")
# What such a word can be put together from.
OWN_PIECE = re.compile(r"(?<![a-zA-Z0-9])(time|timeraw|mem|peakmem|track)(?![a-zA-Z0-9])")
# What makes names that are written nowhere, or changes what other code defines.
MAGIC = {
    "setattr", "delattr", "globals", "locals", "vars", "exec", "eval", "__import__", "import_module", "run_path",
    "run_module", "benchmark_name", "__dict__", "__getattr__", "__getattribute__", "__dir__", "__class__",
    "__init_subclass__", "__set_name__", "__mro_entries__", "__path__", "__package__", "modules", "new_class", "make_dataclass",
    "meta_path", "path_hooks", "FunctionType", "ModuleType", "MethodType", "update_wrapper", "partialmethod", "export_as_benchmark",
}
# What lists things that the source does not name.
LISTING = {"dir", "__all__", "getmembers", "listdir", "scandir", "glob", "rglob", "iterdir", "open", "environ", "walk"}
# Libraries whose classes have no methods that are called like benchmarks.
KNOWN = set(getattr(sys, "stdlib_module_names", ())) | set(sys.builtin_module_names) | {
    "abc", "collections", "contextlib", "functools", "itertools", "io", "os", "math", "operator", "pathlib", "random",
    "re", "shutil", "string", "subprocess", "tempfile", "time", "timeit", "unittest", "warnings",
    "numpy", "scipy", "pandas", "networkx", "skimage",
}
CALLS = {
    "range", "list", "dict", "tuple", "set", "frozenset", "int", "float", "complex", "str", "bytes", "bytearray",
    "bool", "len", "min", "max", "sum", "abs", "round", "pow", "sorted", "zip", "enumerate", "filter", "print",
    "isinstance", "hasattr", "repr", "ord", "chr", "hash", "slice",
}
DECORATORS = {
    "staticmethod", "classmethod", "property", "abc.abstractmethod", "functools.lru_cache", "functools.cache",
    "functools.cached_property", "contextlib.contextmanager",
}
MARKS = "asv_runner.benchmarks.mark."
PLAIN_CALLS = {"range", "list", "tuple", "int", "float", "sorted", "len", "min", "max", "dict", "bool"}
ORDINARY_WORDS = {"True", "False", "None", "range", "Ellipsis"}


class Unclear(Exception):
    pass


def alternatives(tree):
    """What a match is made of: alternatives, each a list of texts that it contains in this order."""
    found = [[""]]
    for operation, argument in tree:
        name = str(operation)
        if name == "LITERAL":
            for each in found:
                each[-1] += chr(argument)
            continue
        if name == "AT":
            continue
        inner, joined = [[""]], False
        if name == "SUBPATTERN" and not argument[1] and not argument[2]:
            inner, joined = alternatives(argument[3]), True
        elif name == "BRANCH":
            inner, joined = [one for branch in argument[1] for one in alternatives(branch)], True
        elif name.endswith("_REPEAT") and argument[0] > 0:
            inner = alternatives(argument[2])
        if len(found) * len(inner) > 64:
            return [[""]]
        if joined:
            found = [a[:-1] + [a[-1] + b[0]] + b[1:] for a in found for b in inner]
        else:
            found = [a + b + [""] for a in found for b in inner]
    return found


class Filter:
    def __init__(self, text):
        self.regex = re.compile(text)
        insensitive = self.regex.flags & re.IGNORECASE
        self.alternatives = [[""]] if insensitive else alternatives(_parser.parse(text))

    def matches(self, name):
        return self.regex.search(name) is not None

    def matches_with(self, name, excluded):
        """May it match `name` followed by parameters? `excluded(text)`: no parameter contains this text."""
        for texts in self.alternatives:
            if not any(text and not set(text) & set("()") and text not in name and excluded(text) for text in texts):
                return True
        return False


class Module:
    """The source of one module of the suite."""

    def __init__(self, name, path):
        self.name = name
        self.package = name if os.path.basename(path) == "__init__.py" else name.rpartition(".")[0]
        with open(path, "rb") as file:
            content = file.read()
        self.text = content.decode("utf-8", "replace")
        self.tree = ast.parse(content)
        self.words = set()
        for node in ast.walk(self.tree):
            for field in ("id", "attr", "name", "arg", "module", "value"):
                word = getattr(node, field, None)
                if isinstance(word, str):
                    self.words.add(word)
            if isinstance(node, ast.alias):
                self.words.add(node.name.rpartition(".")[2])

    def resolve(self, node):
        """The module that an ImportFrom names."""
        if not node.level:
            return node.module
        base = self.package.split(".")[: len(self.package.split(".")) + 1 - node.level]
        return ".".join(base + ([node.module] if node.module else []))


class Facts:
    """What a module defines, rather too much than too little. Functions by name, classes with their members."""

    def __init__(self):
        self.functions = set()
        self.classes = {}
        self.origins = {}  # name → dotted name outside the suite
        self.modules = {}  # name → module of the suite
        self.values = set()  # names of other things
        self.bodies = {}  # names of functions → the names that they use
        self.uses = set()  # modules of the suite


class Scanner:
    def __init__(self, package, folder):
        self.package = package
        self.folder = folder
        self.loaded = {}
        self.facts = {}

    def path_of(self, name):
        parts = name.split(".")[1:]
        base = os.path.join(self.folder, *parts)
        for path in (os.path.join(base, "__init__.py"), base + ".py"):
            if os.path.isfile(path) and not (parts == [] and path.endswith(".py") and "__init__" not in path):
                return path
        return None

    def in_suite(self, name):
        return name == self.package or name.startswith(self.package + ".")

    def load(self, name):
        if name not in self.loaded:
            path = self.path_of(name)
            if path is None:
                raise Unclear(name)
            self.loaded[name] = Module(name, path)
        return self.loaded[name]

    def scan(self, name):
        if name not in self.facts:
            self.facts[name] = Unclear("modules that import each other")
            try:
                self.facts[name] = self.define(self.load(name))
            except Unclear as unclear:
                self.facts[name] = unclear
        if isinstance(self.facts[name], Unclear):
            raise self.facts[name]
        return self.facts[name]

    def define(self, module):
        check_words(module)
        facts = Facts()
        Block(self, module, facts).scan(module.tree.body)
        return facts

    def closure(self, name):
        found, new = set(), {name}
        while new:
            found |= new
            new = set().union(*(self.scan(each).uses for each in new)) - found
        return found


def check_words(module):
    if module.words & MAGIC:
        raise Unclear("magic: " + ", ".join(sorted(module.words & MAGIC)))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            if BENCHMARK.match(node.attr) or node.attr.startswith("__"):
                raise Unclear("attributes that are set")
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "type" and len(node.args) > 1:
            raise Unclear("a class that is made")
        elif isinstance(node, ast.Global):
            raise Unclear("global")


class Block:
    """Goes through the statements of a module."""

    def __init__(self, scanner, module, facts):
        self.scanner = scanner
        self.module = module
        self.facts = facts

    def scan(self, statements):
        for statement in statements:
            getattr(self, "on_" + type(statement).__name__, self.on_other)(statement)

    def on_other(self, node):
        raise Unclear(type(node).__name__)

    def on_Pass(self, node):
        pass

    on_Assert = on_Delete = on_Raise = on_Pass

    def on_If(self, node):
        self.scan(node.body)
        self.scan(node.orelse)

    on_While = on_If

    def on_Try(self, node):
        for block in (node.body, node.orelse, node.finalbody, *(handler.body for handler in node.handlers)):
            self.scan(block)

    def on_With(self, node):
        for item in node.items:
            if item.optional_vars is not None:
                self.bind(item.optional_vars, item.context_expr)
        self.scan(node.body)

    def on_For(self, node):
        call = isinstance(node.iter, ast.Call) and getattr(node.iter.func, "id", "") == "range"
        written = isinstance(node.iter, (ast.Tuple, ast.List)) and all(
            isinstance(item, (ast.Constant, ast.Name, ast.Tuple)) for item in node.iter.elts)
        for name in (each for each in ast.walk(node.target) if isinstance(each, ast.Name)):
            if not (call or written or name.id.startswith("_")) or BENCHMARK.match(name.id):
                raise Unclear("a loop over what is not written out")
            self.facts.values.add(name.id)
        self.scan(node.body)
        self.scan(node.orelse)

    def on_Expr(self, node):
        if not isinstance(node.value, ast.Constant):
            self.check_call(node.value)

    def check_call(self, node):
        if not isinstance(node, ast.Call):
            raise Unclear("an expression")
        root = root_of(node.func)
        used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} - {root}
        if isinstance(node.func, ast.Name) and root in self.facts.bodies:
            used |= self.facts.bodies[root] - {root}
        elif root not in self.facts.values and root not in self.facts.origins:
            self.check_value(node)
        # What is told of none of the module's classes and functions adds nothing to them.
        if used & (self.facts.classes.keys() | self.facts.functions | self.facts.modules.keys() | {"__name__"}):
            raise Unclear("a call that is told of something")

    def on_Import(self, node):
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            origin = alias.name if alias.asname else bound
            if self.scanner.in_suite(alias.name):
                self.facts.uses.add(alias.name)
                self.facts.modules[bound] = origin
            else:
                self.facts.origins[bound] = origin

    def on_ImportFrom(self, node):
        module = self.module.resolve(node)
        if module == "__future__":
            return
        if not self.scanner.in_suite(module):
            self.import_from_outside(module, node.names)
            return
        for alias in node.names:
            bound = alias.asname or alias.name
            below = module + "." + alias.name
            if alias.name != "*" and self.scanner.path_of(below):
                self.facts.uses.add(below)
                self.facts.modules[bound] = below
                continue
            theirs = self.scanner.scan(module)
            self.facts.uses.add(module)
            self.facts.functions |= theirs.functions
            self.facts.classes.update(theirs.classes)
            if alias.name == "*":
                self.facts.values |= theirs.values
                for ours, other in ((self.facts.origins, theirs.origins), (self.facts.modules, theirs.modules)):
                    ours.update(other)
            elif alias.name in theirs.functions:
                self.facts.functions.add(bound)
            elif alias.name in theirs.classes:
                self.facts.classes[bound] = theirs.classes[alias.name]
            elif alias.name in theirs.values:
                self.facts.values.add(bound)
            elif alias.name in theirs.origins:
                self.facts.origins[bound] = theirs.origins[alias.name]
            else:
                raise Unclear(alias.name)

    def import_from_outside(self, module, names):
        for alias in names:
            bound = alias.asname or alias.name
            known = module.partition(".")[0] in KNOWN or (module + ".").startswith(MARKS)
            if not known and not is_harmless_object(module, alias.name) or BENCHMARK.match(bound):
                raise Unclear(module)
            if alias.name != "*":
                self.facts.origins[bound] = module + "." + alias.name

    def on_FunctionDef(self, node):
        self.check_decorators(node)
        self.facts.functions.add(node.name)
        self.facts.bodies[node.name] = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}

    on_AsyncFunctionDef = on_FunctionDef

    def check_decorators(self, node):
        for decorator in node.decorator_list:
            callee = decorator.func if isinstance(decorator, ast.Call) else decorator
            origin = self.origin(callee)
            accessor = isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "getter", "deleter")
            if accessor or origin in DECORATORS or (origin or "").startswith(MARKS):
                continue
            # A function of the suite that makes no class, on one that is no benchmark: no matter what comes of it.
            ours = isinstance(callee, ast.Name) and callee.id in self.facts.functions and callee is decorator
            if not ours or BENCHMARK.match(node.name) or self.makes_classes():
                raise Unclear("a decorator")

    def makes_classes(self):
        modules = [self.module] + [self.scanner.load(each) for each in self.facts.uses]
        return any(isinstance(below, ast.ClassDef) for module in modules for node in ast.walk(module.tree)
                   if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) for below in ast.walk(node))

    def origin(self, node):
        """The name, outside the suite, of what an expression names; None where it is something else."""
        if isinstance(node, ast.Name):
            ours = any(node.id in names for names in (
                self.facts.functions, self.facts.classes, self.facts.values, self.facts.modules))
            return None if ours else self.facts.origins.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            base = self.origin(node.value)
            return base and base + "." + node.attr
        return None

    def on_ClassDef(self, node):
        if node.decorator_list or node.keywords:
            raise Unclear("a class that is decorated, or has a metaclass")
        members = Members(self)
        members.scan(node.body)
        for base in node.bases:
            members.names |= self.members_of(base)
        self.facts.classes[node.name] = members.names | self.facts.classes.get(node.name, set())

    def members_of(self, base):
        if isinstance(base, ast.Name) and base.id in self.facts.classes:
            return self.facts.classes[base.id]
        if isinstance(base, ast.Attribute) and getattr(base.value, "id", "") in self.facts.modules:
            theirs = self.scanner.scan(self.facts.modules[base.value.id])
            if base.attr in theirs.classes:
                return theirs.classes[base.attr]
        origin = self.origin(base)
        if origin == "object" or origin and "." in origin and origin.partition(".")[0] in KNOWN:
            return set()
        raise Unclear("a class that is derived from an unknown one")

    def on_Assign(self, node):
        for target in node.targets:
            self.bind(target, node.value)

    def on_AnnAssign(self, node):
        if node.value is not None:
            self.bind(node.target, node.value)

    def on_AugAssign(self, node):
        self.bind(node.target, node.value)

    def bind(self, target, value):
        if isinstance(target, (ast.Tuple, ast.List)):
            for each in target.elts:
                self.bind(each, value)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, value)
        elif isinstance(target, ast.Name):
            if not target.id.startswith("_"):
                self.check_value(value)
            if BENCHMARK.match(target.id):
                self.facts.functions |= {target.id, "<lambda>"}
            if target.id not in self.facts.classes and target.id not in self.facts.functions:
                self.facts.values.add(target.id)
        elif isinstance(target, ast.Attribute):
            # Of a function or class of our own; check_words() looks at what is set.
            if root_of(target) not in self.facts.functions and root_of(target) not in self.facts.classes:
                raise Unclear("an attribute of something else is set")
        elif root_of(target) not in self.facts.values:
            raise Unclear("an item of something else is set")

    def check_value(self, node):
        """Whatever this is, it is neither a function nor a class that is not known already."""
        if isinstance(node, (ast.BoolOp, ast.Tuple, ast.List)):
            for each in node.values if isinstance(node, ast.BoolOp) else node.elts:
                self.check_value(each)
        elif isinstance(node, ast.IfExp):
            self.check_value(node.body)
            self.check_value(node.orelse)
        elif isinstance(node, ast.Call):
            self.check_callee(node.func)
        elif isinstance(node, (ast.Attribute, ast.Subscript)):
            self.check_outside(node)
        elif isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)):
            raise Unclear("a value")

    def check_callee(self, callee):
        if isinstance(callee, ast.Name):
            ours = callee.id in self.facts.functions or callee.id in self.facts.values
            if callee.id in self.facts.classes or callee.id in CALLS and not ours:
                return
        elif isinstance(callee, ast.Attribute):
            if isinstance(callee.value, (ast.Constant, ast.JoinedStr)):
                return
            if isinstance(callee.value, ast.Call):
                self.check_callee(callee.value.func)
                return
        self.check_outside(callee)

    def check_outside(self, node):
        origin = self.origin(node.value if isinstance(node, ast.Subscript) else node)
        if origin is None or "." not in origin or origin.partition(".")[0] not in KNOWN:
            raise Unclear("what is called, or taken from something")


class Members(Block):
    """Goes through the statements of a class."""

    def __init__(self, outer):
        super().__init__(outer.scanner, outer.module, outer.facts)
        self.names = set()

    def on_FunctionDef(self, node):
        self.check_decorators(node)
        self.names.add(node.name)

    on_AsyncFunctionDef = on_FunctionDef

    def on_ClassDef(self, node):
        pass  # no member of the kind that counts

    def on_Import(self, node):
        raise Unclear("an import in a class")

    on_ImportFrom = on_Import

    def on_For(self, node):
        self.names.update(each.id for each in ast.walk(node.target) if isinstance(each, ast.Name))
        self.scan(node.body)
        self.scan(node.orelse)

    def on_Expr(self, node):
        pass

    def bind(self, target, value):
        self.names.update(each.id for each in ast.walk(target) if isinstance(each, ast.Name))


def root_of(node):
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return getattr(node, "id", None)


def names_in(node):
    for each in ast.walk(node):
        name = getattr(each, "id", None) or getattr(each, "attr", None)
        if name is not None:
            yield name


def is_harmless_object(module, name):
    """Is it loaded already, and nothing that could be a benchmark or have one?"""
    loaded = sys.modules.get(module)
    value = getattr(loaded, "__dict__", {}).get(name)
    if value is None or getattr(type(value), "__module__", "") != "builtins":
        return False
    return not (isinstance(value, type) and any(BENCHMARK.match(each) for each in dir(value)))


class Parameters:
    """What the parameters of a module's benchmarks can look like."""

    def __init__(self, scanner, name):
        self.modules = [scanner.load(each) for each in scanner.closure(name)]
        self.words = set().union(*(module.words for module in self.modules))
        # A base class may be what has them.
        self.none = not self.words & {"params", "parameterize"} and not any(
            "params" in module.text or "parameterize" in module.text for module in self.modules)
        self.plain = "parameterize" not in self.words and all(map(self.is_plain, self.modules))
        origins = [origin for module in self.modules for origin in scanner.scan(module.name).origins.values()]
        unknown = any(origin.partition(".")[0] not in KNOWN for origin in origins)
        self.foreign = not self.plain and (any(map(self.has_pieces, self.modules)) or unknown and any(
            self.asks_others(scanner, module) for module in self.modules))
        self.constants = [] if not self.plain else [
            repr(node.value) for module in self.modules for node in ast.walk(module.tree)
            if isinstance(node, ast.Constant)]

    @staticmethod
    def has_pieces(module):
        """Is there a text that could become the beginning of a benchmark's name?"""
        comments = {node.value for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
        return any(isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in comments and
                   OWN_PIECE.search(node.value) for node in ast.walk(module.tree))

    @staticmethod
    def asks_others(scanner, module):
        """May a `params` of it be what a library says that is not known?"""
        origins = scanner.scan(module.name).origins
        known = {name for name, origin in origins.items() if origin.partition(".")[0] in KNOWN}
        values, wanted = {}, []
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.withitem, ast.NamedExpr)):
                value = next(getattr(node, field) for field in ("value", "iter", "context_expr") if hasattr(node, field))
                for target in getattr(node, "targets", None) or [getattr(node, "target", None) or getattr(
                        node, "optional_vars", None)]:
                    for each in ast.walk(target) if target is not None else ():
                        name = getattr(each, "id", None) or getattr(each, "attr", None)
                        if name is not None and value is not None:
                            values.setdefault(name, []).append(value)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):  # such as append()
                for name in names_in(node.func.value):
                    values.setdefault(name, []).extend(node.args)
        wanted, seen = ["params"], set()
        while wanted:
            name = wanted.pop()
            seen.add(name)
            for node in (below for value in values.get(name, ()) for below in ast.walk(value)):
                if isinstance(node, ast.Name) and node.id not in seen:
                    wanted.append(node.id)
                if isinstance(node, ast.Call) and root_of(node.func) not in known | CALLS:
                    return True
        return False

    @staticmethod
    def is_plain(module):
        """Is every `params` of it written out, so that its texts stand in the source?"""
        stored, touched = [], set()
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                stored.append(node.id)
            elif isinstance(node, ast.Call):
                # A method of it, or a function that is given it, may change it.
                touched.update(names_in(node.func.value) if isinstance(node.func, ast.Attribute) else ())
                if getattr(node.func, "id", "") not in PLAIN_CALLS:
                    touched.update(name for each in node.args for name in names_in(each))
            elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                touched.update(names_in(node.value))
        if "params" in touched:
            return False
        values = {target.id: node.value for node in module.tree.body if isinstance(node, ast.Assign)
                  for target in node.targets
                  if isinstance(target, ast.Name) and stored.count(target.id) == 1 and target.id not in touched}
        calls = PLAIN_CALLS - set(stored)

        def number(node, depth=0):
            if isinstance(node, ast.Name):
                return depth < 8 and node.id in values and number(values[node.id], depth + 1)
            if isinstance(node, ast.BinOp):
                return number(node.left, depth) and number(node.right, depth)
            if isinstance(node, ast.UnaryOp):
                return number(node.operand, depth)
            return isinstance(node, ast.Constant) and isinstance(node.value, (int, float, complex))

        def sequence(node, depth=0):
            if isinstance(node, ast.Name):
                return depth < 8 and node.id in values and sequence(values[node.id], depth + 1)
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                return sequence(node.left, depth) and sequence(node.right, depth)
            return isinstance(node, (ast.List, ast.Tuple)) and plain(node, depth)

        def plain(node, depth=0):
            if isinstance(node, ast.Name):
                return depth < 8 and node.id in values and plain(values[node.id], depth + 1)
            if isinstance(node, ast.Call):
                return getattr(node.func, "id", "") in calls and not node.keywords and all(
                    plain(each, depth) for each in node.args)
            if isinstance(node, (ast.BinOp, ast.UnaryOp)):
                return number(node, depth) or sequence(node, depth)
            if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
                return all(plain(each, depth) for each in node.elts)
            if isinstance(node, ast.Dict):
                return all(each is not None and plain(each, depth) for each in (*node.keys, *node.values))
            return isinstance(node, ast.Constant)

        for node in ast.walk(module.tree):
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    names = {getattr(each, "id", None) or getattr(each, "attr", None) for each in ast.walk(target)}
                    if "params" in names and (not isinstance(target, (ast.Name, ast.Attribute)) or
                                              isinstance(node, ast.AugAssign) or not node.value or
                                              not plain(node.value)):
                        return False
            elif isinstance(node, (ast.alias, ast.arg, ast.FunctionDef, ast.ClassDef, ast.keyword)):
                if "params" in (getattr(node, "name", None), getattr(node, "asname", None), getattr(node, "arg", None)):
                    # An argument of that name binds nothing but itself.
                    if not isinstance(node, (ast.arg, ast.keyword)):
                        return False
            elif isinstance(node, (ast.For, ast.comprehension, ast.withitem, ast.NamedExpr)):
                target = getattr(node, "target", None) or getattr(node, "optional_vars", None)
                if target is not None and any(getattr(each, "id", None) == "params" for each in ast.walk(target)):
                    return False
        return True

    def lack(self, text):
        """Does no parameter contain this text?"""
        if self.none:
            return True
        if self.plain:
            for word in re.findall(r"\w+", text):
                if re.search(r"[^\W\d_]{4}", word) and not any(word in each for each in ORDINARY_WORDS) and not any(
                        word in each for each in self.constants):
                    return True
        # Values that are computed, or a known library's, do not spell the names of this suite's benchmarks, unless the
        # source does, or lists what it does not name.
        return bool(OWN_WORD.search(text)) and not self.foreign and not self.words & LISTING and not any(
            text in module.text for module in self.modules)


class Narrowing:
    def __init__(self, package, folder, regex, wanted):
        self.scanner = Scanner(package, folder)
        self.filter = Filter(regex)
        self.wanted = {package + "." + name for name in wanted}

    def can_match(self, name):
        if name in self.wanted:
            return True
        try:
            return self.look(name)
        except SyntaxError:
            return name in self.scanner.loaded  # else it is this one that does not parse
        except (Unclear, OSError, ValueError, RecursionError):
            return True

    def look(self, name):
        facts = self.scanner.scan(name)
        owner = name.partition(".")[2]
        prefix = owner + "." if owner else ""
        names = {(prefix + each, prefix + each) for each in facts.functions}
        for klass, members in facts.classes.items():
            names |= {(prefix + klass + "." + each, prefix + each) for each in members if BENCHMARK.match(each)}
        if any(self.filter.matches(full) or self.filter.matches(short) for full, short in names):
            return True
        parameters = Parameters(self.scanner, name)
        return any(self.filter.matches_with(full + "(", parameters.lack) for full, short in names) if (
            not parameters.none) else False

    def skipped(self, name, folder):
        """The modules below a package that need not be imported; with the package itself if all of it is."""
        found, all_of_it = set(), True
        suffixes = tuple(importlib.machinery.EXTENSION_SUFFIXES)
        binary = {each.partition(".")[0] for each in os.listdir(folder) if each.endswith(suffixes)}
        for info in pkgutil.iter_modules([folder]):
            child = name + "." + info.name
            below = os.path.join(folder, info.name)
            if info.ispkg and os.path.isfile(os.path.join(below, "__init__.py")):
                found |= self.skipped(child, below)
            elif info.name not in binary and os.path.isfile(below + ".py") and not self.can_match(child):
                found.add(child)
            all_of_it = all_of_it and child in found
        if name == self.scanner.package:
            return found
        try:
            moves = bool(self.scanner.load(name).words & {"__path__", "modules"})
        except SyntaxError:
            return found | {name}
        except (Unclear, OSError, ValueError):
            return set()
        if moves or "__init__" in binary:
            return set()
        return found | {name} if all_of_it and not self.can_match(name) else found


def modules_to_skip(package, folder, regex, wanted):
    KNOWN.discard(package)
    narrowing = Narrowing(package, folder, regex, wanted)
    try:
        root = narrowing.scanner.load(package)
        if root.words & {"__path__", "modules"}:
            return set()
    except Unclear:
        pass  # no __init__.py
    except (SyntaxError, ValueError, OSError):
        return set()
    return narrowing.skipped(package, folder)
