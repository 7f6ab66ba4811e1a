{%- let name = names::exported(custom.name) -%}
{{ self.doc(0, custom.docstring.as_deref()) }}type {{ name }} = {{ self.custom_type(custom) }}

// UniffiLower{{ name }} is for generated packages.
func UniffiLower{{ name }}(value {{ name }}) {{ types.name(custom.builtin) }} {
	return {{ self.custom_lowered(custom) }}
}

// UniffiLift{{ name }} is for generated packages.
func UniffiLift{{ name }}(value {{ types.name(custom.builtin) }}) {{ name }} {
	return {{ self.custom_lifted(custom) }}
}

// UniffiWrite{{ name }} is for generated packages.
func UniffiWrite{{ name }}(to *uniffiWriter, value {{ name }}) {
	{{ types.writer(custom.builtin) }}(to, UniffiLower{{ name }}(value))
}

// UniffiRead{{ name }} is for generated packages.
func UniffiRead{{ name }}(from *uniffiReader) {{ name }} {
	return UniffiLift{{ name }}({{ types.reader(custom.builtin) }}(from))
}
