{%- let name = names::exported(item.name) -%}
{{ self.doc(0, item.docstring.as_deref()) }}type {{ name }} interface {
{%- for slot in item.vtable.methods %}
	{{ self.doc(1, slot.method.docstring.as_deref()) }}{{ calls.declaration(slot.method) }}
{%- endfor %}
}

var {{ names::handles(item.name) }} uniffiHandles[{{ name }}]

// UniffiLower{{ name }} is for generated packages.
func UniffiLower{{ name }}(to *uniffiWriter, value {{ name }}) uint64 {
	if value == nil {
		panic(uniffiNil("{{ name }}"))
	}
	return {{ names::handles(item.name) }}.lower(to, value)
}

// UniffiLift{{ name }} is for generated packages.
func UniffiLift{{ name }}(handle uint64) {{ name }} {
	return {{ names::handles(item.name) }}.take(handle)
}

// UniffiWrite{{ name }} is for generated packages.
func UniffiWrite{{ name }}(to *uniffiWriter, value {{ name }}) {
	uniffiWriteUInt64(to, UniffiLower{{ name }}(to, value))
}

// UniffiRead{{ name }} is for generated packages.
func UniffiRead{{ name }}(from *uniffiReader) {{ name }} {
	return UniffiLift{{ name }}(uniffiReadUInt64(from))
}
