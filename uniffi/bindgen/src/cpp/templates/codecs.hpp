{%- for object in interface.objects -%}
using {{ names::codec(object.name) }} = {{ self.object_codec(object) }};
{%- if object.vtable.is_some() %}
using {{ self.rust_codec(object) }} = uniffi::Object<{{ names::rust_class(object.name) }}, {{ names::handles(object.name) }}>;
{%- endif %}
{% endfor %}
{%- for item in interface.callback_interfaces -%}
using {{ names::codec(item.name) }} = uniffi::Callback<{{ names::identifier(item.name) }}>;
{% endfor %}
{%- for value in self.values() %}
{%- match value %}
{%- when Value::Record(record) %}
{%- let codec = names::codec(record.name) %}
{%- let name = names::identifier(record.name) %}
{% include "codec.hpp" %}
{%- when Value::Enum(item) %}
{%- let codec = names::codec(item.name) %}
{%- let name = names::identifier(item.name) %}
{% include "codec.hpp" %}
{%- endmatch %}
{% endfor %}
{%- for item in self.flat_enums() %}
{%- let codec = names::codec(item.name) %}
{%- let name = names::identifier(item.name) %}
{% include "codec.hpp" %}
{% endfor %}
{%- for custom in interface.customs %}
{% include "custom_codec.hpp" %}
{% endfor %}
{%- for value in self.values() %}
{%- match value %}
{%- when Value::Record(record) %}
{% include "record_codec.hpp" %}
{%- when Value::Enum(item) %}
{%- if item.is_flat %}
{% include "flat_error_codec.hpp" %}
{%- else %}
{% include "rich_enum_codec.hpp" %}
{%- endif %}
{%- endmatch %}
{% endfor %}
{%- for item in self.flat_enums() %}
{% include "flat_enum_codec.hpp" %}
{% endfor %}
