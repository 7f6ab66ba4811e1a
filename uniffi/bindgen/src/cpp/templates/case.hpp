{{ self.doc(1, variant.docstring.as_deref()) }}struct {{ names::case(item.name, variant.name) }} {
{%- for field in variant.fields %}
    {{ self.doc(2, field.docstring.as_deref()) }}{{ self.case_field(item, field, loop.index0)? }}
{%- endfor %}
{%- if self.compares_case(variant) %}
{% if !variant.fields.is_empty() %}
{% endif %}    bool operator==(const {{ names::case(item.name, variant.name) }} &) const = default;
{%- endif %}
  };
