{{ self.doc(0, item.docstring.as_deref()) }}enum class {{ names::identifier(item.name) }}{{ self.underlying(item) }} {
{%- for variant in item.variants %}
  {{ self.doc(1, variant.docstring.as_deref()) }}{{ names::case(item.name, variant.name) }}{{ self.discriminant(item, variant) }},
{%- endfor %}
};
