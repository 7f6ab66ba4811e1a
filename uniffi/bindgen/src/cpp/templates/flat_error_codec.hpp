{%- let codec = names::codec(item.name) -%}
{%- let name = names::identifier(item.name) -%}
inline void {{ codec }}::write(uniffi::Writer &writer, const {{ name }} &value) {
  writer.number(static_cast<std::int32_t>(value.value().index() + 1));
}

inline {{ name }} {{ codec }}::read(uniffi::Reader &reader) {
  const auto index = reader.number<std::int32_t>();
  const std::string message = uniffi::String::read(reader);
  switch (index) {
{%- for variant in item.variants %}
  case {{ variant.index }}:
    return { {{- name }}::{{ names::case(item.name, variant.name) }}{}, message};
{%- endfor %}
  default:
    throw uniffi::InternalError("{{ item.name }} has no variant " + std::to_string(index));
  }
}
