"""Buffers for the raw bindings that cross into the native library once, not for every field.

UniFFI's generated buffers call the library to allocate, to grow and to write; a record of ten
fields costs as much in these calls as in all else. Owns nothing but that: the same bytes, built and
read in Python. Knows no type of the interface.
"""

from __future__ import annotations

import ctypes
import struct
from types import ModuleType
from typing import Any

_SIZES = {"i8": "b", "u8": "B", "i16": "h", "u16": "H", "i32": "i", "u32": "I", "i64": "q", "u64": "Q"}
_FLOATS = {"float": "f", "double": "d"}


class Builder(bytearray):
    """What a converter writes into."""

    write = bytearray.extend


class Reader:
    """What a converter reads from; what was never sent is an error, not a crash."""

    __slots__ = ("data", "offset")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0

    def read(self, size: int) -> bytes:
        begin, end = self.offset, self.offset + size
        if end > len(self.data):
            raise ValueError(f"{size} bytes are expected at {begin} of {len(self.data)}")
        self.offset = end
        return self.data[begin:end]


def _writer(kind: struct.Struct) -> Any:
    def write(self: Builder, value: Any) -> None:
        self += kind.pack(value)

    return write


def _reader(kind: struct.Struct) -> Any:
    def read(self: Reader) -> Any:
        offset = self.offset
        self.offset = offset + kind.size
        return kind.unpack_from(self.data, offset)[0]

    return read


for _name, _format in {**_SIZES, **_FLOATS}.items():
    setattr(Builder, f"write_{_name}", _writer(struct.Struct(f">{_format}")))
    setattr(Reader, f"read_{_name}", _reader(struct.Struct(f">{_format}")))


def install(raw: ModuleType) -> None:
    """Has every converter of the raw bindings use these buffers.

    Raises AttributeError when the bindings are not as UniFFI 0.32 generates them.
    """
    foreign, from_bytes = raw._UniffiForeignBytes, raw._UniffiLib.ffi_commy_ffi_rustbuffer_from_bytes
    free, rust_call = raw._UniffiLib.ffi_commy_ffi_rustbuffer_free, raw._uniffi_rust_call
    pointer = ctypes.POINTER(ctypes.c_char)

    def to_rust(data: Any) -> Any:
        if not data:
            return rust_call(from_bytes, foreign(0, None))
        held = (ctypes.c_char * len(data)).from_buffer(data)
        return rust_call(from_bytes, foreign(len(data), ctypes.cast(held, pointer)))

    def from_rust(buffer: Any) -> bytes:
        try:
            return ctypes.string_at(buffer.data, buffer.len)
        finally:
            rust_call(free, buffer)

    def lower(cls: Any, value: Any) -> Any:
        builder = Builder()
        cls.write(value, builder)
        return to_rust(builder)

    def lift(cls: Any, buffer: Any) -> Any:
        reader = Reader(from_rust(buffer))
        value = cls.read(reader)
        if reader.offset != len(reader.data):
            raise raw.InternalError(f"{len(reader.data) - reader.offset} bytes are left of a {cls.__name__}")
        return value

    records, strings = raw._UniffiConverterRustBuffer, raw._UniffiFfiConverterString
    # That they are there at all is checked before anything is replaced.
    _ = records.lower, records.lift, strings.lower, strings.lift
    records.lower, records.lift = classmethod(lower), classmethod(lift)
    strings.lower = staticmethod(lambda value: to_rust(bytearray(value, "utf-8")))
    strings.lift = staticmethod(lambda buffer: from_rust(buffer).decode("utf-8"))
