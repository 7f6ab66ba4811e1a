//! What an interface can demand of a backend, by name.
//!
//! Owns the list of constructs. Must not know which backend can do what (each declares that
//! as data), nor how a construct is found in an interface (`demand` does that).

/// A construct that a backend either renders or refuses.
///
/// Not listed, because every backend must have it: functions, primitives, strings,
/// docstrings, panics, and the checks at load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// `bytes`, owned.
    Bytes,
    /// `[ByRef] bytes` of a synchronous call.
    BorrowedBytes,
    /// `[ByRef] bytes` of an async call: UniFFI cannot keep the borrow.
    AsyncBorrowedBytes,
    /// `timestamp`.
    Timestamp,
    /// `duration`.
    Duration,
    /// `T?`.
    Optional,
    /// `sequence<T>`.
    Sequence,
    /// `record<K, V>` whose keys are numbers, booleans, strings or flat enums.
    Map,
    /// A map or set whose keys are compounds, records, rich enums, objects or bytes.
    StructuredKey,
    /// A set; only proc-macros can declare one.
    Set,
    /// `dictionary`.
    Record,
    /// A default of a field.
    FieldDefault,
    /// A default of an argument.
    ArgumentDefault,
    /// Methods or constructors of a record or an enum; only proc-macros can declare them.
    ValueMethod,
    /// `enum` and `[Enum] interface` without fields.
    FlatEnum,
    /// `[Enum] interface` with fields.
    RichEnum,
    /// Variants with nameless fields; only proc-macros can declare them.
    NamelessField,
    /// A value that contains itself.
    RecursiveValue,
    /// `[Throws]` of an `[Error] enum`.
    FlatError,
    /// `[Throws]` of an `[Error] interface`.
    RichError,
    /// `[Throws]` of an object.
    ObjectError,
    /// `interface`, with its methods and its primary constructor.
    Object,
    /// `[Name=…] constructor`.
    NamedConstructor,
    /// `[Async, Name=…] constructor`.
    AsyncConstructor,
    /// `[Async] constructor` without a name.
    AsyncPrimaryConstructor,
    /// `[Trait] interface`.
    Trait,
    /// `[Trait, WithForeign] interface`.
    ForeignTrait,
    /// An async method of a trait that foreign code implements.
    AsyncForeignMethod,
    /// `callback interface`.
    CallbackInterface,
    /// An async method of a `callback interface`: generated code and Rust disagree on it.
    AsyncCallbackInterface,
    /// `[Traits=(…)]` of an object.
    ObjectTraits,
    /// `[Traits=(…)]` of a `dictionary` or an `[Enum] interface`.
    ValueTraits,
    /// `[Traits=(…)]` of an `[Error] interface`: UniFFI exports none of the functions.
    ErrorTraits,
    /// `[Traits=(Display)]` of an `[Enum] interface` without `Debug`: UniFFI exports none.
    DisplayWithoutDebug,
    /// `[Custom] typedef`.
    Custom,
    /// `[External=…] typedef`.
    External,
    /// `[Async]` functions and methods of Rust's.
    Async,
}

impl Feature {
    /// What a UDL's author calls it.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::BorrowedBytes => "[ByRef] bytes",
            Self::AsyncBorrowedBytes => "[ByRef] bytes of an [Async] call",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
            Self::Optional => "an optional type",
            Self::Sequence => "sequence<…>",
            Self::Map => "record<…, …>",
            Self::StructuredKey => "a map or set with structured keys",
            Self::Set => "a set",
            Self::Record => "a dictionary",
            Self::FieldDefault => "a default of a field",
            Self::ArgumentDefault => "a default of an argument",
            Self::ValueMethod => "a method of a record or an enum",
            Self::FlatEnum => "an enum without fields",
            Self::RichEnum => "an enum with fields",
            Self::NamelessField => "a nameless field",
            Self::RecursiveValue => "a value that contains itself",
            Self::FlatError => "[Throws] of an [Error] enum",
            Self::RichError => "[Throws] of an [Error] interface",
            Self::ObjectError => "[Throws] of an object",
            Self::Object => "an interface",
            Self::NamedConstructor => "[Name=…] constructor",
            Self::AsyncConstructor => "[Async, Name=…] constructor",
            Self::AsyncPrimaryConstructor => "[Async] constructor without a name",
            Self::Trait => "[Trait] interface",
            Self::ForeignTrait => "[Trait, WithForeign] interface",
            Self::AsyncForeignMethod => "an [Async] method that foreign code implements",
            Self::CallbackInterface => "callback interface",
            Self::AsyncCallbackInterface => "an [Async] method of a callback interface",
            Self::ObjectTraits => "[Traits=(…)] of an interface",
            Self::ValueTraits => "[Traits=(…)] of a dictionary or an enum",
            Self::ErrorTraits => "[Traits=(…)] of an [Error] interface",
            Self::DisplayWithoutDebug => "[Traits=(Display)] of an enum, without Debug",
            Self::Custom => "[Custom] typedef",
            Self::External => "[External=…] typedef",
            Self::Async => "an [Async] call",
        }
    }

    /// What to write instead, where no backend can help because UniFFI cannot.
    #[must_use]
    pub fn instead(self) -> Option<&'static str> {
        match self {
            Self::AsyncBorrowedBytes => Some("pass owned bytes"),
            Self::AsyncCallbackInterface => {
                Some("declare `[Trait, WithForeign] interface` instead of `callback interface`")
            }
            Self::ErrorTraits => Some("give the error fields, or throw an object with traits"),
            Self::DisplayWithoutDebug => Some("name Debug as well"),
            _ => None,
        }
    }
}
