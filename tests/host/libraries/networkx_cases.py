import networkx as nx
import numpy as np
from check import Case

ULP = 1 + 2.0**-52


def equal(a, b):
    a.add_node("probe"), a.remove_node("probe")
    return (a.adj == b.adj and dict(a.nodes(data=True)) == dict(b.nodes(data=True)) and a.graph == b.graph
            and list(a) == list(b) and type(a) is type(b) and a.number_of_edges() == b.number_of_edges()
            and dict(a.degree()) == dict(b.degree()))


def make(kind, nodes="abcd", weight=1 / 3, name="g", value=1, backwards=False, edges=(("a", "b"), ("b", "c"), ("c", "c"))):
    graph = kind(name=name)
    for node in reversed(nodes) if backwards else nodes:
        graph.add_node(node)
    if nodes:
        graph.nodes[nodes[0]]["value"] = value
    for u, v in reversed(edges) if backwards else edges:
        graph.add_edge(u, v, weight=weight)
    if graph.is_multigraph() and edges:
        graph.add_edge(*edges[0], key="second", weight=2.0)
    return graph


def used(graph):
    graph.nodes, graph.edges, graph.adj, graph.degree, list(graph.edges), dict(graph.degree), nx.number_connected_components(
        nx.Graph(graph))
    if graph.is_directed():
        graph.succ, graph.pred, graph.in_degree, graph.out_edges
    return graph


class Roads(nx.Graph):
    """A project's own graph, with something of its own."""

    country = None


def views():
    for kind in (nx.Graph, nx.MultiDiGraph):
        for name in ("nodes", "edges", "degree", "adj") + (("in_degree", "out_edges", "pred") if kind is nx.MultiDiGraph else ()):
            yield Case(f"{name} of {kind.__name__}", getattr(make(kind), name), itself=True, own=["networkx_cases"], equal=lambda a, b: str(a) == str(b),
                       same=[getattr(used(make(kind)), name)], close=[getattr(make(kind, weight=1 / 3 * ULP), name)] if name != "nodes" else [], different=[getattr(make(kind, nodes="abce"), name)])
    roads, other, without = (make(Roads) for _ in range(3))
    roads.country, other.country = "FI", "SE"
    looked_at = make(Roads)
    looked_at.country = "FI"
    yield Case("graph of a class", roads, own=["networkx_cases"], equal=lambda a, b: equal(a, b) and a.country == b.country, same=[used(looked_at)], different=[other, without, make(nx.Graph)])


def cases():
    yield from views()
    for kind in (nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph):
        value = make(kind)
        other = {nx.Graph: nx.DiGraph, nx.DiGraph: nx.Graph, nx.MultiGraph: nx.MultiDiGraph, nx.MultiDiGraph: nx.MultiGraph}[kind]
        yield Case(kind.__name__, value, equal=equal,
                   same=[used(make(kind)), value.copy(), make(kind, backwards=True)],
                   close=[make(kind, weight=1 / 3 * ULP)],
                   different=[make(kind, nodes="abcde"), make(kind, weight=0.5), make(kind, name="h"), make(kind, value=2),
                              make(kind, edges=(("a", "b"), ("b", "d"), ("c", "c"))), make(kind, edges=(("a", "b"),)), make(other)]
                   + ([make(kind, edges=(("b", "a"), ("b", "c"), ("c", "c")))] if value.is_directed() else []))
        yield Case(f"{kind.__name__} of nothing", make(kind, nodes="", edges=()), equal=equal, different=[make(kind, nodes="a", edges=())])
        yield Case(f"{kind.__name__} without edges", make(kind, edges=()), equal=equal, different=[make(kind, nodes="abc", edges=())])
    numbers = nx.path_graph(5)
    nx.set_node_attributes(numbers, {n: np.arange(3) / (n + 3) for n in numbers}, "position")
    moved = nx.path_graph(5)
    nx.set_node_attributes(moved, {n: np.arange(3) / (n + 3) * ULP for n in moved}, "position")
    yield Case("arrays at nodes", numbers, close=[moved], different=[nx.path_graph(5)], equal=lambda a, b: a.adj == b.adj)
    view = make(nx.Graph).subgraph("abc")
    yield Case("a view of a part", view, same=[make(nx.Graph, nodes="abc")], equal=lambda a, b: a.adj == b.adj, different=[make(nx.Graph)])
    extra = make(nx.Graph)
    extra.origin = "measured"
    yield Case("an attribute of one's own", extra, equal=lambda a, b: equal(a, b) and a.origin == b.origin, different=[make(nx.Graph)])
