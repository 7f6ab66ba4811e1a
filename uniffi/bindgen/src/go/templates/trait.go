{%- let name = names::exported(object.name) -%}
{{ self.doc(0, object.docstring.as_deref()) }}type {{ name }} interface {
{%- for method in object.methods %}
	{{ self.doc(1, method.docstring.as_deref()) }}{{ calls.declaration(method) }}
{%- endfor %}
}

var {{ names::handles(object.name) }} uniffiHandles[{{ name }}]

// UniffiLower{{ name }} is for generated packages.
func UniffiLower{{ name }}(to *uniffiWriter, value {{ name }}) uint64 {
	switch value := value.(type) {
	case nil:
		panic(uniffiNil("{{ name }}"))
	case *{{ names::rust_struct(object.name) }}:
		return value.uniffiObject("{{ name }}").lower(to)
	default:
		return {{ names::handles(object.name) }}.lower(to, value)
	}
}

// UniffiLift{{ name }} is for generated packages.
func UniffiLift{{ name }}(handle uint64) {{ name }} {
	if handle&1 == 1 {
		return {{ names::handles(object.name) }}.take(handle)
	}
	return uniffiLift{{ names::rust_struct(object.name) }}(handle)
}

// UniffiWrite{{ name }} is for generated packages.
func UniffiWrite{{ name }}(to *uniffiWriter, value {{ name }}) {
	uniffiWriteUInt64(to, UniffiLower{{ name }}(to, value))
}

// UniffiRead{{ name }} is for generated packages.
func UniffiRead{{ name }}(from *uniffiReader) {{ name }} {
	return UniffiLift{{ name }}(uniffiReadUInt64(from))
}
