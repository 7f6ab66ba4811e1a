//! What `go test -json` prints: an object a line, some of which tell how a test ended.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{Case, Verdict};

/// Reads the cases of every package in `stdout`. A test that has others within is none itself.
pub(crate) fn read(stdout: &str) -> Result<Vec<Case>> {
    let mut ends = Vec::new();
    let mut parents = BTreeSet::new();
    let mut said: BTreeMap<(String, String), String> = BTreeMap::new();
    for line in stdout.lines().filter(|line| !line.trim().is_empty()) {
        let event: Value = serde_json::from_str(line)
            .with_context(|| format!("go test printed what is no event: {line}"))?;
        // Without a test, it tells of a whole package.
        let (Some(package), Some(test)) = (event["Package"].as_str(), event["Test"].as_str())
        else {
            continue;
        };
        let verdict = match event["Action"].as_str() {
            Some("pass") => Verdict::Passed,
            Some("fail") => Verdict::Failed,
            Some("skip") => Verdict::Skipped,
            Some("output") => {
                let line = event["Output"].as_str().unwrap_or_default();
                said.entry((package.to_owned(), test.to_owned()))
                    .or_default()
                    .push_str(line);
                continue;
            }
            _ => continue,
        };
        let mut parent = test;
        while let Some((before, _)) = parent.rsplit_once('/') {
            parents.insert((package.to_owned(), before.to_owned()));
            parent = before;
        }
        ends.push((package.to_owned(), test.to_owned(), verdict));
    }
    Ok(ends
        .into_iter()
        .filter(|(package, test, _)| !parents.contains(&(package.clone(), test.clone())))
        .map(|(package, test, verdict)| {
            let mut case = case(&package, &test, verdict);
            if case.verdict == Verdict::Failed {
                case.why = said.remove(&(package, test)).unwrap_or_default();
            }
            case
        })
        .collect())
}

/// `TestCall_ValuesTravel` stands in `Call`; a test without a topic stands in its package.
fn case(package: &str, test: &str, verdict: Verdict) -> Case {
    let (place, name) = match test.split_once('_') {
        Some((topic, fact)) if topic.starts_with("Test") => {
            (topic.trim_start_matches("Test"), fact)
        }
        _ => (package.rsplit('/').next().unwrap_or(package), test),
    };
    Case {
        place: vec![place.to_owned()],
        name: name.to_owned(),
        verdict,
        why: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = r#"
{"Action":"start","Package":"commy.dev/commy/tests"}
{"Action":"run","Package":"commy.dev/commy/tests","Test":"TestCall_Answers"}
{"Action":"pass","Package":"commy.dev/commy/tests","Test":"TestCall_Answers/twice","Elapsed":0.1}
{"Action":"output","Package":"commy.dev/commy/tests","Test":"TestCall_Answers/thrice","Output":"call.go:3: it rains\n"}
{"Action":"fail","Package":"commy.dev/commy/tests","Test":"TestCall_Answers/thrice","Elapsed":0.1}
{"Action":"fail","Package":"commy.dev/commy/tests","Test":"TestCall_Answers","Elapsed":0.2}
{"Action":"skip","Package":"commy.dev/commy","Test":"TestSources","Elapsed":0}
{"Action":"fail","Package":"commy.dev/commy/tests","Elapsed":0.2}
"#;

    #[test]
    fn events_become_cases() -> Result<()> {
        let cases = read(OUTPUT)?;
        let titles: Vec<String> = cases.iter().map(Case::title).collect();
        assert_eq!(
            titles,
            [
                "Call Answers/twice",
                "Call Answers/thrice",
                "commy TestSources"
            ]
        );
        let verdicts: Vec<&Verdict> = cases.iter().map(|case| &case.verdict).collect();
        assert_eq!(
            verdicts,
            [&Verdict::Passed, &Verdict::Failed, &Verdict::Skipped]
        );
        assert_eq!(cases[0].topic(&["call"]), "call");
        assert_eq!(cases[1].why, "call.go:3: it rains\n");
        Ok(())
    }

    #[test]
    fn a_torn_line_is_noticed() {
        assert!(read("{\"Action\":").is_err());
    }
}
