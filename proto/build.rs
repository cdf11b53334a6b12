//! Compiles the `.proto` files: messages and services, validation, and the descriptor set.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use prost_reflect::DescriptorPool;
use protox::file::{ChainFileResolver, DescriptorSetFileResolver, GoogleFileResolver, IncludeFileResolver};

/// The folders whose files become Rust; the rules of `buf.validate` become code of another kind.
const COMPILED: [&str; 2] = ["kefu/", "google/"];

fn main() -> Result<()> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    // tonic-prost-build says nothing to cargo about its inputs.
    println!("cargo:rerun-if-changed=build.rs");
    for folder in ["kefu", "google"] {
        println!("cargo:rerun-if-changed={}", root.join(folder).display());
    }
    let files = proto_files(&root.join("kefu"), &root)?;
    let mut resolver = ChainFileResolver::new();
    resolver.add(IncludeFileResolver::new(root));
    // The crate that enforces the rules also brings the file that defines them.
    let rules = prost_protovalidate_types::DESCRIPTOR_POOL.encode_to_vec();
    resolver.add(DescriptorSetFileResolver::decode(rules.as_slice())?);
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(&files)?;
    // prost's own FileDescriptorSet would drop the custom options: keep the bytes.
    let bytes = compiler.encode_file_descriptor_set();
    std::fs::write(out.join("kefu_descriptor.bin"), &bytes)?;
    let pool = DescriptorPool::decode(bytes.as_slice())?;
    demand_access(&pool)?;
    let mut set = compiler.file_descriptor_set();
    set.file.retain(|file| COMPILED.iter().any(|folder| file.name().starts_with(folder)));

    let mut prost = prost_build::Config::new();
    prost.enable_type_names();
    tonic_prost_build::configure()
        .codec_path("crate::codec::CheckedCodec")
        .include_file("kefu.rs")
        .bytes(".kefu.file.v1")
        .compile_fds_with_config(set.clone(), prost)?;
    prost_protovalidate_build::Builder::new().file_descriptor_set_bytes(bytes).fail_on_runtime_only(true).compile()?;
    std::fs::write(out.join("check.rs"), checks(&set, &pool, &out)?)?;
    Ok(())
}

/// All `.proto` files below `folder`, relative to `root`, in a fixed order.
fn proto_files(folder: &Path, root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(proto_files(&path, root)?);
        } else if path.extension().is_some_and(|e| e == "proto") {
            found.push(path.strip_prefix(root)?.to_path_buf());
        }
    }
    found.sort();
    Ok(found)
}

/// Default deny begins here: a method that does not say who may call it does not build.
fn demand_access(pool: &DescriptorPool) -> Result<()> {
    let access = pool.get_extension_by_name("kefu.common.v1.access").context("no access option")?;
    for service in pool.services().filter(|s| s.full_name().starts_with("kefu.")) {
        for method in service.methods() {
            if !method.options().has_extension(&access) {
                bail!("{} has no (kefu.common.v1.access): say who may call it", method.full_name());
            }
        }
    }
    Ok(())
}

/// `impl Checked` for every message that a method takes or gives: a request is validated as it is decoded, and one with
/// rules that would not be does not build.
fn checks(set: &prost_types::FileDescriptorSet, pool: &DescriptorPool, out: &Path) -> Result<String> {
    let rules = pool.get_extension_by_name("buf.validate.field").context("no rules")?;
    let generated = std::fs::read_to_string(out.join("validate_impl.rs"))?;
    // Long headers are broken into lines.
    let generated: String = generated.split_whitespace().flat_map(|word| [word, " "]).collect();
    let mut inputs = BTreeSet::new();
    let mut outputs = BTreeSet::new();
    for method in set.file.iter().flat_map(|f| &f.service).flat_map(|s| &s.method) {
        inputs.insert(method.input_type().to_owned());
        outputs.insert(method.output_type().to_owned());
    }
    let mut text = String::new();
    for name in inputs.union(&outputs) {
        let path = name.trim_start_matches('.').replace('.', "::");
        let validated = inputs.contains(name) && generated.contains(&format!("Validate for {path} {{"));
        let message = pool.get_message_by_name(name.trim_start_matches('.')).context("a type has a descriptor")?;
        if inputs.contains(name) && !validated && message.fields().any(|field| field.options().has_extension(&rules)) {
            bail!("{name} has rules that nothing checks");
        }
        let body = if validated { "::prost_protovalidate::Validate::validate(self)" } else { "Ok(())" };
        writeln!(
            text,
            "impl Checked for crate::generated::{path} {{ fn check(&self) -> Result<(), ::prost_protovalidate::ValidationError> {{ {body} }} }}"
        )?;
    }
    Ok(text)
}
