{%- for lines in self.definitions() -%}
{%- for line in lines %}
{{- line }}
{% endfor %}
{% endfor -%}
extern "C" {
{%- for function in interface.ffi.functions %}
{{ types::prototype(function) }}
{%- endfor %}
}
{%- for object in interface.objects %}
{% if loop.first %}
{% endif %}inline constexpr uniffi::HandleFunctions {{ names::handles(object.name) }}{{ self.handle_functions(object) }};
{%- endfor %}
{%- for driver in self.drivers() %}
{% if loop.first %}
{% endif %}inline constexpr uniffi::FutureFunctions<{{ driver.ffi }}> {{ driver.name }}{ {{- driver.functions -}} };
{%- endfor %}

/// The library, compared with these bindings when it is first used.
const uniffi::Library &library();
