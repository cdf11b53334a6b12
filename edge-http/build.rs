//! Sees to it that the pages are embedded anew when they have been built anew, and that the crate builds without them.

fn main() -> std::io::Result<()> {
    let pages = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("web/dist");
    std::fs::create_dir_all(&pages)?;
    println!("cargo:rerun-if-changed={}", pages.display());
    Ok(())
}
