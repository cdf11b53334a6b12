//! One method of the client for each REST operation.

use std::collections::BTreeMap;

use kefu_proto::common::v1::access::Audience;
use kefu_proto::contract::Method;

use super::doc::doc;
use super::{HEADER, types};
use crate::operation::{filled, operation_id, path, request, variables};
use crate::rules::Rules;

const EMPTY: &str = "kefu.common.v1.Empty";

const HEAD: &str = "\
import type { CallOptions, UploadOptions } from '../options.js'
import type * as t from './types.js'

/** Every REST operation of Kefu as a method. How a call travels is the business of the class that extends it. */
export abstract class Operations {
  /** Makes a call; `open` ones need no login. */
  protected abstract call<T>(
    verb: string,
    path: string,
    request: object,
    options?: CallOptions,
    open?: boolean,
  ): Promise<T>
  /** Sends a file as a form. */
  protected abstract upload<T>(path: string, request: { file: Blob }, options?: UploadOptions): Promise<T>
  /** Fetches content. */
  protected abstract download(path: string, request: object, options?: CallOptions): Promise<Blob>
";

/// `client.ts`.
pub(super) fn file(methods: &[&Method]) -> String {
    let names = types::names();
    let mut texts = String::new();
    for method in methods {
        for index in 0..method.routes.len() {
            texts.push('\n');
            texts.push_str(&operation(&names, method, index));
        }
    }
    format!("{HEADER}{HEAD}{texts}}}\n")
}

fn operation(names: &BTreeMap<String, String>, method: &Method, index: usize) -> String {
    let route = &method.routes[index];
    let input = format!("t.{}", name(names, request(method).full_name()));
    let path = path(&route.path);
    let id = operation_id(method, index);
    let head = doc(&method.comment, "  ");
    if method.descriptor.is_client_streaming() {
        let output = output(names, method);
        return format!(
            "{head}  {id}(request: Partial<{input}> & {{ file: Blob }}, options?: UploadOptions): Promise<{output}> {{\n    \
             return this.upload('{path}', request, options)\n  }}\n"
        );
    }
    if method.descriptor.is_server_streaming() {
        return format!(
            "{head}  {id}(request: {input}, options?: CallOptions): Promise<Blob> {{\n    \
             return this.download('{path}', request, options)\n  }}\n"
        );
    }
    let request = if route.verb == "PATCH" { patch(&input, method, index) } else { input + default(method) };
    let open = method.access.audience().any(|audience| audience == Audience::Public);
    let open = if open { ", true" } else { "" };
    format!(
        "{head}  {id}(request: {request}, options?: CallOptions): Promise<{}> {{\n    \
         return this.call('{}', '{path}', request, options{open})\n  }}\n",
        output(names, method),
        route.verb,
    )
}

/// Nothing need be given where no field is required.
fn default(method: &Method) -> &'static str {
    let filled = filled(method);
    let input = request(method);
    let mut fields = input.fields().filter(|field| !filled.contains(field.name()));
    let demanded = fields.any(|field| Rules::of(&field).demand(&field));
    if demanded || method.routes.iter().any(|route| !variables(route).is_empty()) { "" } else { " = {}" }
}

/// Only what is in the path must be given.
fn patch(input: &str, method: &Method, index: usize) -> String {
    let request = request(method);
    let fields = variables(&method.routes[index]);
    let fields = fields.iter().filter_map(|name| request.get_field_by_name(name));
    let fields: Vec<String> = fields.map(|field| format!("'{}'", field.json_name())).collect();
    if fields.is_empty() {
        return format!("Partial<{input}>");
    }
    format!("Partial<{input}> & Pick<{input}, {}>", fields.join(" | "))
}

fn output(names: &BTreeMap<String, String>, method: &Method) -> String {
    let output = method.descriptor.output();
    if output.full_name() == EMPTY {
        return "void".to_owned();
    }
    format!("t.{}", name(names, output.full_name()))
}

fn name<'a>(names: &'a BTreeMap<String, String>, full_name: &'a str) -> &'a str {
    names.get(full_name).map_or(full_name, String::as_str)
}
