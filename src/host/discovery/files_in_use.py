"""Of which files the modules are made that are loaded: digests of packages, and of the modules of a suite."""
import ast, hashlib, os, sys, types

DYNAMIC = {"__import__", "exec", "eval", "import_module", "run_path", "run_module", "modules"}


def digest(lines):
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()


def imported(node, package):
    """The names of the modules that an import statement may name."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = package[: len(package) + 1 - node.level] if node.level else []
    base = base + (node.module.split(".") if node.module else [])
    return [".".join(base + [alias.name]) for alias in node.names]


def used_by(name, path, content, suite):
    """Modules of the suite that one of them imports, itself and the packages it is in among them."""
    parts = name.split(".")
    names = [name]
    if path.endswith(".py"):
        package = parts if os.path.basename(path) == "__init__.py" else parts[:-1]
        for node in ast.walk(ast.parse(content)):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names.extend(imported(node, package))
            elif (getattr(node, "id", None) or getattr(node, "attr", None)) in DYNAMIC:
                return set(suite)
    found = set()
    for each in names:
        each = each.split(".")
        found.update(".".join(each[:i]) for i in range(1, len(each) + 1))
    return found & suite.keys()


def modules(suite):
    direct = {name: used_by(name, *file, suite) for name, file in suite.items()}
    contents = {name: hashlib.sha256(content).hexdigest() for name, (path, content) in suite.items()}
    result = {}
    for name in suite:
        closure, new = set(), {name}
        while new:
            closure |= new
            new = set().union(*(direct[each] for each in new)) - closure
        result[name.partition(".")[2]] = digest(each + " " + contents[each] for each in closure)
    return result


def files_in_use(root, ignored):
    packages, suite = {}, {}
    for name, module in list(sys.modules.items()):
        path = module.__dict__.get("__file__") if isinstance(module, types.ModuleType) else None
        if not isinstance(path, str) or path.startswith(ignored + os.sep):
            continue
        top = name.partition(".")[0]
        try:
            if top == root:
                with open(path, "rb") as file:
                    suite[name] = (path, file.read())
            else:
                status = os.stat(path)
                packages.setdefault(top, []).append("%s %d %d" % (path, status.st_size, status.st_mtime_ns))
        except OSError:
            pass
    # A root package without __init__.py has no file.
    suite.setdefault(root, ("", b""))
    return {name: digest(lines) for name, lines in packages.items()}, modules(suite)
