//! Who is in the demonstration: staff, teams and customers, and the answers they have prepared.

/// A member of the staff.
pub(super) struct Colleague {
    pub(super) username: &'static str,
    pub(super) name: &'static str,
    /// The role's code.
    pub(super) role: &'static str,
    pub(super) skills: &'static [&'static str],
}

/// The staff; the administrator comes first.
pub(super) const STAFF: [Colleague; 9] = [
    Colleague { username: "chenjianguo", name: "陈建国", role: "administrator", skills: &[] },
    Colleague { username: "zhangmin", name: "张敏", role: "supervisor", skills: &[] },
    Colleague { username: "zhouping", name: "周萍", role: "supervisor", skills: &["数据上报"] },
    Colleague { username: "wangfang", name: "王芳", role: "agent", skills: &["建档", "疫苗接种"] },
    Colleague { username: "liuyang", name: "刘洋", role: "agent", skills: &["登录问题", "打印问题"] },
    Colleague { username: "zhaojing", name: "赵静", role: "agent", skills: &["慢病随访", "建档"] },
    Colleague { username: "liqiang", name: "李强", role: "agent", skills: &["报表统计", "数据上报"] },
    Colleague { username: "qianwei", name: "钱薇", role: "agent", skills: &["疫苗接种", "打印问题"] },
    Colleague { username: "sunlei", name: "孙磊", role: "agent", skills: &["数据上报"] },
];

/// A team.
pub(super) struct Team {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) leader: &'static str,
    pub(super) problem_types: &'static [&'static str],
    pub(super) members: &'static [&'static str],
}

/// The team that takes everything.
pub(super) const FRONT: usize = 0;
/// The team for reports and data.
pub(super) const DATA: usize = 1;
/// The teams.
pub(super) const TEAMS: [Team; 2] = [
    Team {
        name: "一线客服",
        description: "受理各类咨询，解答登录、打印、建档、接种与随访问题",
        leader: "zhangmin",
        problem_types: &[],
        members: &["wangfang", "liuyang", "zhaojing", "qianwei"],
    },
    Team {
        name: "报表与上报",
        description: "处理统计报表与数据上报，对接疾控与卫健平台",
        leader: "zhouping",
        problem_types: &["报表统计", "数据上报"],
        members: &["liqiang", "sunlei"],
    },
];

/// A customer.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) phone: &'static str,
    pub(super) institution: &'static str,
    pub(super) position: &'static str,
    pub(super) region: &'static str,
    pub(super) vip: bool,
    /// Not in the archive yet: registers by a link.
    pub(super) by_link: bool,
}

const fn known(
    name: &'static str,
    phone: &'static str,
    institution: &'static str,
    position: &'static str,
    region: &'static str,
    vip: bool,
) -> Person {
    Person { name, phone, institution, position, region, vip, by_link: false }
}

const fn newcomer(
    name: &'static str,
    phone: &'static str,
    institution: &'static str,
    position: &'static str,
) -> Person {
    Person { name, phone, institution, position, region: "", vip: false, by_link: true }
}

/// The customers.
pub(super) const PEOPLE: [Person; 24] = [
    known("林晓梅", "13800001001", "城东街道社区卫生服务中心", "公卫科科长", "江苏省南京市", true),
    known("高志远", "13800001002", "青山镇卫生院", "信息员", "江苏省南京市", false),
    known("何丽华", "13800001003", "滨湖区疾病预防控制中心", "免疫规划科", "江苏省无锡市", true),
    known("吴国栋", "13800001004", "石桥乡卫生院", "院长", "安徽省滁州市", false),
    known("徐静怡", "13800001005", "西苑社区卫生服务站", "护士长", "江苏省苏州市", false),
    known("马春燕", "13800001006", "临江市妇幼保健院", "保健科", "江苏省镇江市", false),
    known("郑海涛", "13800001007", "高新区卫生健康局", "统计专员", "江苏省苏州市", true),
    known("罗文斌", "13800001008", "白云镇中心卫生院", "公卫专干", "安徽省马鞍山市", false),
    known("沈秋萍", "13800001015", "运河社区卫生服务中心", "妇幼专干", "江苏省常州市", false),
    known("蒋为民", "13800001016", "龙泉区疾病预防控制中心", "慢病科科长", "江苏省南京市", true),
    newcomer("谢雨桐", "13800001009", "南河社区卫生服务中心", "全科医生"),
    newcomer("唐建军", "13800001010", "柳树乡卫生院", "药房管理员"),
    newcomer("韩雪", "13800001011", "东湖街道卫生服务站", "接种护士"),
    newcomer("冯德胜", "13800001012", "新河镇卫生院", "公卫医生"),
    newcomer("曹颖", "13800001013", "北城社区卫生服务中心", "档案管理员"),
    newcomer("邓超群", "13800001014", "三里桥村卫生室", "村医"),
    newcomer("彭丽", "13800001017", "大桥镇卫生院", "接种门诊护士"),
    newcomer("袁志刚", "13800001018", "梅山社区卫生服务中心", "公卫科副科长"),
    newcomer("潘小芸", "13800001019", "凤凰乡卫生院", "统计员"),
    newcomer("董海燕", "13800001020", "金湖社区卫生服务站", "全科医生"),
    newcomer("梁伟", "13800001021", "清溪镇中心卫生院", "信息科"),
    newcomer("苏婷婷", "13800001022", "翠园街道社区卫生服务中心", "健康管理师"),
    newcomer("贾玉兰", "13800001023", "双塔村卫生室", "村医"),
    newcomer("白晓东", "13800001024", "经开区疾病预防控制中心", "信息科科长"),
];

/// A prepared answer for everybody.
pub(super) struct Reply {
    pub(super) category: &'static str,
    pub(super) shortcut: &'static str,
    pub(super) title: &'static str,
    pub(super) content: &'static str,
}

/// The prepared answers.
pub(super) const REPLIES: [Reply; 10] = [
    Reply {
        category: "常用",
        shortcut: "nh",
        title: "问候",
        content: "{{customer}}您好，我是客服{{agent}}，很高兴为您服务。",
    },
    Reply {
        category: "常用",
        shortcut: "jt",
        title: "请发截图",
        content: "麻烦您把出错的界面完整截图发给我，最好带上右下角的时间。",
    },
    Reply {
        category: "常用",
        shortcut: "js",
        title: "结束语",
        content: "问题已经处理好了。如果没有其他问题，我先结束本次会话，请您稍后评价。",
    },
    Reply {
        category: "登录",
        shortcut: "mm",
        title: "重置密码",
        content: "请在登录页点击“忘记密码”，用绑定的手机号收取验证码后设置新密码。",
    },
    Reply {
        category: "打印",
        shortcut: "dy",
        title: "打印控件",
        content: "请先关闭浏览器，到“帮助-下载”安装最新打印控件，再重新打开系统。",
    },
    Reply {
        category: "上报",
        shortcut: "sb",
        title: "上报失败",
        content: "请先在“数据质控”里查看未通过的记录，改正后点击“重新上报”。",
    },
    Reply {
        category: "常用",
        shortcut: "sd",
        title: "请稍等",
        content: "{{customer}}您好，我正在核对，请您稍等几分钟，有结果马上回复您。",
    },
    Reply {
        category: "建档",
        shortcut: "qy",
        title: "档案迁移",
        content: "居民在其他机构已有档案时，请在“档案迁入”里按身份证号发起申请，对方确认后会自动转入。",
    },
    Reply {
        category: "接种",
        shortcut: "smq",
        title: "扫码枪无反应",
        content: "请先把输入法切换成英文，再换一个USB口，听到“嘀”声后重新扫码。",
    },
    Reply {
        category: "随访",
        shortcut: "sf",
        title: "随访日期",
        content: "下次随访日期按本次随访分类自动计算：控制满意三个月，控制不满意两周。",
    },
];
