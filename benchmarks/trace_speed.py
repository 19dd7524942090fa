"""What observing calls costs: pure Python code that does little but call, observed and not, in turns.

    trace_speed trace_speed.py PYTHON [ROUNDS [loops]]

runs this file in the interpreter of PYTHON (of the X.Y that trace_speed was built for; with networkx for all programs).
In each round every program runs once in every way; the fastest of all rounds count, as multiples of the plain run.
`unpaused` is the evaluator that looks at every call.
`setprofile` and `settrace` are sys.setprofile and sys.settrace with a Python function that does nothing.
"""
import os
import sys
import time

import tracing


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def recursion():
    return fib(25)


class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def plus(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def dot(self, other):
        return self.x * other.x + self.y * other.y

    @property
    def squared(self):
        return self.dot(self)


def methods():
    total, step, found = Vector(0.0, 0.0), Vector(0.25, 0.5), 0.0
    for _ in range(40_000):
        total = total.plus(step)
        found += total.squared
    return found


def weight(x):
    return x * 3 % 7


def chosen(numbers):
    for number in numbers:
        if weight(number) > 2:
            yield number


def generators():
    found = 0
    for k in range(300):
        found += sum([weight(x) for x in range(200)])
        found += sum(x for x in chosen(range(200)))
        found += len({weight(x): x for x in range(200)})
    return found


class Parser:
    """Sums, products and parentheses, by recursive descent: one call a character and more."""

    def __init__(self, text):
        self.text = text
        self.at = 0

    def peek(self):
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self):
        self.at += 1
        return self.text[self.at - 1]

    def atom(self):
        if self.peek() == "(":
            self.take()
            value = self.sum()
            self.take()
            return value
        digits = ""
        while self.peek().isdigit():
            digits += self.take()
        return int(digits)

    def product(self):
        value = self.atom()
        while self.peek() == "*":
            self.take()
            value = value * self.atom() % 1_000_003
        return value

    def sum(self):
        value = self.product()
        while self.peek() == "+":
            self.take()
            value += self.product()
        return value


def parser(text="+".join("(%d*(%d+%d))*7" % (n, n * n, n + 13) for n in range(1000))):
    return Parser(text).sum()


def programs():
    yield "fib(25)", recursion
    yield "small methods", methods
    yield "comprehensions, generators", generators
    yield "recursive descent parser", parser
    try:
        import networkx
    except ImportError:
        print("networkx is not there; its programs are left out")
        return
    graph = networkx.barabasi_albert_graph(150, 3, seed=1)
    weighted = networkx.gnm_random_graph(300, 2000, seed=1)
    for a, b, edge in weighted.edges(data=True):
        edge["weight"] = (a * b) % 17 + 1
    yield f"networkx {networkx.__version__}: betweenness", lambda: networkx.betweenness_centrality(graph)
    yield "networkx: all Dijkstra paths", lambda: dict(networkx.all_pairs_dijkstra_path_length(weighted, cutoff=8))
    yield "networkx: average clustering", lambda: networkx.average_clustering(weighted)


def plain(function):
    return function(), ""


def profiled(function):
    sys.setprofile(lambda frame, event, value: None)
    try:
        return function(), ""
    finally:
        sys.setprofile(None)


def line_traced(function):
    def trace(frame, event, value):
        return trace

    sys.settrace(trace)
    try:
        return function(), ""
    finally:
        sys.settrace(None)


WAYS = {
    "evaluator": lambda function: tracing.call(function, "evaluator"),
    "unpaused": lambda function: tracing.call(function, "unpaused"),
    "profile": lambda function: tracing.call(function, "profile"),
    "setprofile": profiled,
    "settrace": line_traced,
}


def timed(way, function):
    start = time.process_time()
    value, seen = way(function)
    return time.process_time() - start, value, seen


LOOKED_UP = {k: (k, str(k)) for k in range(200_000)}


def lookups():
    d = LOOKED_UP
    for k in range(200_000):
        d[k]


def calls_in_a_loop():
    for k in range(100_000):
        weight(k)


def small_lists_in_a_loop():
    for k in range(20_000):
        x = sorted([k % 7, k % 5, k % 3])
        weight(k)


def items_that_pass():
    for _ in chosen(range(100_000)):
        pass


def loops():
    yield "look-ups", 200_000, lookups
    yield "calls", 100_000, calls_in_a_loop
    yield "small lists, assigned", 20_000, small_lists_in_a_loop
    yield "items of a generator", 100_000, items_that_pass
    try:
        import networkx
        import numpy
    except ImportError:
        print("networkx or numpy is not there; their loops are left out")
        return
    globals().update(networkx=networkx, numpy=numpy, GRAPH=networkx.barabasi_albert_graph(300, 3, seed=1),
                     GRID=networkx.grid_2d_graph(8, 8), ARRAY=numpy.linspace(0, 1, 10_000))
    yield "networkx: Dijkstra from each node", 300, dijkstra
    yield "networkx: all shortest paths of a grid", 3432, shortest_paths
    yield "numpy: sines of 10,000 numbers", 1000, sines


def dijkstra():
    for node in GRAPH:
        networkx.single_source_dijkstra(GRAPH, node)


def shortest_paths():
    for _ in networkx.all_shortest_paths(GRID, (0, 0), (7, 7)):
        pass


def sines():
    for k in range(1000):
        numpy.sin(ARRAY)


def measure_loops(rounds):
    """The frame evaluator, and the statements of the function itself observed, too: what that adds to each round."""
    print(f"{'loops':>40} {'a round':>11} {'evaluator':>10} {'and body':>10} {'adds':>10}")
    for name, count, function in loops():
        best = {"plain": float("inf"), "evaluator": float("inf"), "body": float("inf")}
        for _ in range(rounds):
            best["plain"] = min(best["plain"], timed(plain, function)[0])
            best["evaluator"] = min(best["evaluator"], timed(WAYS["evaluator"], function)[0])
            tracing.observe(function)
            best["body"] = min(best["body"], timed(WAYS["evaluator"], function)[0])
            seen = tracing.restore()
            assert seen, name
        round_ns = {way: seconds / count * 1e9 for way, seconds in best.items()}
        print(f"{name:>40} {round_ns['plain']:8.0f} ns {best['evaluator'] / best['plain']:10.2f}"
              f" {best['body'] / best['plain']:10.2f} {round_ns['body'] - round_ns['plain']:7.0f} ns", flush=True)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    print(f"CPython {sys.version.split()[0]}, best of {rounds}, load {os.getloadavg()[0]:.1f}")
    measure_loops(rounds)
    if "loops" in sys.argv:
        return
    print(f"{'':>32} {'plain':>10} " + " ".join(f"{name:>10}" for name in WAYS))
    for name, function in programs():
        best, deepest = dict.fromkeys(["plain", *WAYS], float("inf")), {}
        for _ in range(rounds):
            # The plain run is timed between the others, not only after one of them.
            seconds, expected, _ = timed(plain, function)
            best["plain"] = min(best["plain"], seconds)
            for way in WAYS:
                seconds, value, deepest[way] = timed(WAYS[way], function)
                best[way] = min(best[way], seconds)
                assert value == expected, (name, way)
                best["plain"] = min(best["plain"], timed(plain, function)[0])
        assert deepest["evaluator"] == deepest["unpaused"] == deepest["profile"], deepest
        print(f"{name:>32} {best['plain'] * 1e3:7.1f} ms " +
              " ".join(f"{best[way] / best['plain']:10.2f}" for way in WAYS) + f"  {deepest['evaluator']}", flush=True)


if __name__ == "__main__":
    main()
