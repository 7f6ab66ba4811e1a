{%- let options = names::options(callable) -%}
// {{ options }} are the arguments of {{ self.shown(callable) }} that have defaults.
type {{ options }} struct {
{{- self.option_fields(callable) }}
}

// New{{ options }} gives the defaults.
func New{{ options }}() *{{ options }} {
	var v {{ options }}
{%- for argument in call::optional(callable) %}
	v.{{ names::exported(argument.name) }} = {{ calls.default(argument)? }}
{%- endfor %}
	return &v
}
