{%- let name = names::identifier(object.name) -%}
{{ self.doc(0, object.docstring.as_deref()) }}class {{ name }}{% if object.is_error %} : public uniffi::DeclaredError{% endif %} {
public:
{%- if let Some(constructor) = object.primary_constructor() %}
{%- if calls.is_class_constructor(constructor) %}
  {{ self.doc(1, constructor.docstring.as_deref()) }}{{ calls.declaration(constructor, name)? }}
{%- endif %}
{%- endif %}
{%- for (name, callable) in self.object_members(object) %}
  {{ self.doc(1, callable.docstring.as_deref()) }}{{ self.member_declaration(name, callable)? }}
{%- endfor %}

private:
  friend uniffi::Access;
{%- if object.is_error %}
  explicit {{ name }}(uniffi::Handle<ffi::{{ names::handles(object.name) }}> handle) : uniffi::DeclaredError("{{ object.name }}"), handle_(std::move(handle)) {}
{%- else %}
  explicit {{ name }}(uniffi::Handle<ffi::{{ names::handles(object.name) }}> handle) noexcept : handle_(std::move(handle)) {}
{%- endif %}
  uniffi::Handle<ffi::{{ names::handles(object.name) }}> handle_;
};
