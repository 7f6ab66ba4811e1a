//! What events are published on and subscribed to: topics, filters, and which matches which.

mod tree;

pub use self::tree::TopicTree;
use crate::name::{check_characters, checked_name};

/// The most bytes in a topic or a filter. Two bytes a segment are the least, so this bounds the
/// number of segments to 128 as well.
const TOPIC_BYTES_MAX: usize = 256;
/// What a segment may hold beside ASCII letters and digits.
const SEGMENT_PUNCTUATION: &str = "_-.:";
/// The segment of a filter that stands for any one segment.
const ANY: &str = "*";
/// The segment of a filter that stands for any number of segments.
const ANY_NUMBER: &str = "**";

checked_name!(
    /// A topic, such as `orders/created`: segments joined by `/`.
    Topic,
    "topic",
    check_topic
);
checked_name!(
    /// A filter of topics, such as `orders/*`: a topic in which a segment may be `*`, for any one
    /// segment, or `**`, for any number of them, also none.
    ///
    /// ```
    /// use commy_core::{Topic, TopicFilter};
    ///
    /// let filter = TopicFilter::new("orders/**")?;
    /// assert!(filter.matches(&Topic::new("orders/eu/created")?));
    /// assert!(filter.matches(&Topic::new("orders")?));
    /// assert!(!filter.matches(&Topic::new("invoices")?));
    /// # Ok::<(), commy_core::InvalidValue>(())
    /// ```
    TopicFilter,
    "topic filter",
    check_filter
);

impl Topic {
    /// The segments, in order; there is at least one.
    pub fn segments(&self) -> impl Iterator<Item = &str> + Clone {
        self.as_str().split('/')
    }
}

impl TopicFilter {
    /// Whether the filter matches a topic. The work is bounded by the product of their segments,
    /// whatever the filter.
    #[must_use]
    pub fn matches(&self, topic: &Topic) -> bool {
        let mut filter = self.segments();
        let mut topic = topic.segments();
        // Where to go on if the rest does not match: behind the latest `**`, which then stands for
        // one segment more. Earlier ones need no other try: whatever they could take, it can.
        let mut again = None;
        loop {
            let ahead = (filter.clone().next(), topic.clone().next());
            match ahead {
                (Some(ANY_NUMBER), _) => {
                    filter.next();
                    again = Some((filter.clone(), topic.clone()));
                }
                (Some(wanted), Some(segment)) if wanted == ANY || wanted == segment => {
                    filter.next();
                    topic.next();
                }
                (None, None) => return true,
                _ => {
                    let Some((after, from)) = &mut again else {
                        return false;
                    };
                    if from.next().is_none() {
                        return false;
                    }
                    filter = after.clone();
                    topic = from.clone();
                }
            }
        }
    }

    fn segments(&self) -> impl Iterator<Item = &str> + Clone {
        self.as_str().split('/')
    }
}

fn check_topic(value: &str) -> Result<(), String> {
    check_segments(value, "", |_| false)
}

fn check_filter(value: &str) -> Result<(), String> {
    check_segments(value, "*", |segment| {
        segment == ANY || segment == ANY_NUMBER
    })
}

/// Checks the bounds, and each segment that is not a wildcard.
fn check_segments(
    value: &str,
    wildcard: &str,
    is_wildcard: impl Fn(&str) -> bool,
) -> Result<(), String> {
    check_characters(
        value,
        TOPIC_BYTES_MAX,
        &format!("{SEGMENT_PUNCTUATION}/{wildcard}"),
    )?;
    for segment in value.split('/') {
        if segment.is_empty() {
            return Err("no segment between slashes may be empty".into());
        }
        if segment.contains('*') && !is_wildcard(segment) {
            return Err("a wildcard, * or **, is a whole segment".into());
        }
    }
    Ok(())
}
