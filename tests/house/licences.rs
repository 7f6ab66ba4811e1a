//! Every dependency's licence is one that `deny.toml` allows, also where cargo-deny is not
//! installed.

use std::collections::BTreeSet;

use cargo_metadata::MetadataCommand;
use spdx::{Expression, LicenseReq, Licensee, ParseMode};

#[test]
fn every_dependency_has_a_licence_that_we_allow_and_we_allow_no_more() {
    let settings = fs_err::read_to_string(super::root().join("deny.toml")).unwrap();
    let settings: toml::Table = toml::from_str(&settings).unwrap();
    let allowed: Vec<Licensee> = settings["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|licence| Licensee::parse(licence.as_str().unwrap()).unwrap())
        .collect();

    let metadata = MetadataCommand::new()
        .manifest_path(super::root().join("Cargo.toml"))
        .exec()
        .unwrap();
    let mut refused = Vec::new();
    let mut used: BTreeSet<&Licensee> = BTreeSet::new();
    for package in &metadata.packages {
        let text = package.license.as_deref().unwrap_or("none");
        let expression = Expression::parse_mode(text, ParseMode::LAX);
        let permitted = |it: &LicenseReq| allowed.iter().any(|licence| licence.satisfies(it));
        match expression {
            Ok(expression) if expression.evaluate(permitted) => {
                let wanted: Vec<_> = expression.requirements().collect();
                used.extend(
                    allowed
                        .iter()
                        .filter(|licence| wanted.iter().any(|it| licence.satisfies(&it.req))),
                );
            }
            _ => refused.push(format!("{} {}: {text}", package.name, package.version)),
        }
    }
    assert!(
        refused.is_empty(),
        "licences not in deny.toml:\n{}",
        refused.join("\n")
    );
    let unused: Vec<_> = allowed.iter().filter(|it| !used.contains(it)).collect();
    assert!(
        unused.is_empty(),
        "deny.toml allows what nothing needs: {unused:?}"
    );
}
