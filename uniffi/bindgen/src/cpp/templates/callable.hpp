{%- let name = names::identifier(vtable.name) -%}
template <typename Call>
std::shared_ptr<{{ name }}> {{ name }}::of(Call call) {
  class Callable final : public {{ name }} {
  public:
    explicit Callable(Call call) : call_(std::move(call)) {}
    {{ calls.returns(method) }} {{ self.member_name(method) }}({{ calls.owned_parameters(method, false) }}) override { return call_({{ self.moved_arguments(method) }}); }

  private:
    Call call_;
  };
  return std::make_shared<Callable>(std::move(call));
}
