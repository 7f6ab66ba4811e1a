{{ self.member_definition(class, name, callable)? }}
  {{ self.member_body(name, callable) }}
}
