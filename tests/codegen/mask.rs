//! Takes out of generated text what changes without the interface having changed in that place.

use std::sync::LazyLock;

use regex::Regex;

/// The number that a method's checksum is compared with, in every language's way of writing it.
/// It only repeats what the method's own declaration shows.
static CHECKSUM: LazyLock<Regex> = LazyLock::new(|| {
    let after = [
        r"_checksum_\w+\(\)(?: and 0xFFFF\))? != ",
        r#"_checksum_\w+",\s+expected: "#,
    ];
    Regex::new(&format!(r"((?:{}))\d+", after.join("|"))).unwrap()
});

pub(crate) fn mask(text: &str) -> String {
    let masked = CHECKSUM.replace_all(text, "${1}<checksum>");
    // Trailing blanks say nothing, and editors and review tools remove or mark them.
    masked.lines().fold(String::new(), |mut all, line| {
        all.push_str(line.trim_end());
        all.push('\n');
        all
    })
}

#[test]
fn checksums_are_masked_and_the_contract_version_is_not() {
    let python = "    if lib.uniffi_commy_ffi_checksum_method_mesh_call() != 40253:  \n";
    let masked = "    if lib.uniffi_commy_ffi_checksum_method_mesh_call() != <checksum>:\n";
    assert_eq!(mask(python), masked);
    let kotlin = "if ((lib.uniffi_commy_ffi_checksum_func_version() and 0xFFFF) != 56027) {\n";
    let masked = "if ((lib.uniffi_commy_ffi_checksum_func_version() and 0xFFFF) != <checksum>) {\n";
    assert_eq!(mask(kotlin), masked);
    let node = "symbol: \"uniffi_commy_ffi_checksum_func_version\",\n      expected: 27221,\n";
    let masked =
        "symbol: \"uniffi_commy_ffi_checksum_func_version\",\n      expected: <checksum>,\n";
    assert_eq!(mask(node), masked);
    let contract = "let bindings_contract_version = 30\n";
    assert_eq!(mask(contract), contract);
}
