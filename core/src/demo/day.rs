//! What the people of the demonstration say to one another on a working day.

use kefu_proto::session::v1::agent::Status as AgentStatus;

use crate::demo::people::{DATA, FRONT};

/// Minutes of the day.
pub(super) const MINUTES: i64 = 480;

/// Something that is done in a conversation.
pub(super) enum Act {
    /// The customer writes.
    Asks(&'static str),
    /// The agent writes.
    Answers(&'static str),
    /// The agent writes a private note.
    Notes(&'static str),
    /// The agent hands over to a colleague, who accepts.
    Transfers(&'static str, &'static str),
    /// A supervisor lets the customer go first.
    Urges(&'static str),
    /// The customer leaves a message instead of waiting.
    Leaves(&'static str),
    /// The agent closes, with a summary.
    Closes(&'static str),
    /// The customer rates.
    Rates(i32, &'static [&'static str], &'static str),
}

/// A conversation: who comes when, with what question, and what follows after how many seconds each.
pub(super) struct Talk {
    /// Minutes after the beginning of the day.
    pub(super) minute: i64,
    /// Whose.
    pub(super) person: usize,
    /// Which team's.
    pub(super) team: usize,
    pub(super) problem_type: &'static str,
    pub(super) question: &'static str,
    pub(super) acts: &'static [(i64, Act)],
}

/// From this minute on nobody takes anything more: whoever comes waits.
pub(super) const MEETING: i64 = 462;

/// The agents who are at work, and how they stand from then on: one is in a meeting, the others have their hands full.
pub(super) const EVENING: [(&str, AgentStatus); 5] = [
    ("wangfang", AgentStatus::Online),
    ("liuyang", AgentStatus::Busy),
    ("zhaojing", AgentStatus::Away),
    ("liqiang", AgentStatus::Online),
    ("sunlei", AgentStatus::Busy),
];

/// The day.
pub(super) const TALKS: [Talk; 30] = [
    Talk {
        minute: 6,
        person: 1,
        team: FRONT,
        problem_type: "登录问题",
        question: "早上好，我们院两台电脑都登录不上，提示“证书已过期”。",
        acts: &[
            (50, Act::Answers("高老师早上好，我是客服，先帮您看一下。两台电脑的系统日期正确吗？")),
            (70, Act::Asks("有一台显示的是2019年，另一台是对的。")),
            (55, Act::Answers("日期不对的那台请先校准时间。另一台请在“证书管理”里点“更新证书”，然后重启浏览器。")),
            (240, Act::Asks("都可以登录了，谢谢！")),
            (30, Act::Notes("主板电池可能没电，已建议更换；两台证书均已更新到明年。")),
            (40, Act::Closes("证书过期与系统时间错误导致无法登录，已更新证书并校时")),
            (90, Act::Rates(5, &["响应快", "解答清楚"], "很专业，几分钟就解决了。")),
        ],
    },
    Talk {
        minute: 14,
        person: 0,
        team: FRONT,
        problem_type: "建档",
        question: "新入户的居民建档时提示身份证号已存在，但是搜索不到这个人。",
        acts: &[
            (40, Act::Answers("林科长您好，这种情况多半是居民在其他机构已有档案。能告诉我是哪个街道迁来的吗？")),
            (90, Act::Asks("应该是城西那边，去年搬过来的。")),
            (120, Act::Answers("查到了，档案在城西街道。您在“档案迁入”里按身份证号发起申请，对方确认后就会转过来。")),
            (80, Act::Asks("对方要多久确认？今天要做老年人体检。")),
            (45, Act::Notes("VIP客户，城西街道可电话催办，联系人见通讯录。")),
            (60, Act::Answers("我已电话联系城西，他们现在就确认，您十分钟后刷新。")),
            (640, Act::Asks("看到档案了，多谢！")),
            (30, Act::Closes("跨机构档案迁入，已协调城西街道确认")),
            (200, Act::Rates(5, &["态度好"], "主动帮忙协调，非常感谢。")),
        ],
    },
    Talk {
        minute: 38,
        person: 10,
        team: FRONT,
        problem_type: "慢病随访",
        question: "高血压随访表里“下次随访日期”改不了，是灰色的。",
        acts: &[
            (65, Act::Answers("谢医生您好，下次随访日期是按血压控制情况自动计算的。您是想提前还是推后？")),
            (60, Act::Asks("患者控制不满意，要两周后复诊，系统算成了三个月。")),
            (75, Act::Answers("请把“此次随访分类”改成“控制不满意”，日期就会变成两周后。")),
            (100, Act::Asks("原来如此，改好了。")),
            (20, Act::Closes("随访分类选择有误导致下次随访日期不对")),
            (60, Act::Rates(4, &["解答清楚"], "")),
        ],
    },
    Talk {
        minute: 55,
        person: 6,
        team: DATA,
        problem_type: "报表统计",
        question: "三季度的家庭医生签约率和我们手工统计的差了两个百分点，请核对。",
        acts: &[
            (80, Act::Answers("郑老师您好，请问您手工统计时的分母用的是常住人口还是户籍人口？")),
            (150, Act::Asks("用的是户籍人口。")),
            (90, Act::Answers("系统报表的分母是常住人口，这就是差异的来源。报表右上角可以切换统计口径。")),
            (60, Act::Notes("卫健局要求双口径对比，已提需求：报表支持同时显示两种口径。")),
            (180, Act::Asks("切换以后一致了。以后能不能两种口径一起显示？")),
            (70, Act::Answers("已经为您登记了需求，有进展会通知您。")),
            (60, Act::Closes("签约率口径差异，已说明；登记双口径需求")),
            (300, Act::Rates(5, &["专业"], "")),
        ],
    },
    Talk {
        minute: 80,
        person: 2,
        team: FRONT,
        problem_type: "疫苗接种",
        question: "儿童接种记录打印出来少了两针，系统里是有的。",
        acts: &[
            (45, Act::Answers("何老师您好，请问少的是哪两针？打印的是接种证还是查验证明？")),
            (85, Act::Asks("查验证明，少了流脑A群的两针。")),
            (120, Act::Transfers("liuyang", "打印模板问题，请协助核对查验证明模板")),
            (60, Act::Answers("何老师您好，我是刘洋。您用的是旧模板，旧模板最多显示十二针，我现在为您切换新模板。")),
            (150, Act::Asks("好的，等您。")),
            (160, Act::Answers("已经切换，请重新打印试试。")),
            (110, Act::Asks("两针都有了！")),
            (30, Act::Closes("查验证明旧模板行数不足，已切换新模板")),
            (45, Act::Rates(5, &["响应快", "专业"], "转接后很快就解决了")),
        ],
    },
    Talk {
        minute: 105,
        person: 3,
        team: FRONT,
        problem_type: "打印问题",
        question: "健康档案封面打印出来左边被切掉一截。",
        acts: &[
            (70, Act::Answers("吴院长您好，请把打印预览里的缩放改成“实际大小”，页边距选“无”。")),
            (200, Act::Asks("改了，还是切掉一点点。")),
            (60, Act::Answers("那是打印机的进纸偏了。请在“打印设置-偏移”里把左偏移改成5毫米。")),
            (260, Act::Asks("好了，可以用了。")),
            (25, Act::Closes("打印偏移设置")),
            (500, Act::Rates(4, &[], "")),
        ],
    },
    Talk {
        minute: 130,
        person: 12,
        team: FRONT,
        problem_type: "疫苗接种",
        question: "扫码枪扫疫苗追溯码没反应，今天上午是接种日，排了好多人！",
        acts: &[
            (30, Act::Answers("韩护士您别着急，先把扫码枪拔下来换一个USB口，听到“嘀”声再试。")),
            (70, Act::Asks("换了，有嘀声，但是扫了还是不出来。")),
            (35, Act::Answers("请把输入法切换成英文，再扫一次。")),
            (50, Act::Asks("可以了可以了！原来是输入法的问题。")),
            (40, Act::Notes("接种日现场支持，优先级高。建议写入接种日检查清单。")),
            (20, Act::Closes("扫码枪与中文输入法冲突")),
            (120, Act::Rates(5, &["响应快"], "救命了，谢谢！")),
        ],
    },
    Talk {
        minute: 165,
        person: 7,
        team: DATA,
        problem_type: "数据上报",
        question: "昨晚的国家平台上报失败了37条，提示“机构编码不存在”。",
        acts: &[
            (95, Act::Answers("罗老师您好，我看一下日志。你们院最近是不是换了机构编码？")),
            (120, Act::Asks("上个月升级成中心卫生院，编码是换了。")),
            (140, Act::Notes("平台侧编码对照表未更新，需联系省平台。")),
            (60, Act::Answers("是平台的对照表没有更新。我已提交申请，预计一小时内生效，生效后我来重新上报。")),
            (2900, Act::Answers("对照表已经生效，37条全部重新上报成功，请您核对。")),
            (240, Act::Asks("核对过了，都成功了。")),
            (30, Act::Closes("机构编码变更后平台对照表未更新，已协调更新并补报37条")),
            (180, Act::Rates(5, &["专业", "态度好"], "跟到底的服务")),
        ],
    },
    Talk {
        minute: 190,
        person: 4,
        team: FRONT,
        problem_type: "登录问题",
        question: "有位同事离职了，账号怎么停用？",
        acts: &[
            (55, Act::Answers("徐护士长您好，请用机构管理员账号进入“人员管理”，找到这位同事点“停用”就可以。")),
            (130, Act::Asks("找到了，她名下的随访任务怎么办？")),
            (70, Act::Answers("停用时会提示移交，选择接手的同事即可。")),
            (160, Act::Asks("好的，已经移交。")),
            (20, Act::Closes("离职账号停用与任务移交")),
        ],
    },
    Talk {
        minute: 235,
        person: 11,
        team: FRONT,
        problem_type: "其他",
        question: "药品库存盘点后数量对不上，怎么调整？",
        acts: &[
            (110, Act::Answers("唐老师您好，请在“库存管理-盘点”里新建盘点单，录入实际数量后提交审核。")),
            (180, Act::Asks("审核人是谁？")),
            (60, Act::Answers("默认是院长账号，也可以在“流程设置”里改。")),
            (90, Act::Asks("知道了。")),
            (300, Act::Closes("库存盘点操作指导")),
            (60, Act::Rates(3, &[], "等了一会儿才回复")),
        ],
    },
    Talk {
        minute: 270,
        person: 5,
        team: FRONT,
        problem_type: "建档",
        question: "孕产妇档案和儿童档案能不能自动关联？现在要手工找母亲的档案号。",
        acts: &[
            (60, Act::Answers("马老师您好，可以的。新建儿童档案时填写母亲身份证号，系统会自动关联。")),
            (150, Act::Asks("我们有一批旧档案没有填身份证号。")),
            (80, Act::Answers("旧档案可以用“批量匹配”，按姓名、出生日期和住址匹配，结果需要您逐条确认。")),
            (200, Act::Asks("太好了，我试试。")),
            (900, Act::Asks("匹配了312条，非常方便！")),
            (40, Act::Closes("母婴档案关联与批量匹配")),
            (80, Act::Rates(5, &["解答清楚", "专业"], "功能很好用")),
        ],
    },
    Talk {
        minute: 325,
        person: 13,
        team: FRONT,
        problem_type: "慢病随访",
        question: "糖尿病患者随访记录保存时提示“空腹血糖超出范围”，患者确实是28.6。",
        acts: &[
            (
                50,
                Act::Answers(
                    "冯医生您好，超过27.8系统会要求二次确认，请在提示框里勾选“已复测”再保存。患者情况请优先处理转诊。",
                ),
            ),
            (110, Act::Asks("保存成功了，转诊单也开好了。")),
            (30, Act::Notes("极值复测提示不够明显，已反馈产品。")),
            (30, Act::Closes("血糖极值需勾选复测")),
            (70, Act::Rates(5, &["专业"], "还提醒了转诊，很细心")),
        ],
    },
    Talk {
        minute: 380,
        person: 14,
        team: FRONT,
        problem_type: "建档",
        question: "纸质档案扫描件上传一半就停了，一共两百多页。",
        acts: &[
            (75, Act::Answers("曹老师您好，单个文件不要超过50兆。建议按章节拆分成几个PDF再上传。")),
            (140, Act::Asks("拆分以后可以继续传吗，还是要从头开始？")),
            (60, Act::Answers("可以继续传，已经上传的部分会保留。")),
            (400, Act::Asks("都传完了。")),
            (30, Act::Closes("扫描件过大，拆分后上传")),
            (150, Act::Rates(4, &["解答清楚"], "")),
        ],
    },
    Talk {
        minute: 436,
        person: 0,
        team: FRONT,
        problem_type: "慢病随访",
        question: "下个月的随访计划能不能按网格员批量分配？",
        acts: &[
            (55, Act::Answers("林科长您好，可以。在“随访计划”里勾选居民，点“批量分配”选择网格员。")),
            (120, Act::Asks("能不能按小区自动分？我们有四十多个小区。")),
            (90, Act::Answers("可以导入一张“小区-网格员”对照表，我把模板发您。")),
            (200, Act::Asks("好的，我整理一下对照表，稍等。")),
        ],
    },
    Talk {
        minute: 448,
        person: 6,
        team: DATA,
        problem_type: "数据上报",
        question: "月报今天截止，系统提示还有三家机构没有提交，能帮忙催一下吗？",
        acts: &[
            (60, Act::Answers("郑老师您好，是青山、石桥和白云三家，我现在逐个联系。")),
            (420, Act::Answers("青山和石桥已经提交，白云说半小时内完成。")),
            (60, Act::Asks("好的，麻烦盯一下白云。")),
        ],
    },
    Talk {
        minute: 402,
        person: 8,
        team: FRONT,
        problem_type: "建档",
        question: "孕产妇建册时末次月经填错了，预产期跟着错，怎么改？",
        acts: &[
            (58, Act::Answers("沈老师您好，在孕册首页点“更正”，改末次月经后预产期会自动重算，产检计划也会跟着调整。")),
            (190, Act::Asks("改好了，但是第一次产检的记录不见了。")),
            (80, Act::Answers("没有丢，它被移到“计划外产检”里了。我帮您核对一下，稍等。")),
            (1260, Act::Asks("找到了吗？孕妇还在诊室等着。")),
        ],
    },
    Talk {
        minute: 414,
        person: 17,
        team: FRONT,
        problem_type: "疫苗接种",
        question: "入库的时候批号扫不出来，只能手工输入吗？",
        acts: &[
            (66, Act::Answers("袁科长您好，可以手工输入。请问是哪个厂家的疫苗？我看看追溯码对照表里有没有。")),
            (120, Act::Asks("北京的那家，水痘疫苗。")),
            (75, Act::Notes("水痘疫苗新包装追溯码规则有变，研发在更新对照表，预计今晚发布。")),
            (60, Act::Answers("新包装的追溯码规则有变，今晚更新后就能扫了，今天请先手工输入批号和效期。")),
        ],
    },
    Talk {
        minute: 421,
        person: 18,
        team: DATA,
        problem_type: "报表统计",
        question: "死因监测报表里有两条重复的，删除按钮是灰的。",
        acts: &[
            (92, Act::Answers("潘老师您好，已上报的记录不能直接删除，需要走“订正”。请把两条的卡片编号发我。")),
            (240, Act::Asks("编号是20260118和20260119，姓名和日期都一样。")),
        ],
    },
    Talk {
        minute: 428,
        person: 9,
        team: FRONT,
        problem_type: "慢病随访",
        question: "全区的高血压规范管理率能不能按医生看？下午领导要用。",
        acts: &[
            (35, Act::Answers("蒋科长您好，可以，在“慢病驾驶舱”里把维度切换成“责任医生”。")),
            (150, Act::Asks("切换以后有一百多位医生，能只看后二十名吗？")),
            (50, Act::Answers("点表头“规范管理率”升序排列，再选每页20条就是后二十名，可以直接导出。")),
            (70, Act::Notes("VIP客户，领导下午调研，注意优先响应。")),
            (200, Act::Asks("导出来的表没有医生所属机构，麻烦尽快处理一下！")),
        ],
    },
    Talk {
        minute: 444,
        person: 19,
        team: FRONT,
        problem_type: "打印问题",
        question: "家庭医生签约协议打印出来是空白页。",
        acts: &[
            (48, Act::Answers("董医生您好，请先按 F12 旁边的“打印预览”看看有没有内容，再告诉我用的是什么浏览器。")),
            (170, Act::Asks("预览里有，打出来没有。浏览器是系统自带的那个。")),
        ],
    },
    Talk {
        minute: 451,
        person: 20,
        team: DATA,
        problem_type: "数据上报",
        question: "省平台接口返回“令牌过期”，今天的体检数据传不上去。",
        acts: &[
            (105, Act::Answers("梁老师您好，省平台昨晚换了证书，请在“接口配置”里点“重新获取令牌”。")),
            (210, Act::Asks("点了，提示机构未授权。")),
        ],
    },
    Talk {
        minute: 457,
        person: 16,
        team: FRONT,
        problem_type: "登录问题",
        question: "接种门诊的叫号屏一直停在登录界面，密码是对的。",
        acts: &[(44, Act::Answers("彭护士您好，叫号屏用的是设备账号，不是您的账号。我把设备账号的重置方法发您。"))],
    },
    Talk {
        minute: 465,
        person: 2,
        team: FRONT,
        problem_type: "疫苗接种",
        question: "冷链温度报警了！2号冰箱显示11度，系统里怎么登记？",
        acts: &[(90, Act::Urges("冷链报警，涉及疫苗安全"))],
    },
    Talk {
        minute: 469,
        person: 15,
        team: FRONT,
        problem_type: "登录问题",
        question: "村医端手机上收不到验证码。",
        acts: &[],
    },
    Talk {
        minute: 472,
        person: 7,
        team: DATA,
        problem_type: "报表统计",
        question: "年度考核报表的模板更新了吗？",
        acts: &[(140, Act::Leaves("请在更新年度考核报表模板后通知我，电话13800001008，谢谢。"))],
    },
    Talk {
        minute: 473,
        person: 21,
        team: FRONT,
        problem_type: "慢病随访",
        question: "随访录音上传失败，提示文件太大。",
        acts: &[],
    },
    Talk {
        minute: 475,
        person: 23,
        team: DATA,
        problem_type: "数据上报",
        question: "突发公共卫生事件快报打不开，页面一直转圈，请尽快处理。",
        acts: &[],
    },
    Talk {
        minute: 476,
        person: 22,
        team: FRONT,
        problem_type: "建档",
        question: "老人没有手机号，档案里手机号必填怎么办？",
        acts: &[],
    },
    Talk {
        minute: 477,
        person: 12,
        team: FRONT,
        problem_type: "疫苗接种",
        question: "接种日人太多，能不能临时加号？",
        acts: &[],
    },
    Talk {
        minute: 478,
        person: 4,
        team: FRONT,
        problem_type: "登录问题",
        question: "又登录不上了，还是同一台电脑。",
        acts: &[(50, Act::Asks("其他电脑都正常，麻烦看一下。"))],
    },
];
