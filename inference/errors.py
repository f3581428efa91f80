"""The errors of inference: each message names what is wrong, the limit and the remedy.

InferenceError
├── BundleError      the bundle is missing, broken, of another schema, or not what its manifest says
├── DeviceError      the device asked for cannot run here
└── ConditionError   a value to condition on lies outside its range
"""

from __future__ import annotations


class InferenceError(Exception):
    """Whatever keeps inference from speaking; the message is one sentence for people."""


class BundleError(InferenceError):
    """The bundle cannot be used."""


class DeviceError(InferenceError):
    """The device that was asked for cannot run here."""


class ConditionError(InferenceError):
    """A condition lies outside its range."""
