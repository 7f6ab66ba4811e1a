{%- let name = names::identifier(vtable.name) -%}
{{ self.doc(0, docstring.clone()) }}class {{ name }} {
public:
  virtual ~{{ name }}() = default;
{%- for slot in vtable.methods %}

  {{ self.doc(1, slot.method.docstring.as_deref()) }}virtual {{ calls.returns(slot.method) }} {{ self.member_name(slot.method) }}({{ calls.owned_parameters(slot.method, true) }}) = 0;
{%- endfor %}
{%- if self.only_method(vtable).is_some() %}

  /// One that is this callable.
  template <typename Call>
  static std::shared_ptr<{{ name }}> of(Call call);
{%- endif %}
};
