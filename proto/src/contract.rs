//! What the descriptors say about each method: access rule, routes, request and response.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, MethodDescriptor};

use crate::common::v1::Access;
use crate::generated::google::api::HttpRule;
use crate::generated::google::api::http_rule::Pattern;

/// The descriptor set with our options and all comments, as served by reflection.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/kefu_descriptor.bin"));

/// One REST route of a method (`google.api.http`).
#[derive(Debug, Clone)]
pub struct Route {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub verb: &'static str,
    /// The path, with variables as `{field}`.
    pub path: String,
    /// The body fills the request (`body: "*"`).
    pub has_body: bool,
}

/// One method of the contract.
#[derive(Debug, Clone)]
pub struct Method {
    /// The gRPC path, as `/kefu.user.v1.AuthService/Login`.
    pub path: String,
    /// The descriptor.
    pub descriptor: MethodDescriptor,
    /// Who may call, and what is recorded.
    pub access: Access,
    /// The REST routes; none for internal methods.
    pub routes: Vec<Route>,
    /// The comment above the method.
    pub comment: String,
}

/// The descriptor pool of the contract.
#[expect(clippy::expect_used, reason = "the set was made by our build script; nothing works without it")]
pub fn pool() -> &'static DescriptorPool {
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR_SET).expect("the embedded descriptor set decodes"));
    &POOL
}

/// Every method of Kefu's own services by its gRPC path.
pub fn methods() -> &'static BTreeMap<String, Method> {
    static METHODS: LazyLock<BTreeMap<String, Method>> = LazyLock::new(|| {
        pool()
            .services()
            .filter(|service| service.full_name().starts_with("kefu."))
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .map(method)
            .map(|method| (method.path.clone(), method))
            .collect()
    });
    &METHODS
}

/// Every permission code that opens some method.
pub fn permissions() -> BTreeSet<&'static str> {
    methods().values().flat_map(|m| &m.access.permission).map(String::as_str).collect()
}

/// Whether a field's value must be masked in logs and in the operation log.
pub fn is_sensitive(field: &FieldDescriptor) -> bool {
    static SENSITIVE: LazyLock<Option<ExtensionDescriptor>> =
        LazyLock::new(|| pool().get_extension_by_name("kefu.common.v1.sensitive"));
    SENSITIVE.as_ref().is_some_and(|option| field.options().get_extension(option).as_bool() == Some(true))
}

/// The comment above an element of a file, as one paragraph per blank line.
pub fn comment(file: &prost_reflect::FileDescriptor, path: &[i32]) -> String {
    let proto = file.file_descriptor_proto();
    let Some(info) = &proto.source_code_info else {
        return String::new();
    };
    info.location
        .iter()
        .find(|location| location.path == path)
        .map(|location| {
            location.leading_comments().lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
        })
        .unwrap_or_default()
}

fn method(descriptor: MethodDescriptor) -> Method {
    let options = descriptor.options();
    let access = option(&options, "kefu.common.v1.access")
        .and_then(|message| message.transcode_to::<Access>().ok())
        .unwrap_or_default();
    let rule = option(&options, "google.api.http").and_then(|message| message.transcode_to::<HttpRule>().ok());
    Method {
        path: format!("/{}/{}", descriptor.parent_service().full_name(), descriptor.name()),
        comment: comment(&descriptor.parent_file(), descriptor.path()),
        access,
        routes: rule.as_ref().map(routes).unwrap_or_default(),
        descriptor,
    }
}

fn option(options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let extension = pool().get_extension_by_name(name)?;
    if !options.has_extension(&extension) {
        return None;
    }
    options.get_extension(&extension).as_message().cloned()
}

fn routes(rule: &HttpRule) -> Vec<Route> {
    let own = rule.pattern.as_ref().and_then(|pattern| {
        let (verb, path) = match pattern {
            Pattern::Get(path) => ("GET", path),
            Pattern::Post(path) => ("POST", path),
            Pattern::Put(path) => ("PUT", path),
            Pattern::Patch(path) => ("PATCH", path),
            Pattern::Delete(path) => ("DELETE", path),
            Pattern::Custom(_) => return None,
        };
        Some(Route { verb, path: path.clone(), has_body: !rule.body.is_empty() })
    });
    own.into_iter().chain(rule.additional_bindings.iter().flat_map(routes)).collect()
}
