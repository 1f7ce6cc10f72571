"""Where numbers come from: the one door to what takes a filter's output, or a network's answer, apart.

Behind it stand `cnncore.filter_trace` (one output pixel of one filter), `cnncore.attribution` (saliency, Grad-CAM,
occlusion), `cnncore.tracing` (one number inside a network) and `cnncore.whatif` (filters off, changed pictures).
"""

from __future__ import annotations

from cnncore.attribution import grad_cam, gradient_times_input, occlusion, saliency
from cnncore.filter_trace import Branch, ChannelTrace, FilterTrace, border_source, trace_filter
from cnncore.tracing import CellTrace, receptive_field, trace_cell
from cnncore.whatif import features, forward_without, nearest, probability_curve, top_patches

__all__ = [
    "Branch",
    "CellTrace",
    "ChannelTrace",
    "FilterTrace",
    "border_source",
    "features",
    "forward_without",
    "grad_cam",
    "gradient_times_input",
    "nearest",
    "occlusion",
    "probability_curve",
    "receptive_field",
    "saliency",
    "top_patches",
    "trace_cell",
    "trace_filter",
]
