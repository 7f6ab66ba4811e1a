{{ Calls::ffi_declaration(function)? }}

{{ self.doc(0, function.docstring.as_deref()) }}{{ calls.head(0, function, "export function ", name.as_str())? }}
  {{ calls.body(1, function) }}
}
