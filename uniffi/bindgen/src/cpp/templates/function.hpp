{{ self.doc(0, function.docstring.as_deref()) }}{{ self.signature(function) }}
  const uniffi::Buffers &buffers = ffi::buffers();
  uniffi::RustCallStatus status{};
{%- if let Some(returns) = function.returns %}
  const auto result = {{ self.call(function) }};
  buffers.check(status);
  return {{ types::lift(returns, "result") }};
{%- else %}
  {{ self.call(function) }};
  buffers.check(status);
{%- endif %}
}
