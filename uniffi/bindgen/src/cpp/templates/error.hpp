{%- let name = names::identifier(item.name) -%}
{{ self.doc(0, item.docstring.as_deref()) }}class {{ name }} : public uniffi::DeclaredError {
public:
{%- for variant in item.variants %}
{%- if !loop.first %}
{% endif %}
  {% include "case.hpp" %}
{%- endfor %}

  using Case = std::variant<{{ self.cases(item) }}>;
{% for variant in item.variants %}
{%- let case = names::case(item.name, variant.name) %}
{%- if item.is_flat %}
  {{ name }}({{ case }} value, const std::string &message = "{{ variant.name }}") : uniffi::DeclaredError(message), value_(value) {}
{%- else %}
  {{ name }}({{ case }} value) : uniffi::DeclaredError("{{ item.name }}::{{ variant.name }}"), value_(std::make_shared<const Case>(std::move(value))) {}
{%- endif %}
{%- endfor %}

  /// What it is, for `std::visit`.
  const Case &value() const noexcept { return {% if !item.is_flat %}*{% endif %}value_; }

  /// Whether it is this.
  template <typename T>
  bool is() const noexcept { return std::holds_alternative<T>(value()); }

  /// It as this, or null.
  template <typename T>
  const T *get_if() const noexcept { return std::get_if<T>(&value()); }
{%- for (name, callable) in self.enum_members(item) %}

  {{ self.doc(1, callable.docstring.as_deref()) }}{{ self.member_declaration(name, callable)? }}
{%- endfor %}

private:
{%- if item.is_flat %}
  Case value_;
{%- else %}
  // Shared, because an exception must be copied without one.
  std::shared_ptr<const Case> value_;
{%- endif %}
};
