{{ self.doc(0, item.docstring.as_deref()) }}export interface {{ names::class(item.name) }} {
{%- for slot in item.vtable.methods %}
  {{ self.doc(1, slot.method.docstring.as_deref()) }}{{ calls.declaration(1, slot.method) }}
{%- endfor %}
}

{{ self.implementation(item.vtable, item.ty) }}
