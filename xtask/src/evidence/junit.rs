//! JUnit's XML, as pytest, Surefire, Swift, node:test and ctest write it.
//!
//! The dialects differ in how suites nest and in which attribute carries the class or the file;
//! reading keeps all of them as the place of a case.

use anyhow::{Context as _, Result, bail};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::{Case, Verdict};

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
                other => judge(other, current.as_mut()),
            },
            Event::Empty(tag) => match tag.name().as_ref() {
                "testsuites" | "testsuite" => is_report = true,
                "testcase" => cases.push(case(&tag, &suites)?),
                other => judge(other, current.as_mut()),
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
    })
}

fn judge(element: &str, case: Option<&mut Case>) {
    let Some(case) = case else { return };
    match element {
        "failure" | "error" => case.verdict = Verdict::Failed,
        "skipped" if case.verdict == Verdict::Passed => case.verdict = Verdict::Skipped,
        _ => {}
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
    fn node_reports_by_nested_suites() -> Result<()> {
        let xml = r#"<testsuites><testsuite name="call"><testsuite name="blocking">
            <testcase name="answers" classname="test"/></testsuite></testsuite></testsuites>"#;
        assert_eq!(verdicts(xml)?, [("call".to_owned(), Verdict::Passed)]);
        Ok(())
    }

    #[test]
    fn ctest_reports_by_status() -> Result<()> {
        let xml = r#"<testsuite name="linux"><testcase name="call.answers" status="run"/>
            <testcase name="errors.null" status="fail"/>
            <testcase name="errors.stale" status="notrun"/></testsuite>"#;
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
