"""Opens what `thalweg graph --format tensorboard` wrote with the real TensorBoard.

    pip install tensorboard==2.21.0 setuptools
    thalweg graph --optimizer adam --format tensorboard --out run
    thalweg graph --optimizer adam --format json > graph.json
    python crates/tensorboard/tests/open.py run graph.json

It reads the event file with the accumulator, asks the data provider and the plugin of graphs as the page
does, and compares nodes, operands and scopes with the JSON of the same graph.
"""

import json
import sys

from google.protobuf import text_format
from tensorboard.backend.event_processing import data_provider
from tensorboard.backend.event_processing import plugin_event_accumulator, plugin_event_multiplexer
from tensorboard.compat.proto import graph_pb2
from tensorboard.context import RequestContext
from tensorboard.plugins import base_plugin
from tensorboard.plugins.graph.graphs_plugin import GraphsPlugin

folder, told = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8"))

events = plugin_event_accumulator.EventAccumulator(folder)
events.Reload()
graph = events.Graph()
print(f"accumulator: {len(graph.node)} nodes, producer {graph.versions.producer}")

multiplexer = plugin_event_multiplexer.EventMultiplexer()
multiplexer.AddRun(folder, name="run")
multiplexer.Reload()
provider = data_provider.MultiplexerDataProvider(multiplexer, folder)
plugin = GraphsPlugin(base_plugin.TBContext(data_provider=provider, logdir=folder))
card = plugin.info_impl(RequestContext(), experiment="")
print(f"plugin, card: {card['run']['run_graph']=}")
text, kind = plugin.graph_impl(RequestContext(), run="run", tag=None, is_conceptual=False, experiment="")
shown = text_format.Parse(text, graph_pb2.GraphDef())
print(f"plugin, graph: {kind}, {len(shown.node)} nodes")

assert card["run"]["run_graph"] is True
expected = {node["name"]: node for node in told["nodes"]}
for seen in (graph, shown):
    assert {node.name for node in seen.node} == set(expected)
    for node in seen.node:
        assert list(node.input) == expected[node.name]["inputs"], node.name
        shape = expected[node.name]["shape"]
        if shape is not None:
            dims = node.attr["_output_shapes"].list.shape[0].dim
            assert [dim.size for dim in dims] == shape, node.name
    within = sum(node.name.startswith("train/") for node in seen.node)
    cards = {scope["name"]: scope for scope in told["scopes"]}
    assert within == cards["train"]["nodes"] if "train" in cards else within == 0
    # A NoOp called like the scope would take it out of the main graph before anyone looks.
    assert all(node.op != "NoOp" for node in seen.node)
print("nodes, operands, shapes and the card of train agree")
