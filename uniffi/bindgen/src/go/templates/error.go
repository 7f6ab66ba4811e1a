{%- let name = names::exported(item.name) -%}
{{ self.doc(0, item.docstring.as_deref()) }}type {{ name }} interface {
	error
	is{{ name }}()
}
{%- for variant in item.variants %}
{%- let struct_name = names::variant(item.name, variant.name) %}

{% if variant.docstring.is_some() %}{{ self.doc(0, variant.docstring.as_deref()) }}{% else %}// {{ struct_name }} is a {{ name }}.
{% endif %}type {{ struct_name }} struct
{%- if item.is_flat %} {
	message string
}
{%- else if variant.fields.is_empty() %}{}{% else %} {
{{- self.error_fields(variant.fields) }}
}
{%- endif %}

func (e *{{ struct_name }}) Error() string {
{%- if item.is_flat %}
	if e.message == "" {
		return "{{ item.name }}.{{ variant.name }}"
	}
	return e.message
{%- else %}
	return {{ self.error_message(item, variant) }}
{%- endif %}
}

// Is says whether the target is a {{ struct_name }}, whatever it holds.
func (e *{{ struct_name }}) Is(target error) bool {
	_, is := target.(*{{ struct_name }})
	return is
}

func (e *{{ struct_name }}) is{{ name }}() {}
{%- endfor %}

// UniffiWrite{{ name }} is for generated packages.
func UniffiWrite{{ name }}(to *uniffiWriter, value {{ name }}) {
	switch {% if self.has_fields(item) %}v := {% endif %}value.(type) {
{%- for variant in item.variants %}
	case *{{ names::variant(item.name, variant.name) }}:
		uniffiWriteInt32(to, {{ variant.index }})
{%- for field in variant.fields %}
		{{ types.writer(field.ty) }}(to, v.{{ self.error_field_name(field, *loop.index0) }})
{%- endfor %}
{%- endfor %}
	default:
		uniffiRefuse("%T is none of the variants of {{ name }}", value)
	}
}

// UniffiRead{{ name }} is for generated packages.
func UniffiRead{{ name }}(from *uniffiReader) {{ name }} {
	switch index := uniffiReadInt32(from); index {
{%- for variant in item.variants %}
	case {{ variant.index }}:
		var v {{ names::variant(item.name, variant.name) }}
{%- if item.is_flat %}
		v.message = uniffiReadString(from)
{%- else %}
{%- for field in variant.fields %}
		v.{{ self.error_field_name(field, *loop.index0) }} = {{ types.reader(field.ty) }}(from)
{%- endfor %}
{%- endif %}
		return &v
{%- endfor %}
	default:
		panic(uniffiNoVariant("{{ name }}", index))
	}
}
