extern "C" {
{%- for function in interface.ffi.functions %}
{{ types::prototype(function) }}
{%- endfor %}
}

/// Compares the library with the bindings, once, before the first call.
inline const uniffi::Buffers &buffers() {
  static const uniffi::Buffers buffers = [] {
    uniffi::verify_contract("{{ interface.namespace() }}", {{ interface.contract.symbol }}(), {{ interface.contract.version }});
{%- for checksum in interface.checksums %}
    uniffi::verify_item("{{ interface.namespace() }}", "{{ checksum.item }}", {{ checksum.symbol }}(), {{ checksum.expected }});
{%- endfor %}
    return uniffi::Buffers{ {{- interface.ci.ffi_rustbuffer_from_bytes().name() }}, {{ interface.ci.ffi_rustbuffer_free().name() -}} };
  }();
  return buffers;
}
