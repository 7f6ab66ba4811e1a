{%- let name = names::codec(custom.name) %}
{%- match self.custom(custom) %}
{%- when None -%}
using {{ name }} = {{ types.codec(custom.builtin) }};
{%- when Some(configured) -%}
{%- let builtin = types.codec(custom.builtin) -%}
struct {{ name }} {
  using Value = {{ configured.type_name }};
  using Ffi = {{ builtin }}::Ffi;
  static auto lower(const uniffi::Library &library, const Value &value) { return {{ builtin }}::lower(library, {{ self.converted(configured.lower, "value") }}); }
  static Value lift(const uniffi::Library &library, Ffi raw) {
    auto value = {{ builtin }}::lift(library, raw);
    return {{ self.converted(configured.lift, "value") }};
  }
  static void discard(const uniffi::Library &library, Ffi raw) noexcept { {{ builtin }}::discard(library, raw); }
  static void write(uniffi::Writer &writer, const Value &value) { {{ builtin }}::write(writer, {{ self.converted(configured.lower, "value") }}); }
  static Value read(uniffi::Reader &reader) {
    auto value = {{ builtin }}::read(reader);
    return {{ self.converted(configured.lift, "value") }};
  }
};
{%- endmatch %}
