//! What people asked in the days before, told more briefly than the day itself: the trends and the customers' histories
//! are made of it.

use crate::demo::people::{DATA, FRONT};

/// Days before the day.
pub(super) const DAYS: i64 = 5;
/// Sessions on each of them.
pub(super) const A_DAY: i64 = 7;

/// A question with its answers, and what became of it.
pub(super) struct Case {
    pub(super) team: usize,
    pub(super) problem_type: &'static str,
    pub(super) question: &'static str,
    /// Seconds until the first answer.
    pub(super) patience: i64,
    pub(super) answer: &'static str,
    pub(super) thanks: &'static str,
    pub(super) summary: &'static str,
    /// Score and words; none if the customer did not rate.
    pub(super) rating: Option<(i32, &'static str)>,
}

/// The cases, which return in turns.
pub(super) const CASES: [Case; 11] = [
    Case {
        team: FRONT,
        problem_type: "建档",
        question: "新生儿还没有身份证号，档案怎么建？",
        patience: 48,
        answer: "您好，可以先选“暂无证件”，用出生医学证明编号建档，上户口后在“证件补录”里补身份证号，档案会自动合并。",
        thanks: "明白了，谢谢。",
        summary: "新生儿无身份证号建档",
        rating: Some((5, "说得很清楚")),
    },
    Case {
        team: FRONT,
        problem_type: "疫苗接种",
        question: "预约名单导出来是乱码，用Excel打开全是问号。",
        patience: 95,
        answer: "您好，导出时请选“Excel格式”而不是“CSV”。已经导出的CSV可以用“数据-自文本”并选择UTF-8打开。",
        thanks: "好了，能看到名字了。",
        summary: "导出格式选择错误导致乱码",
        rating: Some((4, "")),
    },
    Case {
        team: FRONT,
        problem_type: "慢病随访",
        question: "同一个患者有高血压和糖尿病，要做两次随访吗？",
        patience: 62,
        answer: "您好，可以用“联合随访”，一张表同时完成两种病的随访，数据会分别计入两份任务。",
        thanks: "太好了，省了一半时间。",
        summary: "联合随访用法",
        rating: Some((5, "解决了大问题")),
    },
    Case {
        team: DATA,
        problem_type: "报表统计",
        question: "月报里的老年人体检率超过了100%，是不是算错了？",
        patience: 130,
        answer: "您好，分母是年初的常住老年人口，今年新迁入的也计入了分子。请先更新“人口基数”，再重新生成月报。",
        thanks: "更新以后是96%，对了。",
        summary: "人口基数未更新导致体检率超过100%",
        rating: Some((5, "专业")),
    },
    Case {
        team: FRONT,
        problem_type: "登录问题",
        question: "提示“账号在别处登录”，可是只有我一个人用。",
        patience: 40,
        answer: "您好，看到您昨天在手机端登录过。手机端退出以后电脑就正常了，也可以在“安全设置”里允许多端登录。",
        thanks: "是的，手机上没退。",
        summary: "手机端未退出导致互踢",
        rating: None,
    },
    Case {
        team: FRONT,
        problem_type: "打印问题",
        question: "处方打印只有半页，下面的字都没了。",
        patience: 77,
        answer: "您好，请在打印机属性里把纸张改成A5，并在系统“打印模板”里选择“A5横向”。",
        thanks: "改好了。",
        summary: "纸张规格不一致",
        rating: Some((4, "")),
    },
    Case {
        team: DATA,
        problem_type: "数据上报",
        question: "传染病报告卡上报后一直是“待审核”，已经两天了。",
        patience: 156,
        answer: "您好，报告卡停在区疾控的审核队列，我已联系他们处理，预计今天下午完成。有结果我会电话告诉您。",
        thanks: "好的，麻烦了。",
        summary: "报告卡滞留区疾控审核，已协调",
        rating: Some((3, "等的时间有点长")),
    },
    Case {
        team: FRONT,
        problem_type: "建档",
        question: "居民搬走了，档案怎么转出？",
        patience: 55,
        answer: "您好，在档案页点“迁出”，填写迁入机构和原因即可，对方确认后档案会转过去，历史随访也会带走。",
        thanks: "找到了，谢谢。",
        summary: "档案迁出操作",
        rating: Some((5, "")),
    },
    Case {
        team: FRONT,
        problem_type: "疫苗接种",
        question: "儿童接种间隔算得不对，第二针提示“未到接种日期”。",
        patience: 68,
        answer: "您好，系统按最新免疫程序计算，第二针最短间隔是28天，这位儿童还差3天。可以在“接种计划”里看到最早日期。",
        thanks: "知道了，让家长过几天来。",
        summary: "接种间隔规则说明",
        rating: None,
    },
    Case {
        team: DATA,
        problem_type: "报表统计",
        question: "季度报表能不能按村分别导出？",
        patience: 110,
        answer: "您好，可以。在报表右上角“分组”里选“按村”，再点“批量导出”，每个村会单独生成一个文件。",
        thanks: "正是我要的。",
        summary: "按村批量导出季度报表",
        rating: Some((5, "功能很实用")),
    },
    Case {
        team: FRONT,
        problem_type: "其他",
        question: "家庭医生签约的电子协议在哪里打印？",
        patience: 84,
        answer: "您好，在“签约管理”里勾选居民，点“打印协议”。如果按钮是灰色的，说明协议还没有双方签字。",
        thanks: "原来是没签字。",
        summary: "电子协议打印条件",
        rating: Some((4, "")),
    },
];
