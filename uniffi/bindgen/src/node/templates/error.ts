{%- let base = names::class(item.name) -%}
{{ self.doc(0, item.docstring.as_deref()) }}export abstract class {{ base }} extends rt.DeclaredError {
  /** Which of the failures it is. */
  {{ self.tags(item) }}
}
{%- for variant in item.variants %}
{%- let class = names::variant(item.name, variant.name) %}

{{ self.doc(0, variant.docstring.as_deref()) }}export class {{ class }} extends {{ base }} {
  readonly tag = "{{ names::tag(variant.name) }}";
{%- for field in variant.fields %}
  {{ self.doc(1, field.docstring.as_deref()) }}declare readonly {{ self.variant_field(field, loop.index0, Position::Given) }}
{%- endfor %}

{% if item.is_flat %}  constructor(message?: string) {
    super("{{ class }}", "{{ names::tag(variant.name) }}", message);
{%- else if variant.fields.is_empty() %}  constructor() {
    super("{{ class }}", "{{ names::tag(variant.name) }}");
{%- else %}  {{ self.error_fields(variant) }}
    {{ self.error_constructor(item, variant) }}
{%- endif %}
  }
}
{%- endfor %}

/** @internal */
{{ self.error_converter(item)? }}
