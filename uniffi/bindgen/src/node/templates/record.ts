{{ self.doc(0, record.docstring.as_deref()) }}export interface {{ names::class(record.name) }} {
{%- if record.fields.is_empty() %}}{% else %}
{%- for field in record.fields %}
  {{ self.doc(1, field.docstring.as_deref()) }}{{ self.record_field(field, Position::Given) }}
{%- endfor %}
}
{%- endif %}
{%- if let Some(init) = self.init(record.ty) %}

/** What makes a `{{ names::class(record.name) }}`: fields with a default may be left out. */
export interface {{ init }} {
{%- for field in record.fields %}
  {{ self.doc(1, field.docstring.as_deref()) }}{{ self.record_field(field, Position::Taken) }}
{%- endfor %}
}
{%- endif %}

/** @internal */
{{ self.record_converter(record)? }}
