"""The energy model: what tells good candidates from bad ones, learnt from people, from the model itself and from breakage."""
