"""The encoder that comes with signpipe, and the NOTICE of what it was made from.

`examples/shipped_encoder.py` makes both.
"""

from pathlib import Path

SHIPPED = "shipped"  # what it is called where encoders are named
SHIPPED_FILE = Path(__file__).with_name("encoder.safetensors")
# What labelled clips say of its features, for recognisers that are taught.
REFERENCE_FILE = Path(__file__).with_name("reference.safetensors")
