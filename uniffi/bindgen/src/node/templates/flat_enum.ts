{{ self.doc(0, item.docstring.as_deref()) }}export const {{ names::class(item.name) }} = {
{%- for variant in item.variants %}
  {{ self.doc(1, variant.docstring.as_deref()) }}{{ names::tag(variant.name) }}: {{ self.variant_value(item, variant) }},
{%- endfor %}
} as const;

{% let name = names::class(item.name) -%}
{{ self.doc(0, item.docstring.as_deref()) }}export type {{ name }} = (typeof {{ name }})[keyof typeof {{ name }}];

/** @internal */
{{ self.flat_enum_converter(item) }}
