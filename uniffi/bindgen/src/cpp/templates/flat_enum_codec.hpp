{%- let codec = names::codec(item.name) -%}
{%- let name = names::identifier(item.name) -%}
inline void {{ codec }}::write(uniffi::Writer &writer, const {{ name }} &value) {
  switch (value) {
{%- for variant in item.variants %}
  case {{ name }}::{{ names::case(item.name, variant.name) }}:
    return writer.number<std::int32_t>({{ variant.index }});
{%- endfor %}
  }
  throw std::invalid_argument("{{ item.name }} has no value " + std::to_string(static_cast<std::int64_t>(value)));
}

inline {{ name }} {{ codec }}::read(uniffi::Reader &reader) {
  switch (const auto index = reader.number<std::int32_t>()) {
{%- for variant in item.variants %}
  case {{ variant.index }}:
    return {{ name }}::{{ names::case(item.name, variant.name) }};
{%- endfor %}
  default:
    throw uniffi::InternalError("{{ item.name }} has no variant " + std::to_string(index));
  }
}
