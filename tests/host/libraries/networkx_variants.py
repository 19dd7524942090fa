import networkx as nx
from properties import Variants


# Frozen graphs are views, too.
LOSSES = {"frozen"}


def graph(kind, edges=(("a", "b"), ("b", "c")), weight=1.0, note="n", nodes=("a", "b", "c"), color="red", name=""):
    made = kind(note=note)
    if name:
        made.name = name
    made.add_nodes_from(nodes, color=color)
    made.add_edges_from(edges, weight=weight)
    return made


def variants():
    for kind in (nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph):
        yield Variants(kind.__name__, lambda kind=kind, **how: graph(kind, **how),
                       {"edges": (("a", "b"), ("b", "c")), "weight": 1.0, "note": "n", "nodes": ("a", "b", "c"), "color": "red", "name": ""},
                       edges=[(("a", "b"),), (("a", "b"), ("c", "a"))], weight=[2.0], note=["m", None], nodes=[("a", "b", "c", "d")],
                       color=["blue"], name=["G"])
