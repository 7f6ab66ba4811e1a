{%- let name = names::exported(item.name) -%}
{{ self.doc(0, item.docstring.as_deref()) }}type {{ name }} interface {
	is{{ name }}()
{%- for (method, callable, gives) in self.value_methods(item.methods, item.traits) %}
	{{ self.doc(1, callable.docstring.as_deref()) }}{{ self.forwarded(callable, method, *gives).0 }}
{%- endfor %}
}
{%- for variant in item.variants %}
{%- let struct_name = names::variant(item.name, variant.name) %}

{% if variant.docstring.is_some() %}{{ self.doc(0, variant.docstring.as_deref()) }}{% else %}// {{ struct_name }} is a {{ name }}.
{% endif %}type {{ struct_name }} struct
{%- if variant.fields.is_empty() %}{}{% else %} {
{{- self.fields(variant.fields) }}
}
{%- endif %}

func ({{ struct_name }}) is{{ name }}() {}
{%- for (method, callable, gives) in self.value_methods(item.methods, item.traits) %}

func (v {{ struct_name }}) {{ self.forwarded(callable, method, *gives).0 }} {
	{% if callable.returns.is_some() || call::fails(callable) %}return {% endif %}uniffi{{ name }}{{ method }}(v{% if !self.forwarded(callable, method, *gives).1.is_empty() %}, {{ self.forwarded(callable, method, *gives).1 }}{% endif %})
}
{%- endfor %}
{%- endfor %}

// UniffiWrite{{ name }} is for generated packages.
func UniffiWrite{{ name }}(to *uniffiWriter, value {{ name }}) {
	switch {% if self.has_fields(item) %}v := {% endif %}value.(type) {
{%- for variant in item.variants %}
	case {{ names::variant(item.name, variant.name) }}:
		uniffiWriteInt32(to, {{ variant.index }})
{%- for field in variant.fields %}
		{{ types.writer(field.ty) }}(to, v.{{ self.field_name(field, *loop.index0) }})
{%- endfor %}
{%- endfor %}
	default:
		uniffiRefuse("%T is none of the variants of {{ name }}: they are structs, not pointers", value)
	}
}

// UniffiRead{{ name }} is for generated packages.
func UniffiRead{{ name }}(from *uniffiReader) {{ name }} {
	switch index := uniffiReadInt32(from); index {
{%- for variant in item.variants %}
	case {{ variant.index }}:
{%- if variant.fields.is_empty() %}
		return {{ names::variant(item.name, variant.name) }}{}
{%- else %}
		var v {{ names::variant(item.name, variant.name) }}
{%- for field in variant.fields %}
		v.{{ self.field_name(field, *loop.index0) }} = {{ types.reader(field.ty) }}(from)
{%- endfor %}
		return v
{%- endif %}
{%- endfor %}
	default:
		panic(uniffiNoVariant("{{ name }}", index))
	}
}
{%- for callable in item.constructors %}

{{ self.doc(0, callable.docstring.as_deref()) }}{{ calls.head(callable, "", names::function(callable).as_str()) }}
{{ calls.body(callable, "") }}
}
{%- endfor %}
{%- for (method, callable, gives) in self.value_methods(item.methods, item.traits) %}

{{ self.value_function(item, callable, method, *gives) }}
{{ calls.body_of(callable, "v", *gives) }}
}
{%- endfor %}
