"""Writes dynamic_map.json: the code values of bitsandbytes for 8 bits, in order of size, which are f32.

Run with the versions in requirements.txt: python make.py
"""

import json
from pathlib import Path

from bitsandbytes.functional import create_dynamic_map

maps = {
    name: sorted(create_dynamic_map(signed=signed).tolist())
    for name, signed in [("signed", True), ("unsigned", False)]
}
assert all(len(set(values)) == 256 for values in maps.values())
lines = [f'  "{name}": {json.dumps(values)}' for name, values in maps.items()]
Path(__file__).with_name("dynamic_map.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
