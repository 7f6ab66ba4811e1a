//! Names that were checked once and are cheap to share. A name that exists is valid; nothing past
//! this module checks one again.

use crate::error::InvalidValue;

/// Defines a checked, shared string.
macro_rules! checked_name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Checks a name.
            ///
            /// # Errors
            /// The value and the rule that it breaks.
            pub fn new(value: &str) -> Result<Self, $crate::error::InvalidValue> {
                match $check(value) {
                    Ok(()) => Ok(Self(value.into())),
                    Err(rule) => Err($crate::error::InvalidValue::new($what, value, rule)),
                }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::error::InvalidValue;

            fn from_str(value: &str) -> Result<Self, $crate::error::InvalidValue> {
                Self::new(value)
            }
        }
    };
}
pub(crate) use checked_name;

checked_name!(
    /// The name of a mesh, the scope of discovery.
    MeshName,
    "mesh name",
    check_mesh
);
checked_name!(
    /// The name of a service, such as `billing.invoices`.
    ServiceName,
    "service name",
    check_service
);
checked_name!(
    /// The name of a method of a service; may be empty, for a service that has only one.
    MethodName,
    "method",
    check_method
);
checked_name!(
    /// A tag of an instance, also the key of a header or of a metadata entry.
    Tag,
    "tag",
    check_tag
);
checked_name!(
    /// A zone or a region, such as `eu-1a`.
    Locality,
    "zone or region",
    check_locality
);

/// The most bytes in a mesh's name: it becomes part of a socket's path, which holds about 100.
const MESH_BYTES_MAX: usize = 64;
/// The most bytes in a service's name: long enough for a reversed domain name.
const SERVICE_BYTES_MAX: usize = 128;
/// The most bytes in a method's name.
const METHOD_BYTES_MAX: usize = 128;
/// The most bytes in a tag or key.
const TAG_BYTES_MAX: usize = 64;

fn check_mesh(value: &str) -> Result<(), String> {
    check_dotted(value, MESH_BYTES_MAX)
}

fn check_service(value: &str) -> Result<(), String> {
    check_dotted(value, SERVICE_BYTES_MAX)
}

fn check_locality(value: &str) -> Result<(), String> {
    check_dotted(value, TAG_BYTES_MAX)
}

fn check_method(value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Ok(());
    }
    check_characters(value, METHOD_BYTES_MAX, "_-./")
}

fn check_tag(value: &str) -> Result<(), String> {
    check_characters(value, TAG_BYTES_MAX, "_-.:=/")
}

/// Segments joined by dots, each of letters, digits, `_` and `-`, beginning with a letter or digit.
fn check_dotted(value: &str, bytes_max: usize) -> Result<(), String> {
    check_characters(value, bytes_max, "_-.")?;
    for segment in value.split('.') {
        match segment.bytes().next() {
            None => return Err("no segment between dots may be empty".into()),
            Some(first) if !first.is_ascii_alphanumeric() => {
                return Err("each segment begins with an ASCII letter or digit".into());
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Checks the length of text that may hold anything.
pub(crate) fn check_bytes(
    what: &'static str,
    value: &str,
    bytes_max: usize,
) -> Result<(), InvalidValue> {
    if value.len() > bytes_max {
        return Err(InvalidValue::new(what, value, too_long(value, bytes_max)));
    }
    Ok(())
}

/// Checks that text is not empty, not too long, and of ASCII letters, digits and `punctuation`.
pub(crate) fn check_characters(
    value: &str,
    bytes_max: usize,
    punctuation: &str,
) -> Result<(), String> {
    if value.is_empty() {
        return Err("it must not be empty".into());
    }
    if value.len() > bytes_max {
        return Err(too_long(value, bytes_max));
    }
    match value
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !punctuation.contains(*c))
    {
        None => Ok(()),
        Some(wrong) => Err(format!(
            "{wrong:?} is not an ASCII letter, a digit or one of {punctuation}"
        )),
    }
}

fn too_long(value: &str, bytes_max: usize) -> String {
    format!(
        "it has {} bytes, and at most {bytes_max} are allowed",
        value.len()
    )
}
