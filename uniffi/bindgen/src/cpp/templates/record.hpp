{{ self.doc(0, record.docstring.as_deref()) }}struct {{ names::identifier(record.name) }} {
{%- for field in record.fields %}
  {{ self.doc(1, field.docstring.as_deref()) }}{{ self.record_field(record, field)? }}
{%- endfor %}
{%- for (name, callable) in self.record_members(record) %}
{% if loop.first && !record.fields.is_empty() %}
{% endif %}  {{ self.doc(1, callable.docstring.as_deref()) }}{{ self.member_declaration(name, callable)? }}
{%- endfor %}
{%- if self.compares_record(record) %}
{% if !record.fields.is_empty() || !self.record_members(record).is_empty() %}
{% endif %}  bool operator==(const {{ names::identifier(record.name) }} &) const = default;
{%- endif %}
};
