//! What test runners say, read into cases.
//!
//! Owns the formats. It must not know which language wrote a report, nor what becomes of the cases.

pub(crate) mod gotest;
pub(crate) mod junit;
pub(crate) mod libtest;

/// One test that a runner reports.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// Where the test stands, nearest the root first: suites, file, class or modules.
    pub(crate) place: Vec<String>,
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
    /// What the runner says of a failure, as it says it; empty if it says nothing.
    pub(crate) why: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Failed,
    Skipped,
}

impl Case {
    /// The topic of this test: the first part of its place that is one of `topics`, however the
    /// language spells it (`test_call.py`, `CallTest`, `call::`), or else the last part, so that a
    /// test under an unknown topic is shown under that name and not lost.
    pub(crate) fn topic(&self, topics: &[&str]) -> String {
        // A test that stands nowhere may tell its topic in its name: `call.answers`.
        let name = if self.place.is_empty() {
            self.name.as_str()
        } else {
            ""
        };
        let parts: Vec<String> = self
            .place
            .iter()
            .map(String::as_str)
            .chain([name])
            .flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric() && letter != '_'))
            .map(bare)
            .filter(|part| !part.is_empty())
            .collect();
        parts
            .iter()
            .find(|part| topics.contains(&part.as_str()))
            .or(parts.last())
            .cloned()
            .unwrap_or_else(|| "unnamed".to_owned())
    }

    /// The test as a person would look for it.
    pub(crate) fn title(&self) -> String {
        let mut title = self.place.join(" ");
        if !title.is_empty() {
            title.push(' ');
        }
        title + &self.name
    }
}

/// A file, class or module name without what only says that it holds tests.
fn bare(part: &str) -> String {
    let lower = part.to_lowercase();
    let bare = lower.trim_matches('_');
    let bare = bare.strip_prefix("test_").unwrap_or(bare);
    let bare = bare
        .strip_suffix("tests")
        .or_else(|| bare.strip_suffix("test"))
        .unwrap_or(bare);
    bare.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPICS: &[&str] = &["lifecycle", "call"];

    fn topic(place: &[&str], name: &str) -> String {
        let case = Case {
            place: place.iter().map(ToString::to_string).collect(),
            name: name.to_owned(),
            verdict: Verdict::Passed,
            why: String::new(),
        };
        case.topic(TOPICS)
    }

    #[test]
    fn every_languages_spelling_of_a_topic_is_known() {
        assert_eq!(topic(&["tests.test_call"], "test_answers"), "call");
        assert_eq!(
            topic(&["tests.test_call.TestBlocking"], "test_answers"),
            "call"
        );
        assert_eq!(
            topic(&["dev.commy.LifecycleTest"], "starts twice"),
            "lifecycle"
        );
        assert_eq!(
            topic(&["CommyTests.LifecycleTests"], "testStart"),
            "lifecycle"
        );
        assert_eq!(topic(&["tests/call.test.js"], "answers"), "call");
        assert_eq!(topic(&["call"], "an_answer_comes_back"), "call");
        assert_eq!(topic(&[], "lifecycle.start_twice"), "lifecycle");
    }

    #[test]
    fn a_test_of_an_unknown_topic_keeps_its_own_name() {
        assert_eq!(topic(&["tests.test_weather"], "rains[call]"), "weather");
        assert_eq!(topic(&[], "rains"), "rains");
    }
}
