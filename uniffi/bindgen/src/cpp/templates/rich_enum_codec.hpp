{%- let codec = names::codec(item.name) -%}
{%- let name = names::identifier(item.name) -%}
inline void {{ codec }}::write(uniffi::Writer &writer, const {{ name }} &value) {
{%- for variant in item.variants %}
{%- let case = names::case(item.name, variant.name) %}
{%- if variant.fields.is_empty() %}
  if (value.is<{{ name }}::{{ case }}>()) {
    writer.number<std::int32_t>({{ variant.index }});
{%- else %}
  if (const auto *item = value.get_if<{{ name }}::{{ case }}>()) {
    writer.number<std::int32_t>({{ variant.index }});
{%- for field in variant.fields %}
    {{ self.field_codec(item.name, field) }}::write(writer, item->{{ self.case_member(field, loop.index0) }});
{%- endfor %}
{%- endif %}
    return;
  }
{%- endfor %}
  throw std::invalid_argument("a {{ item.name }} without a value");
}

inline {{ name }} {{ codec }}::read(uniffi::Reader &reader) {
  switch (const auto index = reader.number<std::int32_t>()) {
{%- for variant in item.variants %}
  case {{ variant.index }}:
    return {{ name }}::{{ names::case(item.name, variant.name) }}{
{%- for field in variant.fields %}
        {{ self.field_codec(item.name, field) }}::read(reader),
{%- endfor %}
{%- if !variant.fields.is_empty() %}
    {% endif %}};
{%- endfor %}
  default:
    throw uniffi::InternalError("{{ item.name }} has no variant " + std::to_string(index));
  }
}
