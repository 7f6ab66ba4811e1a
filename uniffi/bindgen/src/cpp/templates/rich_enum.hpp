{%- let name = names::identifier(item.name) -%}
{{ self.doc(0, item.docstring.as_deref()) }}class {{ name }} {
public:
{%- for variant in item.variants %}
{%- if !loop.first %}
{% endif %}
  {% include "case.hpp" %}
{%- endfor %}

  using Case = std::variant<{{ self.cases(item) }}>;
{% for variant in item.variants %}
{%- let case = names::case(item.name, variant.name) %}
  {{ name }}({{ case }} value) : value_(std::move(value)) {}
{%- endfor %}

  /// What it is, for `std::visit`.
  const Case &value() const noexcept { return value_; }

  /// Whether it is this.
  template <typename T>
  bool is() const noexcept { return std::holds_alternative<T>(value_); }

  /// It as this, or null.
  template <typename T>
  const T *get_if() const noexcept { return std::get_if<T>(&value_); }
{%- for (name, callable) in self.enum_members(item) %}

  {{ self.doc(1, callable.docstring.as_deref()) }}{{ self.member_declaration(name, callable)? }}
{%- endfor %}
{%- if self.compares_enum(item) %}

  bool operator==(const {{ name }} &) const = default;
{%- endif %}

private:
  Case value_;
};
