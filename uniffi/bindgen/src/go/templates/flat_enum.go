{%- let name = names::exported(item.name) -%}
{{ self.doc(0, item.docstring.as_deref()) }}type {{ name }} {{ self.enum_base(item) }}

const (
{{- self.enum_constants(item) }}
)
{%- if item.traits.display.is_none() && item.traits.debug.is_none() %}

// String gives the name of the variant.
func (v {{ name }}) String() string {
	switch v {
{%- for variant in item.variants %}
	case {{ names::variant(item.name, variant.name) }}:
		return "{{ variant.name }}"
{%- endfor %}
	}
	return uniffiUnknown("{{ name }}", int64(v))
}
{%- endif %}

// UniffiWrite{{ name }} is for generated packages.
func UniffiWrite{{ name }}(to *uniffiWriter, v {{ name }}) {
	switch v {
{%- for variant in item.variants %}
	case {{ names::variant(item.name, variant.name) }}:
		uniffiWriteInt32(to, {{ variant.index }})
{%- endfor %}
	default:
		uniffiRefuse("%s is none of the variants", uniffiUnknown("{{ name }}", int64(v)))
	}
}

// UniffiRead{{ name }} is for generated packages.
func UniffiRead{{ name }}(from *uniffiReader) {{ name }} {
	switch index := uniffiReadInt32(from); index {
{%- for variant in item.variants %}
	case {{ variant.index }}:
		return {{ names::variant(item.name, variant.name) }}
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

{{ self.doc(0, callable.docstring.as_deref()) }}{{ calls.head_of(callable, format!("v {name}").as_str(), method.as_str(), *gives) }}
{{ calls.body_of(callable, "v", *gives) }}
}
{%- endfor %}
