{%- for vtable in interface.vtables() -%}
inline constexpr {{ vtable.layout.name() }} {{ vtable.name }}Vtable = {
{%- for slot in self.slots(vtable) %}
    {{ slot }},
{%- endfor %}
};

{% endfor -%}
inline const uniffi::Library &library() {
  static const uniffi::Library library = [] {
    uniffi::verify_contract("{{ interface.namespace() }}", {{ interface.contract.symbol }}(), {{ interface.contract.version }});
{%- for checksum in interface.checksums %}
    uniffi::verify_item("{{ interface.namespace() }}", "{{ checksum.item }}", {{ checksum.symbol }}(), {{ checksum.expected }});
{%- endfor %}
{%- for space in self.external_spaces()? %}
    uniffi::space::{{ space }}::ffi::library();
{%- endfor %}
{%- for vtable in interface.vtables() %}
    {{ vtable.init.name() }}(&{{ vtable.name }}Vtable);
{%- endfor %}
    return uniffi::Library{ {{- interface.ci.ffi_rustbuffer_from_bytes().name() }}, {{ interface.ci.ffi_rustbuffer_alloc().name() }}, {{ interface.ci.ffi_rustbuffer_reserve().name() }}, {{ interface.ci.ffi_rustbuffer_free().name() -}} };
  }();
  return library;
}
