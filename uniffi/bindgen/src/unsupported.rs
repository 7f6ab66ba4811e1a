//! What a backend cannot do is refused before a line is rendered.
//!
//! Owns the comparison of demands with capabilities, and the message. Must not know any
//! backend: the capabilities come in as data.

use std::fmt;

use crate::{
    backend::Language,
    capability::Feature,
    demand::{Demand, demands},
    interface::Interface,
};

/// Why an interface is refused: every item that is in the way, not only the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The language that was asked for.
    pub language: Language,
    /// The namespace that was refused.
    pub namespace: String,
    /// What it needs and the backend has not.
    pub demands: Vec<Demand>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cannot be generated for namespace {}:",
            self.language, self.namespace
        )?;
        for Demand { feature, item } in &self.demands {
            write!(f, "\n  {item}: {} is not supported", feature.description())?;
            if let Some(instead) = feature.instead() {
                write!(f, "; {instead}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// Refuses an interface that needs what the backend has not.
///
/// # Errors
/// Every item that is in the way, by the UDL's name.
pub fn check(
    language: Language,
    capabilities: &[Feature],
    interface: &Interface<'_>,
) -> Result<(), Refusal> {
    let demands: Vec<_> = demands(interface)
        .into_iter()
        .filter(|demand| !capabilities.contains(&demand.feature))
        .collect();
    if demands.is_empty() {
        return Ok(());
    }
    Err(Refusal {
        language,
        namespace: interface.namespace().to_owned(),
        demands,
    })
}

#[cfg(test)]
mod tests {
    use uniffi_bindgen::ComponentInterface;

    use super::*;

    fn refusal(udl: &str, capabilities: &[Feature]) -> String {
        let mut ci = ComponentInterface::from_webidl(udl, "shop").unwrap();
        ci.derive_ffi_funcs().unwrap();
        match check(Language::Go, capabilities, &Interface::new(&ci)) {
            Ok(()) => String::new(),
            Err(refusal) => refusal.to_string(),
        }
    }

    /// Each feature that a UDL can demand, with an interface that demands it, and the item
    /// that the refusal must name.
    const DEMANDS: &[(Feature, &str, &str)] = &[
        (
            Feature::Bytes,
            "namespace shop { void f(bytes b); };",
            "f(b)",
        ),
        (
            Feature::BorrowedBytes,
            "namespace shop { void f([ByRef] bytes b); };",
            "f(b)",
        ),
        (
            Feature::AsyncBorrowedBytes,
            "namespace shop { [Async] void f([ByRef] bytes b); };",
            "f(b)",
        ),
        (
            Feature::Timestamp,
            "namespace shop { timestamp f(); };",
            "f",
        ),
        (Feature::Duration, "namespace shop { duration f(); };", "f"),
        (Feature::Optional, "namespace shop { u8? f(); };", "f"),
        (
            Feature::Sequence,
            "namespace shop { sequence<u8> f(); };",
            "f",
        ),
        (
            Feature::Map,
            "namespace shop { record<u8, string> f(); };",
            "f",
        ),
        (
            Feature::StructuredKey,
            "namespace shop { record<P, u8> f(); }; dictionary P {};",
            "f",
        ),
        (
            Feature::Record,
            "namespace shop {}; dictionary P { u8 x; };",
            "P",
        ),
        (
            Feature::FieldDefault,
            "namespace shop {}; dictionary P { u8 x = 1; };",
            "P.x",
        ),
        (
            Feature::ArgumentDefault,
            "namespace shop { void f(optional u8 x = 1); };",
            "f(x)",
        ),
        (
            Feature::FlatEnum,
            "namespace shop {}; enum E { \"A\" };",
            "E",
        ),
        (
            Feature::RichEnum,
            "namespace shop {}; [Enum] interface E { A(u8 x); };",
            "E",
        ),
        (
            Feature::RecursiveValue,
            "namespace shop {}; dictionary T { sequence<T> t; };",
            "T",
        ),
        (
            Feature::FlatError,
            "namespace shop { [Throws=E] void f(); }; [Error] enum E { \"A\" };",
            "f",
        ),
        (
            Feature::RichError,
            "namespace shop { [Throws=E] void f(); }; [Error] interface E { A(u8 x); };",
            "f",
        ),
        (
            Feature::ObjectError,
            "namespace shop { [Throws=E] void f(); }; interface E {};",
            "f",
        ),
        (
            Feature::Object,
            "namespace shop {}; interface O { constructor(); };",
            "O",
        ),
        (
            Feature::NamedConstructor,
            "namespace shop {}; interface O { [Name=of] constructor(); };",
            "O.of",
        ),
        (
            Feature::AsyncConstructor,
            "namespace shop {}; interface O { [Async, Name=of] constructor(); };",
            "O.of",
        ),
        (
            Feature::AsyncPrimaryConstructor,
            "namespace shop {}; interface O { [Async] constructor(); };",
            "O.new",
        ),
        (
            Feature::Trait,
            "namespace shop {}; [Trait] interface T { void m(); };",
            "T",
        ),
        (
            Feature::ForeignTrait,
            "namespace shop {}; [Trait, WithForeign] interface T { void m(); };",
            "T",
        ),
        (
            Feature::AsyncForeignMethod,
            "namespace shop {}; [Trait, WithForeign] interface T { [Async] void m(); };",
            "T.m",
        ),
        (
            Feature::CallbackInterface,
            "namespace shop {}; callback interface C { void m(); };",
            "C",
        ),
        (
            Feature::AsyncCallbackInterface,
            "namespace shop {}; callback interface C { [Async] void m(); };",
            "C.m",
        ),
        (
            Feature::ObjectTraits,
            "namespace shop {}; [Traits=(Debug)] interface O {};",
            "O",
        ),
        (
            Feature::ValueTraits,
            "namespace shop {}; [Traits=(Debug)] dictionary P { u8 x; };",
            "P",
        ),
        (
            Feature::ErrorTraits,
            "namespace shop { [Throws=E] void f(); }; [Error, Traits=(Debug)] interface E { A(u8 x); };",
            "E",
        ),
        (
            Feature::DisplayWithoutDebug,
            "namespace shop {}; [Enum, Traits=(Display)] interface E { A(u8 x); };",
            "E",
        ),
        (
            Feature::Custom,
            "namespace shop {}; [Custom] typedef string Url;",
            "Url",
        ),
        (
            Feature::External,
            "namespace shop { P f(); }; [External=\"other\"] typedef dictionary P;",
            "P",
        ),
        (Feature::Async, "namespace shop { [Async] void f(); };", "f"),
    ];

    #[test]
    fn each_unsupported_kind_is_refused_with_the_name_of_its_item() {
        for (feature, udl, item) in DEMANDS {
            let message = refusal(udl, &[]);
            let expected = format!("\n  {item}: {} is not supported", feature.description());
            assert!(
                message.contains(&expected),
                "{feature:?} in {udl:?}: no {expected:?} in {message:?}"
            );
        }
    }

    #[test]
    fn what_is_supported_is_not_refused() {
        for (_, udl, _) in DEMANDS {
            let every: Vec<_> = DEMANDS.iter().map(|(feature, ..)| *feature).collect();
            assert_eq!(refusal(udl, &every), "", "{udl:?}");
        }
    }

    #[test]
    fn every_item_in_the_way_is_named() {
        let message = refusal(
            "namespace shop { u8? maybe(); sequence<u8> many(); [Async] void wait(); };",
            &[Feature::Sequence],
        );
        assert_eq!(
            message,
            "Go cannot be generated for namespace shop:\n  \
             maybe: an optional type is not supported\n  \
             wait: an [Async] call is not supported"
        );
    }

    #[test]
    fn what_no_backend_can_do_says_what_to_write_instead() {
        let message = refusal(
            "namespace shop { [Async] void f([ByRef] bytes b); };",
            &[Feature::Async],
        );
        assert!(
            message.ends_with("is not supported; pass owned bytes"),
            "{message}"
        );
    }
}
