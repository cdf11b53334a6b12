//! The words of notifications.

use kefu_proto::error::Lang;
use kefu_proto::notification::v1::notification::Type;

/// What is known of what has happened.
#[derive(Debug, Default)]
pub(super) struct News {
    /// The customer's name.
    pub(super) customer: String,
    /// The customer's institution.
    pub(super) institution: String,
    /// The consultation type.
    pub(super) problem_type: String,
    /// The newest message.
    pub(super) last_message: String,
    /// The other one: who asks for a transfer, or was asked; who has handed a record in, or reviewed it.
    pub(super) agent: String,
    /// Why.
    pub(super) reason: String,
}

impl News {
    /// The line to show.
    pub(super) fn title(&self, kind: Type, lang: Lang) -> String {
        let (zh, en) = match kind {
            Type::SessionAssigned => ("新会话：{customer}", "New session: {customer}"),
            Type::TransferRequested => {
                ("{agent} 请您接手 {customer} 的会话", "{agent} asks you to take over the session of {customer}")
            }
            Type::TransferAccepted => {
                ("{agent} 已接手 {customer} 的会话", "{agent} has taken over the session of {customer}")
            }
            Type::TransferDeclined => {
                ("{agent} 未接手 {customer} 的会话", "{agent} has not taken over the session of {customer}")
            }
            Type::SessionRemoved => ("{customer} 的会话已不由您接待", "The session of {customer} is no longer yours"),
            Type::ReplyOverdue => ("{customer} 等待回复已久", "{customer} has been waiting for an answer"),
            Type::MessageLeft => ("{customer} 留言", "{customer} has left a message"),
            Type::ArchiveSubmitted => {
                ("{agent} 提交了 {customer} 的档案，请审核", "{agent} asks you to review the record of {customer}")
            }
            Type::ArchiveApproved => {
                ("{agent} 通过了 {customer} 的归档", "{agent} has approved the record of {customer}")
            }
            Type::ArchiveRejected => {
                ("{agent} 退回了 {customer} 的归档", "{agent} has sent back the record of {customer}")
            }
            Type::Unspecified => ("", ""),
        };
        let template = if lang == Lang::Zh { zh } else { en };
        template.replace("{customer}", &self.customer).replace("{agent}", &self.agent)
    }

    /// More: why, or what the session is about.
    pub(super) fn body(&self, kind: Type) -> String {
        use Type::{ArchiveApproved, ArchiveRejected, ArchiveSubmitted, TransferRequested};
        let has_reason = matches!(kind, TransferRequested | ArchiveSubmitted | ArchiveApproved | ArchiveRejected);
        if has_reason && !self.reason.is_empty() {
            return self.reason.clone();
        }
        // Where the customer has spoken last, the words say most.
        let words = matches!(kind, Type::ReplyOverdue | Type::MessageLeft).then_some(&self.last_message);
        let parts = [Some(&self.institution), Some(&self.problem_type), words].into_iter().flatten();
        let parts: Vec<&str> = parts.map(String::as_str).filter(|part| !part.is_empty()).collect();
        parts.join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use kefu_proto::error::Lang;
    use kefu_proto::notification::v1::notification::Type;

    use super::News;

    #[test]
    fn every_kind_says_who_in_both_languages() {
        let news = News { customer: "李华".into(), agent: "王芳".into(), ..News::default() };
        let kinds = (1..=10).map(|kind| Type::try_from(kind).unwrap());
        for (kind, lang) in kinds.flat_map(|kind| [(kind, Lang::Zh), (kind, Lang::En)]) {
            let title = news.title(kind, lang);
            assert!(title.contains("李华") && !title.contains('{'), "{title}");
        }
        assert_eq!(news.title(Type::TransferRequested, Lang::Zh), "王芳 请您接手 李华 的会话");
    }

    #[test]
    fn the_body_is_the_reason_or_what_it_is_about() {
        let news = News {
            institution: "城东社区卫生服务中心".into(),
            last_message: "打不开".into(),
            reason: "需要数据库支持".into(),
            ..News::default()
        };
        assert_eq!(news.body(Type::TransferRequested), "需要数据库支持");
        assert_eq!(news.body(Type::ArchiveRejected), "需要数据库支持");
        assert_eq!(news.body(Type::SessionAssigned), "城东社区卫生服务中心");
        assert_eq!(news.body(Type::MessageLeft), "城东社区卫生服务中心 · 打不开");
    }
}
