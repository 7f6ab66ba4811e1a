{%- for variant in item.variants -%}
{{ self.doc(0, variant.docstring.as_deref()) }}export interface {{ names::variant(item.name, variant.name) }} {
  tag: "{{ names::tag(variant.name) }}";
{%- for field in variant.fields %}
  {{ self.doc(1, field.docstring.as_deref()) }}{{ self.variant_field(field, loop.index0, Position::Given) }}
{%- endfor %}
}

{% if self.variant_type(item, variant, Position::Taken) != self.variant_type(item, variant, Position::Given) -%}
{{ self.doc(0, variant.docstring.as_deref()) }}export interface {{ self.variant_type(item, variant, Position::Taken) }} {
  tag: "{{ names::tag(variant.name) }}";
{%- for field in variant.fields %}
  {{ self.doc(1, field.docstring.as_deref()) }}{{ self.variant_field(field, loop.index0, Position::Taken) }}
{%- endfor %}
}

{% endif -%}
{%- endfor -%}
{{ self.doc(0, item.docstring.as_deref()) }}{{ self.rich_enum_union(item, Position::Given) }}
{%- if let Some(init) = self.init(item.ty) %}

/** What makes a `{{ names::class(item.name) }}`: fields with a default may be left out. */
{{ self.rich_enum_union(item, Position::Taken) }}
{%- endif %}

/** @internal */
{{ self.rich_enum_converter(item)? }}
