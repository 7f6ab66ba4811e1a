{%- let codec = names::codec(record.name) -%}
{%- let name = names::identifier(record.name) -%}
{%- let unused = record.fields.is_empty() -%}
inline void {{ codec }}::write({% if unused %}[[maybe_unused]] {% endif %}uniffi::Writer &writer, {% if unused %}[[maybe_unused]] {% endif %}const {{ name }} &value) {
{%- for field in record.fields %}
  {{ self.field_codec(record.name, field) }}::write(writer, value.{{ names::identifier(field.name) }});
{%- endfor %}
}

inline {{ name }} {{ codec }}::read({% if unused %}[[maybe_unused]] {% endif %}uniffi::Reader &reader) {
  return {
{%- for field in record.fields %}
      {{ self.field_codec(record.name, field) }}::read(reader),
{%- endfor %}
{%- if !unused %}
  {% endif %}};
}
