{{ self.declaration(function) }}

{{ self.doc(0, function.docstring.as_deref()) }}{{ self.signature(function) }}
{%- for argument in function.arguments %}
  const lowered{{ loop.index }} = {{ types::converter(argument.ty) }}.lower({{ types::variable(argument.name) }});
{%- endfor %}
  {{ self.call(function) }}
  library.check();
{%- if let Some(returns) = function.returns %}
  return {{ types::converter(returns) }}.lift(result);
{%- endif %}
}
