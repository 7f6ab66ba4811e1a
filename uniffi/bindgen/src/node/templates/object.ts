{%- for callable in self.class_functions(object) -%}
{{ Calls::ffi_declaration(callable)? }}
{% endfor %}
{% if object.vtable.is_some() -%}
{{ self.doc(0, object.docstring.as_deref()) }}export interface {{ names::class(object.name) }} {
{%- for method in object.methods %}
  {{ self.doc(1, method.docstring.as_deref()) }}{{ calls.declaration(1, method) }}
{%- endfor %}
}

/** A `{{ names::class(object.name) }}` that Rust implements. */
{% else -%}
{{ self.doc(0, object.docstring.as_deref()) }}
{%- endif -%}
export class {{ self.class_name(object) }}{{ self.heritage(object) }} {
{%- match self.constructor(object) %}
{%- when Some(constructor) %}
  {{ self.doc(1, constructor.docstring.as_deref()) }}{{ calls.head(1, constructor, "", "constructor")? }}
{%- if object.is_error %}
    super();
{%- endif %}
    {{ calls.body(2, constructor) }}
  }
{%- when None %}
  private constructor() {
{%- if object.is_error %}
    super();
{%- endif %}
    throw new TypeError("{{ object.name }} has no constructor");
  }
{%- endmatch %}
{%- for constructor in object.constructors %}
{%- if constructor.kind == CallableKind::NamedConstructor || constructor.is_async %}

  {{ self.doc(1, constructor.docstring.as_deref()) }}{{ calls.head(1, constructor, "static ", self.static_name(constructor).as_str())? }}
    {{ calls.body(2, constructor) }}
  }
{%- endif %}
{%- endfor %}
{%- for method in object.methods %}

  {{ self.doc(1, method.docstring.as_deref()) }}{{ calls.head(1, method, "", names::method(method.name).as_str())? }}
    {{ calls.body(2, method) }}
  }
{%- endfor %}
{%- for (name, method) in self.derived_methods(object) %}

  {{ calls.head(1, method, self.derived_prefix(object, name), name)? }}
    {{ calls.body(2, method) }}
  }
{%- endfor %}

  /** Frees what Rust holds for this object now, instead of when it is collected. */
  [Symbol.dispose](): void {
    {{ names::converter(object.ty) }}{% if object.vtable.is_some() %}.rust{% endif %}.dispose(this);
  }
}
{%- if let Some(vtable) = object.vtable %}

{{ self.implementation(vtable, object.ty) }}
{%- endif %}
