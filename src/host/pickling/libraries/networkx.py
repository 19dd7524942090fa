# networkx: adjacency, data of nodes, edges and the graph, as dicts, which are compared without order: the order in
# which nodes and edges were added is kept in the pickle, but is no difference. Caches are left out.
import inspect

# What networkx before 2.8 keeps in the instance once it was asked for.
CACHES = {"nodes", "edges", "adj", "degree", "succ", "pred", "in_edges", "out_edges", "in_degree", "out_degree"}


def plain(mapping, levels):
    return {key: plain(value, levels - 1) if levels else value for key, value in mapping.items()}


def graph(obj):
    own = type(obj)
    arguments = (plain(obj.adj, 2 if obj.is_multigraph() else 1),)
    if obj.is_multigraph():
        if "multigraph_input" not in inspect.signature(own.__init__).parameters:
            return own, (), {key: value for key, value in obj.__dict__.items() if key not in CACHES}
        arguments += (True,)
    state = {"graph": dict(obj.graph), "_node": dict(obj.nodes.items())}
    fresh = own()
    for key, value in obj.__dict__.items():
        known = key in fresh.__dict__ or hasattr(own, key) or key in ("_succ", "_pred", "_graph", "frozen")
        if not known and not key.startswith(("_NODE_OK", "_EDGE_OK", "_filter")):
            state[key] = value
    return own, arguments, state


def derived(obj):
    """Of a class of its own: as it pickles itself, without caches."""
    caches = {name for name in CACHES if name in vars(obj)} | {"__networkx_cache__"}
    return without(obj, *caches)


SUBCLASS_REDUCERS = {"networkx.Graph": derived}
REDUCERS = {"networkx." + kind: graph for kind in ("Graph", "DiGraph", "MultiGraph", "MultiDiGraph")}
