{%- let name = names::rust_class(object.name) -%}
/// A `{{ names::identifier(object.name) }}` that Rust implements.
class {{ name }} final : public {{ names::identifier(object.name) }} {
public:
  explicit {{ name }}(uniffi::Handle<ffi::{{ names::handles(object.name) }}> handle) noexcept : handle_(std::move(handle)) {}
{%- for method in object.methods %}
  {{ calls.returns(method) }} {{ self.member_name(method) }}({{ calls.owned_parameters(method, true) }}) override;
{%- endfor %}

private:
  friend uniffi::Access;
  uniffi::Handle<ffi::{{ names::handles(object.name) }}> handle_;
};
