{{ self.doc(0, function.docstring.as_deref()) }}{{ calls.head(function, "", names::function(function).as_str()) }}
{{ calls.body(function, "") }}
}
