{%- let name = self.object_struct(object) -%}
{%- let is_trait = object.vtable.is_some() -%}
{% if is_trait %}// {{ name }} is a {{ names::exported(object.name) }} that Rust implements.
{% else %}{{ self.doc(0, object.docstring.as_deref()) }}{% endif %}type {{ name }} struct {
	uniffi *uniffiObject
}

var uniffiKind{{ name }} = &uniffiKind{
	name: "{{ names::exported(object.name) }}",
	clone: func(handle C.uint64_t) C.uint64_t {
		out := C.call_{{ object.clone.name() }}(handle)
		uniffiCheck(out.status)
		return out.value
	},
	free: func(handle C.uint64_t) {
		uniffiCheck(C.call_{{ object.free.name() }}(handle).status)
	},
}

func (o *{{ name }}) uniffiObject(name string) *uniffiObject {
	if o == nil || o.uniffi == nil {
		panic(uniffiNil(name))
	}
	return o.uniffi
}

func (o *{{ name }}) uniffiAcquire() *uniffiObject {
	return o.uniffiObject("{{ names::exported(object.name) }}").acquire()
}

// Destroy frees what Rust holds for this object now, instead of when it is collected. Calls
// that run finish first; later ones are refused.
func (o *{{ name }}) Destroy() {
	o.uniffiObject("{{ names::exported(object.name) }}").destroy()
}
{%- if is_trait %}

func uniffiLift{{ name }}(handle uint64) *{{ name }} {
	object := new({{ name }})
	object.uniffi = uniffiAttach(object, uniffiKind{{ name }}, handle)
	return object
}
{%- else %}

// UniffiLower{{ name }} is for generated packages.
func UniffiLower{{ name }}(to *uniffiWriter, value *{{ name }}) uint64 {
	return value.uniffiObject("{{ name }}").lower(to)
}

// UniffiLift{{ name }} is for generated packages.
func UniffiLift{{ name }}(handle uint64) *{{ name }} {
	object := new({{ name }})
	object.uniffi = uniffiAttach(object, uniffiKind{{ name }}, handle)
	return object
}

// UniffiWrite{{ name }} is for generated packages.
func UniffiWrite{{ name }}(to *uniffiWriter, value *{{ name }}) {
	uniffiWriteUInt64(to, UniffiLower{{ name }}(to, value))
}

// UniffiRead{{ name }} is for generated packages.
func UniffiRead{{ name }}(from *uniffiReader) *{{ name }} {
	return UniffiLift{{ name }}(uniffiReadUInt64(from))
}
{%- endif %}
{%- for callable in object.constructors %}

{{ self.doc(0, callable.docstring.as_deref()) }}{{ calls.head(callable, "", names::function(callable).as_str()) }}
{{ calls.body(callable, "") }}
}
{%- endfor %}
{%- for method in object.methods %}

{{ self.doc(0, method.docstring.as_deref()) }}{{ calls.head(method, format!("o *{name}").as_str(), names::exported(method.name).as_str()) }}
{{ calls.body(method, "o") }}
}
{%- endfor %}
{%- for (method, callable, gives) in self.derived(object.traits) %}

{{ calls.head_of(callable, format!("o *{name}").as_str(), method, *gives) }}
{{ calls.body_of(callable, "o", *gives) }}
}
{%- endfor %}
{%- if object.is_error %}

func (o *{{ name }}) Error() string {
	return {{ self.error_text(object) }}
}
{%- endif %}
