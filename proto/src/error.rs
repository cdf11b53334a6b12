//! Errors as callers see them: one [`Problem`], written into a [`Status`] by whoever finds it and read back by
//! the edges. The texts stand beside the reasons in `error.proto`.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::LazyLock;
use std::time::Duration;

use prost_protovalidate::ValidationError;
use prost_reflect::{DynamicMessage, EnumValueDescriptor};
use serde_json::Value as Json;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::common::v1::{ErrorReason, ReasonText};
use crate::contract::pool;

/// The domain in `google.rpc.ErrorInfo`.
pub const DOMAIN: &str = "kefu";

/// The most fields that an error names: a body may hold a hundred thousand mistakes.
pub const MOST_VIOLATIONS: usize = 32;
/// The most characters of a field's path that are told; whoever sent a longer one knows the rest.
const MOST_PATH: usize = 128;

/// The language of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Simplified Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Chooses by an `Accept-Language` header: the first language that is ours; Chinese without one.
    pub fn from_header(header: Option<&str>) -> Self {
        header
            .into_iter()
            .flat_map(|value| value.split(','))
            .map(|part| part.trim().to_ascii_lowercase())
            .find_map(|tag| match tag.get(..2) {
                Some("zh") => Some(Self::Zh),
                Some("en") => Some(Self::En),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// The tag, as `zh-CN`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }
}

tokio::task_local! {
    static LANG: Lang;
}

/// Runs a future whose errors are written in `lang`.
pub async fn in_language<F: Future>(lang: Lang, future: F) -> F::Output {
    LANG.scope(lang, future).await
}

/// The language of the call under way; Chinese outside a call.
pub fn language() -> Lang {
    LANG.try_with(|lang| *lang).unwrap_or_default()
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The path as in JSON, as `workingHours[0].weekday`.
    pub field: String,
    /// The rule that is broken: an id of protovalidate, as `string.min_len`, or one of ours.
    pub rule: String,
    /// The bound or the expectation the rule speaks of.
    pub bound: String,
}

impl Violation {
    /// A broken rule; `field` is the path in the proto file.
    pub fn new(field: &str, rule: &str, bound: impl Into<String>) -> Self {
        Self::at(&json_path(field), rule, bound)
    }

    /// A broken rule; `field` is the path as the caller wrote it.
    pub fn at(field: &str, rule: &str, bound: impl Into<String>) -> Self {
        Self { field: field.chars().take(MOST_PATH).collect(), rule: rule.to_owned(), bound: bound.into() }
    }

    /// The sentence to show.
    pub fn text(&self, lang: Lang) -> String {
        violation_text(&self.rule, &self.bound, lang)
    }
}

/// An error on its way to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The reason.
    pub reason: ErrorReason,
    /// Parameters of the reason's text.
    pub params: Vec<(&'static str, String)>,
    /// The fields that are wrong.
    pub violations: Vec<Violation>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// An error without parameters.
    pub fn new(reason: ErrorReason) -> Self {
        Self { reason, params: Vec::new(), violations: Vec::new(), retry_after: None }
    }

    /// Sets a parameter of the text.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.params.push((name, format!("{value}")));
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Names wrong fields.
    #[must_use]
    pub fn violations(mut self, violations: Vec<Violation>) -> Self {
        self.violations = violations;
        self
    }

    /// The sentence to show.
    pub fn text(&self, lang: Lang) -> String {
        let text = reason_text(self.reason);
        let template = if lang == Lang::Zh { &text.zh } else { &text.en };
        let mut sentence = template.clone();
        for (name, value) in &self.params {
            sentence = sentence.replace(&format!("{{{name}}}"), noun(value, lang));
        }
        sentence
    }

    /// Writes the error into a status, in the language of the call under way.
    pub fn into_status(self) -> Status {
        let lang = language();
        let mut details = ErrorDetails::with_error_info(
            self.reason.as_str_name(),
            DOMAIN,
            self.params.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect::<HashMap<_, _>>(),
        );
        for violation in &self.violations {
            details.add_bad_request_violation(&violation.field, violation.text(lang));
        }
        if self.retry_after.is_some() {
            details.set_retry_info(self.retry_after);
        }
        let code = Code::from_i32(reason_text(self.reason).code);
        Status::with_error_details(code, self.text(lang), details)
    }
}

impl From<Problem> for Status {
    fn from(problem: Problem) -> Self {
        problem.into_status()
    }
}

/// The request has fields that break rules; the first of them are named.
pub fn invalid(violations: &[Violation]) -> Status {
    let violations = violations.get(..MOST_VIOLATIONS).unwrap_or(violations);
    Problem::new(ErrorReason::InvalidArgument).violations(violations.to_vec()).into_status()
}

/// The reason that a status carries; by its code where it carries none.
pub fn reason_of(status: &Status) -> ErrorReason {
    status.get_details_error_info().and_then(|info| ErrorReason::from_str_name(&info.reason)).unwrap_or(
        match status.code() {
            Code::InvalidArgument => ErrorReason::InvalidArgument,
            Code::Unauthenticated => ErrorReason::Unauthenticated,
            Code::PermissionDenied => ErrorReason::PermissionDenied,
            Code::NotFound => ErrorReason::NotFound,
            Code::Unimplemented => ErrorReason::RouteNotFound,
            Code::ResourceExhausted => ErrorReason::TooManyRequests,
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => ErrorReason::Unavailable,
            Code::OutOfRange => ErrorReason::TooLarge,
            _ => ErrorReason::Internal,
        },
    )
}

/// Text and code of a reason, from the contract.
pub fn reason_text(reason: ErrorReason) -> &'static ReasonText {
    static TEXTS: LazyLock<HashMap<i32, ReasonText>> = LazyLock::new(|| {
        let values = pool().get_enum_by_name("kefu.common.v1.ErrorReason");
        values.iter().flat_map(|e| e.values().collect::<Vec<_>>()).map(|v| (v.number(), text_of(&v))).collect()
    });
    static NONE: ReasonText = ReasonText { zh: String::new(), en: String::new(), code: Code::Unknown as i32 };
    TEXTS.get(&(reason as i32)).unwrap_or(&NONE)
}

fn text_of(value: &EnumValueDescriptor) -> ReasonText {
    let options: DynamicMessage = value.options();
    pool()
        .get_extension_by_name("kefu.common.v1.reason")
        .and_then(|option| options.get_extension(&option).as_message().cloned())
        .and_then(|message| message.transcode_to().ok())
        .unwrap_or_default()
}

/// Turns protovalidate's findings about a message into ours.
pub fn violations<M: prost::Message + prost::Name>(broken: &ValidationError, message: &M) -> Vec<Violation> {
    let message = crate::json::to_json(message);
    broken
        .violations()
        .iter()
        .take(MOST_VIOLATIONS)
        .map(|v| {
            // The bound stands in the message only, as `value length must be at least 3 characters`.
            let bound = v.message().split(|c: char| !(c.is_ascii_digit() || c == '-' || c == '.'));
            let bound =
                bound.map(|b| b.trim_matches('.')).find(|b| b.bytes().any(|c| c.is_ascii_digit())).unwrap_or_default();
            let bound = if v.rule_id().ends_with(".pattern") { "" } else { bound };
            let field = json_path(&v.field_path());
            match missing(v.rule_id(), &field, at_path(&message, &field)) {
                Some(rule) => Violation::at(&field, rule, ""),
                None => Violation::at(&field, v.rule_id(), bound),
            }
        })
        .collect()
}

/// The rule to speak of where a value breaks one only because there is none: what is to be typed is required, what is
/// to be picked has to be chosen.
fn missing(rule: &str, field: &str, value: Option<&Json>) -> Option<&'static str> {
    let name = field.rsplit('.').next().unwrap_or_default();
    match (rule.split_once('.')?, value?) {
        (("string", _), Json::String(text)) if text.is_empty() => Some("required"),
        (("int64", "gt"), Json::String(number)) if number == "0" && name == "id" => Some("required"),
        (("int64", "gt"), Json::String(number)) if number == "0" && name.ends_with("Id") => Some("choice"),
        (("enum", "not_in"), Json::String(value)) if value.ends_with("UNSPECIFIED") => Some("choice"),
        (("repeated", "min_items"), Json::Array(items)) if items.is_empty() => Some("choice"),
        _ => None,
    }
}

/// The value at a path as `workingHours[0].weekday`.
fn at_path<'a>(message: &'a Json, path: &str) -> Option<&'a Json> {
    message.pointer(&format!("/{}", path.replace(['.', '['], "/").replace(']', "")))
}

/// `working_hours[0].start_minute` as `workingHours[0].startMinute`.
pub fn json_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut upper = false;
    for c in path.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

/// What is counted or compared is told by the last part of the rule's id, what it is about by the first.
fn violation_text(rule: &str, bound: &str, lang: Lang) -> String {
    let (kind, check) = rule.split_once('.').unwrap_or(("", rule));
    let (zh, en) = match (kind, check) {
        (_, "required") => ("必填", "is required"),
        (_, "choice") => ("请选择", "choose one"),
        ("string", "min_len") => ("至少 {} 个字符", "needs at least {} characters"),
        ("string", "max_len") => ("最多 {} 个字符", "takes at most {} characters"),
        ("string", "pattern") => ("格式不正确", "has the wrong format"),
        ("string", "email") => ("邮箱格式不正确", "is no e-mail address"),
        (_, "min_items") => ("至少 {} 项", "needs at least {} items"),
        (_, "max_items") => ("最多 {} 项", "takes at most {} items"),
        (_, "unique") => ("不能重复", "has an item twice"),
        (_, "in" | "not_in" | "defined_only") => ("不是允许的值", "is not one of the allowed values"),
        (_, "gt") => ("必须大于 {}", "must be greater than {}"),
        (_, "lt") => ("必须小于 {}", "must be less than {}"),
        (_, "gte") => ("不能小于 {}", "must be at least {}"),
        (_, "lte") => ("不能大于 {}", "must be at most {}"),
        (_, "unknown_field") => ("未知字段", "is not a known field"),
        (_, "wrong_type") => ("类型错误，应为 {}", "has the wrong type; expected {}"),
        (_, "taken") => ("已被使用", "is already taken"),
        (_, "not_found") => ("不存在", "does not exist"),
        (_, "username") => ("不能与登录名相同", "must differ from the login name"),
        (_, "nul") => ("不能含有空字符", "must not contain a NUL character"),
        (_, "same") => ("不能与原值相同", "must differ from the present value"),
        (_, "duplicate") => ("只能设置其中一个", "excludes another field that is set"),
        (_, "json") => ("不是有效的 JSON：{}", "is not valid JSON: {}"),
        (_, "protobuf") => ("不是有效的 protobuf：{}", "is not valid protobuf: {}"),
        (_, "multipart") => ("不是有效的 multipart：{}", "is not valid multipart: {}"),
        (_, "single") => ("只能出现一次", "is given more than once"),
        (_, "before_file") => ("必须放在文件之前", "must come before the file"),
        _ if check.starts_with("gt") || check.starts_with("lt") => ("超出允许范围", "is out of range"),
        _ => ("无效", "is not valid"),
    };
    (if lang == Lang::Zh { zh } else { en }).replace("{}", bound)
}

/// Nouns that stand in texts; anything else stands for itself.
fn noun(word: &str, lang: Lang) -> &str {
    if lang == Lang::En {
        return word;
    }
    match word {
        "user" => "用户",
        "agent" => "客服",
        "role" => "角色",
        "team" => "团队",
        "customer" => "客户",
        "session" => "会话",
        "message" => "消息",
        "file" => "文件",
        "link" => "链接",
        "transfer" => "转接",
        "quick reply" => "快捷回复",
        "dictionary" => "数据字典",
        "tenant" => "租户",
        "archive record" => "归档记录",
        "open sessions" => "有未结束的会话",
        "data scope" => "数据范围",
        other => other,
    }
}
