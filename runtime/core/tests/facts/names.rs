//! Names and ids accept exactly their rule, and say it when they do not.

use commy_core::{
    InstanceId, Locality, MeshName, MethodName, NodeId, ServiceName, ServiceSpec, Tag,
};
use proptest::prelude::*;

/// Whether text is of these characters only.
fn is_of(text: &str, punctuation: &[u8]) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || punctuation.contains(&byte))
}

fn is_dotted(text: &str, bytes_max: usize) -> bool {
    text.len() <= bytes_max
        && text.split('.').all(|segment| {
            is_of(segment, b"_-") && segment.starts_with(|c: char| c.is_ascii_alphanumeric())
        })
}

fn is_tag(text: &str) -> bool {
    (1..=64).contains(&text.len()) && is_of(text, b"_-.:=/")
}

fn is_method(text: &str) -> bool {
    text.len() <= 128 && is_of(text, b"_-./")
}

/// Text that is nearly a name, and now and then one, or one byte too long.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[aZ0_.:=/@ é-]{0,8}",
        3 => "[a-z0-9]{1,5}(\\.[a-z0-9_-]{1,5}){0,3}",
        1 => ".{0,200}",
        1 => (60..70_usize).prop_map(|len| "x".repeat(len)),
        1 => (125..132_usize).prop_map(|len| "x".repeat(len)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn names_accept_exactly_their_rule(text in any_text()) {
        prop_assert_eq!(MeshName::new(&text).is_ok(), is_dotted(&text, 64));
        prop_assert_eq!(ServiceName::new(&text).is_ok(), is_dotted(&text, 128));
        prop_assert_eq!(Locality::new(&text).is_ok(), is_dotted(&text, 64));
        prop_assert_eq!(MethodName::new(&text).is_ok(), is_method(&text));
        prop_assert_eq!(Tag::new(&text).is_ok(), is_tag(&text));
    }

    #[test]
    fn a_name_is_shown_as_it_was_given(text in any_text()) {
        match ServiceName::new(&text) {
            Ok(name) => prop_assert_eq!(name.to_string(), text),
            Err(error) => prop_assert!(error.to_string().starts_with("service name \"")),
        }
    }

    #[test]
    fn errors_show_no_more_of_a_value_than_helps(text in ".{100,2000}") {
        let error = Tag::new(&text).expect_err("too long");
        prop_assert!(error.to_string().chars().count() < 1000);
    }

    #[test]
    fn ids_are_parsed_from_what_they_are_shown_as(number: u128, serial: u64) {
        let id = InstanceId { node: NodeId::from_u128(number), serial };
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        prop_assert_eq!(id.node.to_string().parse(), Ok(id.node));
    }

    #[test]
    fn equal_ids_are_equal_texts(text in "[0-9a-fA-F+]{31,33}(-[+0-9]{0,21})?") {
        if let Ok(id) = text.parse::<InstanceId>() {
            prop_assert_eq!(id.to_string(), text.clone());
        }
        if let Ok(id) = text.parse::<NodeId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }
}

#[test]
fn an_error_names_the_value_and_the_rule() {
    let error = ServiceName::new("my service").expect_err("a space");
    assert_eq!(
        error.to_string(),
        "service name \"my service\" is not valid: ' ' is not an ASCII letter, a digit or one of _-."
    );
}

#[test]
fn ids_have_one_text_only() {
    let node = NodeId::from_u128(0xabc);
    assert!(node.to_string().to_uppercase().parse::<NodeId>().is_err());
    for serial in ["", "+1", "01", "-1", "18446744073709551616"] {
        assert!(
            format!("{node}-{serial}").parse::<InstanceId>().is_err(),
            "{serial}"
        );
    }
}

#[test]
fn a_registration_is_bounded_in_every_part() {
    let spec = || ServiceSpec::new("orders");
    assert!(spec().check().is_ok());
    assert!(spec().weight(0).check().is_err());
    assert!(spec().weight(1001).check().is_err());
    assert!(spec().max_in_flight(0).check().is_err());
    assert!(spec().version("1.0").check().is_err());
    assert!(
        spec()
            .version(format!("1.0.0+{}", "x".repeat(300)))
            .check()
            .is_err()
    );
    assert!(spec().zone("eu/1").check().is_err());
    assert!(spec().metadata("owner", "x".repeat(1025)).check().is_err());
    let tagged = (0..33).fold(spec(), |spec, tag| spec.tag(format!("t{tag}")));
    let error = tagged.check().expect_err("33 tags");
    assert_eq!(
        error.to_string(),
        "the number of tags 33 is not valid: at most 32 are allowed"
    );
}
