//! Writes the scaffolding that puts `commy.udl` over our types.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    uniffi::generate_scaffolding("src/commy.udl")?;
    Ok(())
}
