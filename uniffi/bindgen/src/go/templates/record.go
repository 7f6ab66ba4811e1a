{%- let name = names::exported(record.name) -%}
{{ self.doc(0, record.docstring.as_deref()) }}type {{ name }} struct
{%- if record.fields.is_empty() %}{}{% else %} {
{{- self.fields(record.fields) }}
}
{%- endif %}
{%- if self.has_defaults(record) %}

// New{{ name }} makes a {{ name }} whose other fields have their defaults.
{{ self.record_maker(record)? }}
{%- endif %}

// UniffiWrite{{ name }} is for generated packages.
func UniffiWrite{{ name }}(to *uniffiWriter, v {{ name }}) {
{%- if record.fields.is_empty() %}}{% else %}
{%- for field in record.fields %}
	{{ types.writer(field.ty) }}(to, v.{{ self.field_name(field, *loop.index0) }})
{%- endfor %}
}
{%- endif %}

// UniffiRead{{ name }} is for generated packages.
func UniffiRead{{ name }}(from *uniffiReader) (v {{ name }}) {
{%- for field in record.fields %}
	v.{{ self.field_name(field, *loop.index0) }} = {{ types.reader(field.ty) }}(from)
{%- endfor %}
	return v
}
{%- for callable in record.constructors %}

{{ self.doc(0, callable.docstring.as_deref()) }}{{ calls.head(callable, "", names::function(callable).as_str()) }}
{{ calls.body(callable, "") }}
}
{%- endfor %}
{%- for (method, callable, gives) in self.value_methods(record.methods, record.traits) %}

{{ self.doc(0, callable.docstring.as_deref()) }}{{ calls.head_of(callable, format!("v {name}").as_str(), method.as_str(), *gives) }}
{{ calls.body_of(callable, "v", *gives) }}
}
{%- endfor %}
