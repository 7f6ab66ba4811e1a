{{ self.doc(0, function.docstring.as_deref()) }}{{ self.signature(function) }}
	var status C.RustCallStatus
{%- if let Some(returns) = function.returns %}
	result := {{ self.call(function) }}
	check(&status)
	return {{ types::lift(returns, "result") }}
{%- else %}
	{{ self.call(function) }}
	check(&status)
{%- endif %}
}
