{{ self.doc(0, function.docstring.as_deref()) }}{{ calls.function(function, name)? }}
  return {{ calls.call(function) }};
}
