//! JUnit's XML, as pytest, Surefire, Swift, node:test and ctest write it.
//!
//! The dialects differ in how suites nest and in which attribute carries the class or the file;
//! reading keeps all of them as the place of a case.

use std::borrow::Cow;

use anyhow::{Context as _, Result, bail};
use quick_xml::XmlVersion;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::{Case, Verdict};

/// The elements of a case that failed; each may say why, in its message and in its text.
const FAILURES: [&str; 2] = ["failure", "error"];

/// The element of what a test wrote. ctest says why a test failed there and nowhere else.
const OUTPUT: &str = "system-out";

/// Reads every case of one report.
pub(crate) fn read(xml: &str) -> Result<Vec<Case>> {
    let mut reader = Reader::from_str(xml);
    let mut suites: Vec<String> = Vec::new();
    let mut current: Option<Case> = None;
    let mut cases = Vec::new();
    let mut is_report = false;
    loop {
        match reader.read_event().context("the report is not XML")? {
            Event::Start(tag) => match tag.name().as_ref() {
                "testsuites" => is_report = true,
                "testsuite" => {
                    is_report = true;
                    suites.push(attribute(&tag, "name")?.unwrap_or_default());
                }
                "testcase" => current = Some(case(&tag, &suites)?),
                other => {
                    judge(other, &tag, current.as_mut())?;
                    if let Some(case) = current.as_mut().filter(|case| tells(case, other)) {
                        case.why.push_str(&content(&reader.read_text(tag.name())?));
                    }
                }
            },
            Event::Empty(tag) => match tag.name().as_ref() {
                "testsuites" | "testsuite" => is_report = true,
                "testcase" => cases.push(case(&tag, &suites)?),
                other => judge(other, &tag, current.as_mut())?,
            },
            Event::End(tag) => match tag.name().as_ref() {
                "testsuite" => drop(suites.pop()),
                "testcase" => cases.extend(current.take()),
                _ => {}
            },
            Event::Eof if is_report && current.is_none() => return Ok(cases),
            Event::Eof => bail!("the report ends early or is not JUnit's"),
            _ => {}
        }
    }
}

fn case(tag: &BytesStart<'_>, suites: &[String]) -> Result<Case> {
    let mut place: Vec<String> = suites.to_vec();
    place.extend(attribute(tag, "classname")?);
    place.extend(attribute(tag, "file")?);
    place.retain(|part| !part.is_empty());
    // ctest marks a test that it did not run by its status alone.
    let verdict = match attribute(tag, "status")?.as_deref() {
        Some("notrun" | "disabled") => Verdict::Skipped,
        Some("fail") => Verdict::Failed,
        _ => Verdict::Passed,
    };
    Ok(Case {
        place,
        name: attribute(tag, "name")?.context("a test case has no name")?,
        verdict,
        why: String::new(),
    })
}

fn judge(element: &str, tag: &BytesStart<'_>, case: Option<&mut Case>) -> Result<()> {
    let Some(case) = case else { return Ok(()) };
    if FAILURES.contains(&element) {
        case.verdict = Verdict::Failed;
        if let Some(message) = attribute(tag, "message")? {
            case.why = message + "\n";
        }
    } else if element == "skipped" && case.verdict == Verdict::Passed {
        case.verdict = Verdict::Skipped;
    }
    Ok(())
}

/// Whether an element says why a case failed: as a failure, or as the output of one whose failure
/// is a single word.
fn tells(case: &Case, element: &str) -> bool {
    FAILURES.contains(&element)
        || element == OUTPUT
            && case.verdict == Verdict::Failed
            && !case.why.trim().contains(char::is_whitespace)
}

/// The text of an element that holds no other.
fn content(raw: &str) -> String {
    let section = raw.trim().strip_prefix("<![CDATA[");
    match section.and_then(|raw| raw.strip_suffix("]]>")) {
        Some(literal) => literal.to_owned(),
        None => unescape(raw).map_or_else(|_| raw.to_owned(), Cow::into_owned),
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
    let Some(attribute) = tag.try_get_attribute(name)? else {
        return Ok(None);
    };
    Ok(Some(
        attribute
            .normalized_value(XmlVersion::Implicit1_0)?
            .into_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(xml: &str) -> Result<Vec<(String, Verdict)>> {
        let cases = read(xml)?;
        Ok(cases
            .into_iter()
            .map(|case| (case.topic(&["call", "errors"]), case.verdict))
            .collect())
    }

    #[test]
    fn pytest_reports_by_class_name() -> Result<()> {
        let xml = r#"<?xml version="1.0"?><testsuites><testsuite name="pytest">
            <testcase classname="tests.test_call" name="test_a" time="0.1"/>
            <testcase classname="tests.test_errors" name="test_b"><failure message="&lt;x&gt;">t</failure></testcase>
            <testcase classname="tests.test_errors" name="test_c"><skipped message="no"/></testcase>
            </testsuite></testsuites>"#;
        let expected = [
            ("call".to_owned(), Verdict::Passed),
            ("errors".to_owned(), Verdict::Failed),
            ("errors".to_owned(), Verdict::Skipped),
        ];
        assert_eq!(verdicts(xml)?, expected);
        Ok(())
    }

    #[test]
    fn a_failure_says_why() -> Result<()> {
        for (failure, why) in [
            (r#"<failure message="&lt;x&gt;"/>"#, "<x>\n"),
            (r#"<failure message="a">b &amp; c</failure>"#, "a\nb & c"),
            ("<error><![CDATA[1 < 2]]></error>", "1 < 2"),
        ] {
            let xml = format!(
                "<testsuite name=\"call\"><testcase name=\"a\">{failure}</testcase></testsuite>"
            );
            assert_eq!(read(&xml)?[0].why, why);
        }
        Ok(())
    }

    #[test]
    fn the_output_says_why_where_the_failure_does_not() -> Result<()> {
        for (failure, why) in [
            (r#"<failure message="Failed"/>"#, "Failed\n1 < 2"),
            (
                r#"<failure message="it is late">at once</failure>"#,
                "it is late\nat once",
            ),
            ("", ""),
        ] {
            let xml = format!(
                "<testsuite name=\"c\"><testcase name=\"call\">{failure}<system-out>1 &lt; 2</system-out></testcase></testsuite>"
            );
            assert_eq!(read(&xml)?[0].why, why);
        }
        Ok(())
    }

    #[test]
    fn node_reports_by_nested_suites() -> Result<()> {
        let xml = r#"<testsuites><testsuite name="call"><testsuite name="blocking">
            <testcase name="answers" classname="test"/></testsuite></testsuite></testsuites>"#;
        assert_eq!(verdicts(xml)?, [("call".to_owned(), Verdict::Passed)]);
        Ok(())
    }

    #[test]
    fn ctest_reports_by_status() -> Result<()> {
        let xml = r#"<testsuite name="linux"><testcase name="call.answers" classname="call.answers" status="run"/>
            <testcase name="errors.null" classname="errors.null" status="fail"/>
            <testcase name="errors.stale" classname="errors.stale" status="notrun"/></testsuite>"#;
        let expected = [
            ("call".to_owned(), Verdict::Passed),
            ("errors".to_owned(), Verdict::Failed),
            ("errors".to_owned(), Verdict::Skipped),
        ];
        assert_eq!(verdicts(xml)?, expected);
        Ok(())
    }

    #[test]
    fn a_report_that_ends_early_is_an_error() {
        assert!(read("<testsuites><testsuite name=\"a\"><testcase name=\"b\">").is_err());
        assert!(read("<html/>").is_err());
        assert!(read("").is_err());
    }
}
