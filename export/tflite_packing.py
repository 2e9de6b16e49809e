"""Rewrites a .tflite for shipping: preprocessing inside, short tensor names, aligned weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from export.tflite_schema import IDENTIFIER

ALIGNMENT_BYTES = 16
"""What the schema promises for buffers; a Cortex-M0 faults on unaligned 32-bit biases."""


def pack(content: bytes, metadata: dict[str, str]) -> bytes:
    """Return the model with `metadata` added (UTF-8) and its inner tensors renamed to `t<index>`.

    Names derive from the torch modules and make up a quarter of a small file, flash that a device
    would spend for nothing; input and output keep theirs. Equal inputs give equal bytes.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:
        _bring_inside(buffer, content)
    for name, text in metadata.items():
        _add_metadata(schema, model, name, text)
    for subgraph in model.subgraphs:
        _shorten_names(subgraph)
    model.buffers = [_AlignedBuffer(schema, buffer) for buffer in model.buffers]
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def _bring_inside(buffer: Any, content: bytes) -> None:
    """Give a buffer the data that the quantizer appended after the flatbuffer.

    It does so for models beyond a few 100 KB; TensorFlow Lite Micro reads none of it.
    """
    if buffer.offset > 1:  # 1 is the schema's placeholder
        data = content[buffer.offset : buffer.offset + buffer.size]
        buffer.data = np.frombuffer(data, dtype=np.uint8)


def _add_metadata(schema: Any, model: Any, name: str, text: str) -> None:
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(text.encode(), dtype=np.uint8)
    entry.name, entry.buffer = name, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]


def _shorten_names(subgraph: Any) -> None:
    kept = {*subgraph.inputs, *subgraph.outputs}
    for index, tensor in enumerate(subgraph.tensors):
        if index not in kept:
            tensor.name = f"t{index}"


class _AlignedBuffer:
    """A buffer that the object API packs at the schema's alignment, which it would not itself."""

    def __init__(self, schema: Any, buffer: Any) -> None:
        self._schema = schema
        self._data = b"" if buffer.data is None else bytes(buffer.data)

    def Pack(self, builder: Any) -> int:  # noqa: N802  (the object API calls it)
        """Write data and table; return the table's offset."""
        data = self._pack_data(builder) if self._data else None
        self._schema.BufferStart(builder)
        if data is not None:
            self._schema.BufferAddData(builder, data)
        offset: int = self._schema.BufferEnd(builder)
        return offset

    def _pack_data(self, builder: Any) -> Any:
        builder.StartVector(1, len(self._data), ALIGNMENT_BYTES)
        builder.head -= len(self._data)
        builder.Bytes[builder.head : builder.head + len(self._data)] = self._data
        return builder.EndVector()
