//! Filters match what a naive reading says, one by one and all together, in bounded time.

use std::collections::BTreeMap;

use commy_core::{Topic, TopicFilter, topic::TopicTree};
use proptest::prelude::*;

/// What `*` and `**` mean, as directly as it can be said.
fn naive(filter: &[&str], topic: &[&str]) -> bool {
    match (filter, topic) {
        ([], []) => true,
        (["**", rest @ ..], _) => (0..=topic.len()).any(|taken| naive(rest, &topic[taken..])),
        ([wanted, rest @ ..], [segment, others @ ..]) => {
            (*wanted == "*" || wanted == segment) && naive(rest, others)
        }
        _ => false,
    }
}

fn naive_match(filter: &TopicFilter, topic: &Topic) -> bool {
    let filter: Vec<_> = filter.as_str().split('/').collect();
    let topic: Vec<_> = topic.as_str().split('/').collect();
    naive(&filter, &topic)
}

fn joined(segments: &'static [&'static str], len_max: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(segments), 1..=len_max)
        .prop_map(|segments| segments.join("/"))
}

fn any_topic() -> impl Strategy<Value = Topic> {
    joined(&["a", "b", "c"], 7).prop_map(|topic| Topic::new(&topic).expect("a topic"))
}

fn any_filter() -> impl Strategy<Value = TopicFilter> {
    joined(&["a", "b", "*", "**", "**"], 7)
        .prop_map(|filter| TopicFilter::new(&filter).expect("a filter"))
}

fn is_topic(text: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty()
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte))
    };
    text.len() <= 256 && text.split('/').all(is_segment)
}

#[derive(Clone, Debug)]
enum Step {
    Insert(TopicFilter, u64),
    RemoveAt(usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (any_filter(), 0..4_u64).prop_map(|(filter, id)| Step::Insert(filter, id)),
        1 => any::<usize>().prop_map(Step::RemoveAt),
    ]
}

proptest! {
    #[test]
    fn topics_and_filters_accept_exactly_their_rule(text in "[aZ0_.:*/é -]{0,12}") {
        prop_assert_eq!(Topic::new(&text).is_ok(), is_topic(&text));
        let without_wildcards: Vec<_> = text
            .split('/')
            .map(|segment| if segment == "*" || segment == "**" { "x" } else { segment })
            .collect();
        prop_assert_eq!(TopicFilter::new(&text).is_ok(), is_topic(&without_wildcards.join("/")));
    }

    #[test]
    fn any_text_is_a_topic_or_an_error_that_names_it(text in ".{0,300}") {
        match Topic::new(&text) {
            Ok(topic) => prop_assert_eq!(topic.as_str(), text),
            Err(error) => prop_assert!(error.to_string().starts_with("topic \"")),
        }
    }

    #[test]
    fn a_topic_as_a_filter_matches_itself_only(topic in any_topic(), other in any_topic()) {
        let filter = TopicFilter::new(topic.as_str()).expect("every topic is a filter");
        prop_assert!(filter.matches(&topic));
        prop_assert_eq!(filter.matches(&other), topic == other);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_filter_matches_what_a_naive_reading_says(filter in any_filter(), topic in any_topic()) {
        prop_assert_eq!(filter.matches(&topic), naive_match(&filter, &topic));
    }

    #[test]
    fn the_tree_finds_what_a_naive_reading_says_after_any_changes(
        steps in prop::collection::vec(any_step(), 0..40),
        topic in any_topic(),
    ) {
        let mut tree = TopicTree::default();
        let mut model = BTreeMap::new();
        for (value, step) in (0..).zip(steps) {
            match step {
                Step::Insert(filter, id) => {
                    prop_assert_eq!(tree.insert(&filter, id, value), model.insert((filter, id), value));
                }
                Step::RemoveAt(index) => {
                    let key = model.keys().nth(index % model.len().max(1)).cloned();
                    if let Some((filter, id)) = key {
                        prop_assert_eq!(tree.remove(&filter, id), model.remove(&(filter.clone(), id)));
                        prop_assert_eq!(tree.remove(&filter, id), None);
                    }
                }
            }
            prop_assert_eq!(tree.is_empty(), model.is_empty());
        }
        let mut found: Vec<i32> = tree.matching(&topic).into_iter().copied().collect();
        found.sort_unstable();
        let mut expected: Vec<i32> = model
            .iter()
            .filter(|((filter, _), _)| naive_match(filter, &topic))
            .map(|(_, value)| *value)
            .collect();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_snapshot_does_not_see_later_changes(
        before in prop::collection::vec(any_filter(), 0..10),
        after in prop::collection::vec(any_filter(), 0..10),
        topic in any_topic(),
    ) {
        let mut tree = TopicTree::default();
        for (id, filter) in (0..).zip(&before) {
            tree.insert(filter, id, id);
        }
        let snapshot = tree.clone();
        let seen: Vec<u64> = snapshot.matching(&topic).into_iter().copied().collect();
        for (id, filter) in (0..).zip(&before) {
            tree.remove(filter, id);
        }
        for (id, filter) in (100..).zip(&after) {
            tree.insert(filter, id, id);
        }
        prop_assert_eq!(snapshot.matching(&topic).into_iter().copied().collect::<Vec<_>>(), seen);
    }
}

/// The longest topic of equal segments.
fn long_topic() -> Topic {
    Topic::new(&["a"; 128].join("/")).expect("255 bytes")
}

#[test]
fn the_bounds_are_1_and_256_bytes() {
    assert!(Topic::new("").is_err());
    assert!(Topic::new(&"x".repeat(256)).is_ok());
    let error = Topic::new(&"x".repeat(257)).expect_err("too long");
    assert!(
        error
            .to_string()
            .ends_with("it has 257 bytes, and at most 256 are allowed")
    );
    let error = TopicFilter::new("orders/a*").expect_err("half a wildcard");
    assert_eq!(
        error.to_string(),
        "topic filter \"orders/a*\" is not valid: a wildcard, * or **, is a whole segment"
    );
}

#[test]
fn hostile_filters_end_soon() {
    // A matcher that tries one way after the other would try more of them than there are atoms.
    let topic = long_topic();
    let mut tree = TopicTree::default();
    let hostile = (1..=50).map(|pairs| format!("{}/b", ["**/a"; 50][..pairs].join("/")));
    for (id, filter) in (0..).zip(hostile) {
        let filter = TopicFilter::new(&filter).expect("a filter");
        assert!(!filter.matches(&topic));
        tree.insert(&filter, id, "hostile");
    }
    let wide = TopicFilter::new(&["**"; 85].join("/")).expect("254 bytes");
    assert!(wide.matches(&topic));
    tree.insert(&wide, 0, "wide");
    assert_eq!(tree.matching(&topic), [&"wide"]);
}

#[test]
fn two_stars_stand_for_no_segment_too() {
    let filter = |text| TopicFilter::new(text).expect("a filter");
    let topic = |text| Topic::new(text).expect("a topic");
    assert!(filter("orders/**").matches(&topic("orders")));
    assert!(filter("**/orders").matches(&topic("orders")));
    assert!(filter("orders/**/created").matches(&topic("orders/created")));
    assert!(!filter("orders/*").matches(&topic("orders")));
}
