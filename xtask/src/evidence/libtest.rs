//! The lines that Rust's test harness prints: `test call::answers ... ok`.

use anyhow::{Result, bail};

use super::{Case, Verdict};

/// Reads the cases of every test binary in `stdout`, and checks them against the binaries' sums,
/// so that a line torn by a test's own output is noticed.
pub(crate) fn read(stdout: &str) -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = stdout.lines().filter_map(case).collect();
    for (verdict, word) in [
        (Verdict::Passed, "passed"),
        (Verdict::Failed, "failed"),
        (Verdict::Skipped, "ignored"),
    ] {
        let said: usize = stdout.lines().filter_map(|line| sum(line, word)).sum();
        let seen = cases.iter().filter(|case| case.verdict == verdict).count();
        if said != seen {
            bail!("the harness counts {said} tests {word}, but {seen} such lines can be read");
        }
    }
    for case in &mut cases {
        if case.verdict == Verdict::Failed {
            case.why = said_by(stdout, case);
        }
    }
    Ok(cases)
}

/// What a failed test printed: the harness shows it below a line that names the test, up to a blank
/// line and the next such line or the list of all that failed.
fn said_by(stdout: &str, case: &Case) -> String {
    let path: Vec<&str> = case.place.iter().map(String::as_str).collect();
    let path = [path.as_slice(), &[&case.name]].concat().join("::");
    let head = format!("---- {path} stdout ----");
    let said: Vec<&str> = stdout
        .lines()
        .skip_while(|line| *line != head)
        .skip(1)
        .take_while(|line| !line.starts_with("---- ") && *line != "failures:")
        .filter(|line| !line.trim().is_empty())
        .collect();
    said.join("\n")
}

fn case(line: &str) -> Option<Case> {
    let (path, verdict) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let verdict = match verdict.split(',').next()? {
        "ok" => Verdict::Passed,
        "FAILED" => Verdict::Failed,
        "ignored" => Verdict::Skipped,
        _ => return None,
    };
    let mut place: Vec<String> = path.split("::").map(str::to_owned).collect();
    let name = place.pop()?;
    Some(Case {
        place,
        name,
        verdict,
        why: String::new(),
    })
}

/// The number before `word` in `test result: ok. 3 passed; 0 failed; ...`.
fn sum(line: &str, word: &str) -> Option<usize> {
    let (_, sums) = line.strip_prefix("test result: ")?.split_once(". ")?;
    sums.split("; ")
        .find_map(|part| part.strip_suffix(word))?
        .trim()
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 3 tests
test call::answers ... ok
test call::waits ... ignored, slow
test runtime/src/lib.rs - Mesh::start (line 12) ... FAILED

failures:

---- runtime/src/lib.rs - Mesh::start (line 12) stdout ----
thread 'main' panicked at src/lib.rs:3:
it rains

failures:
    runtime/src/lib.rs - Mesh::start (line 12)

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.0s
";

    #[test]
    fn lines_become_cases() -> Result<()> {
        let cases = read(OUTPUT)?;
        let verdicts: Vec<&Verdict> = cases.iter().map(|case| &case.verdict).collect();
        assert_eq!(
            verdicts,
            [&Verdict::Passed, &Verdict::Skipped, &Verdict::Failed]
        );
        assert_eq!(cases[0].place, ["call"]);
        assert_eq!(cases[0].name, "answers");
        assert_eq!(
            cases[2].why,
            "thread 'main' panicked at src/lib.rs:3:\nit rains"
        );
        Ok(())
    }

    #[test]
    fn a_torn_line_is_noticed() {
        let torn = OUTPUT.replace("answers ... ok", "answers ... noise ok");
        assert!(read(&torn).is_err());
    }
}
