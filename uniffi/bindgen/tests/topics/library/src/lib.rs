//! One library that exports every topic.
//!
//! Owns nothing but the list. The topics know neither this library nor each other,
//! save `externals`, which is about other crates' types.

topic_binary::uniffi_reexport_scaffolding!();
topic_callbacks::uniffi_reexport_scaffolding!();
topic_compounds::uniffi_reexport_scaffolding!();
topic_customs::uniffi_reexport_scaffolding!();
topic_derived::uniffi_reexport_scaffolding!();
topic_docs::uniffi_reexport_scaffolding!();
topic_enums::uniffi_reexport_scaffolding!();
topic_errors::uniffi_reexport_scaffolding!();
topic_externals::uniffi_reexport_scaffolding!();
topic_futures::uniffi_reexport_scaffolding!();
topic_listeners::uniffi_reexport_scaffolding!();
topic_macros::uniffi_reexport_scaffolding!();
topic_moments::uniffi_reexport_scaffolding!();
topic_objects::uniffi_reexport_scaffolding!();
topic_primitives::uniffi_reexport_scaffolding!();
topic_records::uniffi_reexport_scaffolding!();
topic_strings::uniffi_reexport_scaffolding!();
topic_traits::uniffi_reexport_scaffolding!();
