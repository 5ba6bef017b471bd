"""What the firms of a demo site report, all made up (模拟): words, classes, and how far each has come."""

from __future__ import annotations

from dataclasses import dataclass

EI, MR, DR, HR = "economy_information", "market_regulation", "development_reform", "human_resources"


@dataclass(frozen=True)
class Told:
    """One request: when it came (month-day hour:minute of 2024), by what channel, about what, and its life so far.

    `life`: new, excluded, appealed, overruled, referred, pooled, assigned, taken, returned, ruled, worked, drafted,
    passed, signed, closed, rated, withdrawn, shelved, escalated, answered; it goes on to there by the usual steps.
    `detail` is what that life needs: a reason, a channel, a reply, stars. `same_as`: merged into an earlier one's.
    """

    at: str
    channel: str
    topic: str
    words: str
    life: str = "new"
    unit: str = EI
    difficulty: str = "general"
    detail: str = ""
    result: str = "solved"
    stars: int = 0
    place: str = "330109"
    legal: bool = False
    occasion: str = ""
    key: str = ""
    same_as: str = ""
    complained: str = ""
    promised: tuple[tuple[str, str], ...] = ()
    """What the answer promises, and by which day."""


OWNED = (
    ("policy_payment", EI), ("tax", DR), ("loan", EI), ("arrears", EI), ("innovation", EI), ("enforcement", MR), ("registration", MR),
    ("recruitment", HR), ("talent_settling", HR), ("energy", DR), ("data_and_network", EI), ("contract_dispute", MR),
)  # fmt: skip
"""Whom the demo's county made answer for what; land, environment, transport and foreign trade have no owner yet."""

TOLD = (
    Told("05-06 09:10", "portal", "policy_payment", "我公司2023年技改项目已经完工，按区里数字化改造补贴办法申报了86万元补助，公示结束两个多月还没有拨付，请帮助核实进度。", "rated", detail="经核查，贵公司2023年技改项目数字化改造补助86万元已完成公示，因开户行信息变更未及时更新而未拨付。我局已协调财政部门更正账户信息，补助资金已于5月10日拨付到账。如有疑问请联系经信局企业服务科，电话0571-82600001。", stars=5, legal=True),
    Told("05-07 14:20", "hotline", "loan", "企业有一笔500万元流动资金贷款6月到期，银行要求先还后贷，临时周转成本很高，希望协调无还本续贷。", "rated", detail="我局收到后会同金融机构核实，贵企业500万元流动资金贷款符合无还本续贷条件。已协调贷款银行为企业办理续贷手续，不需要先还后贷，新期限一年，利率不上浮。联系人：经信局融资服务专员，电话0571-82600002。", stars=4),
    Told("05-08 10:05", "visit", "arrears", "我们给一家总承包单位供应钢材，工程已竣工验收，尾款132万元拖了七个月，多次上门讨要都说没有钱。", "rated", "economy_information", "complex", "经核查，该项目已竣工验收，钢材尾款132万元确有合同和对账单支持。我局约谈总承包单位，双方已签订分期付款协议，首笔60万元已支付，余款分两期付清。后续由经信局清欠专班跟进，电话0571-82600003。", "partly_solved", 3, promised=(("督促总承包单位付清第二期欠款36万元", "2024-06-21"), ("督促付清余款36万元", "2024-07-31"))),
    Told("05-09 11:30", "phone", "innovation", "公司申请高新技术企业复审，不清楚研发费用归集口径，辅导机构说法不一，担心通不过。", "rated", detail="我局已安排科技服务专员上门，就高新技术企业复审的研发费用归集口径逐项核对，提供了填报清单和案例，并对贵公司三个研发项目的费用归集提出修改建议。如有疑问可联系经信局创新科，电话0571-82600004。", result="explained", stars=5),
    Told("06-11 10:10", "portal", "policy_payment", "申报专精特新中小企业奖励时，系统显示材料审核中已经一个多月，窗口和热线都说不归自己管，不知道该找谁。", "bad", detail="经核查，贵公司专精特新奖励申报材料缺少审计报告附注，系统未及时提示。我局已在系统中退回并说明，请补充后重新提交，后续由经信局专人跟进。联系电话0571-82600005。", result="explained", stars=1, legal=True),
    Told("05-13 09:25", "talk", "data_and_network", "园区里企业要在三个平台重复填报同样的用电和产值数据，每个月要花两天，能不能只填一次。", "rated", difficulty="complex", occasion="亲清会客厅恳谈（5月）", detail="我局梳理了企业每月填报的用电和产值数据，三个平台中有两个由本级管理，已协调合并为一个入口，自6月起只填一次；另一个由上级管理，已提出建议。联系人：经信局数字经济科，电话0571-82600006。", result="partly_solved", stars=4, promised=(("三个平台中本级管理的两个合并为一个填报入口", "2024-06-14"),)),
    Told("05-14 16:10", "hotline", "loan", "小微企业想办信用贷款，银行要求提供房产抵押，企业没有房产，希望推荐纯信用产品。", "rated", detail="我局已为贵企业对接两家银行的纯信用贷款产品，不需要房产抵押，额度分别为200万元和150万元，其中一家银行已完成授信审批。可联系经信局融资服务专员，电话0571-82600002。", stars=5),
    Told("05-27 09:15", "portal", "innovation", "我公司一项发明专利被同行仿冒，产品在网上低价销售，想请求快速维权。", "reworking", unit=EI, difficulty="complex", detail="经核查，贵公司发明专利权属清楚，涉及的仿冒产品在两个网店销售。我局已协调知识产权部门受理并出具侵权判定咨询意见，平台已下架涉及链接。联系人：经信局创新科，电话0571-82600004。", stars=2, legal=True),
    Told("05-16 13:50", "visit", "policy_payment", "稳岗返还政策说是免申即享，我们厂条件都符合却没有收到，问了几个部门没有明确答复。", "closed", detail="经核查，贵厂符合稳岗返还条件，但参保单位名称与银行账户名称不一致，系统未能自动拨付。已协调更正账户信息，返还资金将于本月内到账。可联系经信局企业服务科，电话0571-82600001。", result="solved", promised=(("稳岗返还资金到账", "2024-06-28"),)),
    Told("05-14 09:00", "superior", "arrears", "市级转来：多家装修小企业反映同一商业综合体拖欠工程款合计约270万元，请核查处理。", "shelved", difficulty="hard", detail="该综合体业主已进入重整程序，需随重整方案统筹解决"),
    Told("06-11 08:55", "hotline", "energy", "建设三路一带工厂夜间频繁停电，一周已经四次，生产线被迫停机，损失不小，请尽快检修线路。", "worked", unit=EI, key="power", difficulty="complex"),
    Told("06-12 10:30", "phone", "energy", "建设三路附近夜间频繁停电，我们厂生产线多次停机，请供电部门检修线路。", "pooled", same_as="power"),
    Told("06-12 11:15", "portal", "energy", "工厂在建设三路，上周夜里停电四次，机器停机报废了一批产品，希望尽快检修线路并提前通知停电。", "pooled", same_as="power", legal=True),
    Told("05-21 14:35", "visit", "other", "想咨询个人名下房产过户需要什么材料。", "excluded", detail="not_enterprise"),
    Told("06-12 09:40", "portal", "contract_dispute", "合作方不履行合作协议，我方要求政府出面强制对方履行。", "appealed", detail="illegal_demand", legal=True),
    Told("06-11 09:25", "hotline", "other", "反映经营困难，希望政府给予支持，没有留下其他内容。", "overruled", detail="no_facts"),
    Told("05-23 10:20", "hotline", "contract_dispute", "买方收货后不付款，我公司已经起诉，法院通知6月下旬开庭，希望政府督促对方先付款。", "referred", detail="litigation"),
    Told("05-23 16:25", "portal", "enforcement", "对5月份的行政处罚决定不服，认为适用依据有误，想申请行政复议应当怎么办。", "referred", detail="reconsideration"),
    Told("05-24 09:35", "phone", "other", "反映某单位采购人员向供应商索贿，要求查处。", "referred", detail="discipline"),
    Told("05-27 11:00", "hotline", "other", "公司买到一批假冒配件，想退货并举报卖家。", "referred", detail="consumer"),
    Told("06-14 09:15", "portal", "loan", "两家银行对同一笔设备贷款的贴息口径说法不同，企业不知道能不能享受。", "signed", detail="我局核对了贴息政策，贵企业设备贷款合同签订于2024年3月，属于贴息范围，按实际支付利息的30%贴息，两家银行口径已统一。请携带合同和付息凭证申报，联系经信局融资服务专员，电话0571-82600002。", legal=True),
    Told("06-14 08:50", "hotline", "policy_payment", "首台套奖励公示后一直没有下文，请问什么时候拨付，金额是否有变化。", "signed", detail="经核查，贵公司首台套奖励公示无异议，奖励金额不变，因预算下达时间调整，已列入6月拨付计划。我局将跟进拨付情况并告知，联系人：经信局装备科，电话0571-82600007。"),
    Told("06-14 10:10", "talk", "innovation", "企业研发中心申报省级企业研究院，场地面积认定口径不清楚。", "passed", occasion="助企专员走访", detail="我局已就省级企业研究院场地面积认定口径作出说明：研发、中试和检测场地均可计入，共用会议场地不计入，并协助贵企业核对了平面图。联系人：经信局创新科，电话0571-82600004。", result="explained"),
    Told("06-13 15:30", "portal", "arrears", "电商代运营公司拖欠仓储服务费18万元半年多，联系不上负责人。", "drafted", detail="经核查，该代运营公司仍在正常经营，登记住所可以联系。我局已协调双方核对仓储服务费18万元的账目，对方书面承诺在7月底前付清。如有疑问请联系经信局清欠专班，电话0571-82600003。", result="partly_solved"),
    Told("06-14 09:20", "hotline", "data_and_network", "企业码扫码后一直提示系统繁忙，无法领取入园凭证，影响货车进出。", "drafted", detail="我局排查了企业码扫码提示系统繁忙的情况，原因是入园凭证接口升级，已于5月31日修复，贵企业可以正常领取凭证，货车进出不受影响。联系人：经信局数字经济科，电话0571-82600006。"),
    Told("06-13 09:05", "portal", "loan", "供应链上游要求现款，下游账期六个月，资金压力大，希望对接应收账款融资。", "contacted", difficulty="complex", legal=True),
    Told("06-14 10:40", "hotline", "arrears", "给学校食堂供货的货款拖欠五个月，共计23万元，对方说等上级拨款。", "contacted"),
    Told("06-04 14:00", "visit", "policy_payment", "外地迁入企业落户时承诺的三年房租补贴，第二年没有兑现。", "escalated", difficulty="hard", detail="补贴承诺涉及市级统筹资金，本级无法单独解决，请市级协调明确资金来源。"),
    Told("06-03 09:15", "superior", "land", "企业扩建需要的15亩工业用地指标三年没有落实，影响新生产线投产。", "answered", difficulty="hard", detail="建设用地指标需市级统筹，请市级协调。"),
    Told("06-18 15:20", "portal", "registration", "跨区迁移登记，迁出地要求先结清税务事项，迁入地要求先有新执照，两头跑了四趟。", "returned", unit=MR, detail="迁移登记的障碍在税务清算环节，不属于本局职责，建议由发改局牵头协调。", legal=True),
    Told("06-14 08:45", "hotline", "enforcement", "同一个月内被三个部门分别检查，每次都要停工配合，希望合并检查。", "taken", unit=MR, difficulty="complex"),
    Told("06-13 13:30", "phone", "registration", "个体户转企业，名称自主申报总被提示近似，请帮助核名。", "ruled", unit=MR, detail="名称申报由省级系统核验，请改由登记窗口所在单位办理。"),
    Told("06-06 09:50", "hotline", "arrears", "某平台公司拖欠广告制作费9万元，催了三个月没有结果。", "overdue"),
    Told("06-14 11:25", "portal", "innovation", "商标注册申请被驳回，复审代理费用高，想了解有没有补贴和指导。", "contacted"),
    Told("06-19 10:00", "hotline", "tax", "增值税留抵退税申请提交一个月没有结果，资金占用较多。", "assigned", unit=DR),
    Told("06-19 10:15", "visit", "recruitment", "暑期订单增加，一线工人缺口60多人，希望组织专场招聘。", "assigned", unit=HR),
    Told("06-11 09:30", "hotline", "talent_settling", "引进的三名硕士子女入学，公司集体户口不被学校认可。", "assigned", unit=HR),
    Told("06-17 14:45", "portal", "loan", "科创贷申请两个月没有回复，银行和担保机构互相推。", "taken", legal=True),
    Told("06-19 08:40", "hotline", "transport", "物流园门口道路坑洼，货车多次爆胎，请修复路面。", "pooled", key="road"),
    Told("06-19 09:55", "phone", "transport", "物流园大门口那条路坑洼不平，货车爆胎好几次，雨天更危险，请尽快修复路面。", "pooled", same_as="road"),
    Told("06-19 10:20", "hotline", "environment", "环评批复后生产线微调，不知道要不要重新报批，咨询没有明确答复。", "pooled", difficulty="complex"),
    Told("06-19 10:00", "portal", "foreign_trade", "出口货物在口岸查验滞留五天，集装箱滞港费每天上千元，希望协调加快。", "pooled", difficulty="complex"),
    Told("06-19 14:25", "talk", "energy", "分布式光伏并网验收排队两个月，影响自发自用。", "assigned", unit=DR, occasion="六月亲清恳谈"),
    Told("06-19 09:10", "hotline", "policy_payment", "创新券兑付材料退回两次，每次说的理由不一样。", "assigned"),
    Told("06-19 10:50", "portal", "enforcement", "检查人员态度生硬，现场要求当天整改完毕，否则停业，没有出具书面通知。", "pooled", complained="330109.market_regulation"),
    Told("06-17 09:00", "hotline", "arrears", "供货给连锁超市，账期从60天拖到180天，请帮助协调付款。", "pooled"),
    Told("06-19 11:20", "portal", "recruitment", "员工工伤认定材料被要求反复补充，已经两个月。", "assigned", unit=HR),
    Told("06-19 15:35", "visit", "registration", "变更法定代表人时，系统一直卡在人脸识别环节。", "assigned", unit=MR),
    Told("06-19 08:55", "hotline", "loan", "担保公司要求追加个人房产抵押，与原合同不符。", "pooled"),
    Told("06-19 10:35", "portal", "land", "厂房拆迁补偿协议已签，过渡期安置场地没有着落，订单要断。", "pooled", difficulty="hard", legal=True),
    Told("06-18 14:05", "phone", "data_and_network", "开票系统升级后无法上传清单，客服电话打不通。", "withdrawn", legal=True),
    Told("06-18 15:50", "hotline", "transport", "企业门口临时停车位被取消，装卸货只能占用非机动车道，屡次被贴单。"),
    Told("06-20 08:05", "portal", "energy", "工业用气价格联动后成本上涨较多，想了解有没有阶段性优惠。", legal=True),
    Told("06-20 08:12", "hotline", "policy_payment", "企业上市辅导奖励申报窗口6月底截止，材料清单和去年不一样，请明确。"),
    Told("06-19 11:40", "phone", "arrears", "客户拖欠货款三个月，起诉前想先请政府协调一次。"),
    Told("06-20 08:24", "hotline", "environment", "污水纳管申请三个月没有答复，企业自建处理设施成本高。"),
    Told("06-20 08:31", "portal", "contract_dispute", "房东单方面要求提前收回厂房，合同还有两年，设备搬迁损失很大。"),
    Told("06-20 08:30", "hotline", "recruitment", "高温期间一线岗位流失快，想申请职业技能培训补贴。"),
    Told("06-20 08:50", "visit", "tax", "跨省施工预缴税款重复计算，多缴了12万元，申请退税被告知两地都不受理。"),
    Told("06-12 10:10", "hotline", "loan", "余杭的软件企业申请知识产权质押贷款，评估机构收费过高，请推荐。", place="330110"),
    Told("06-20 08:10", "portal", "registration", "电商企业一址多照登记被要求提供产权证明原件，房东在外地。", place="330110"),
    Told("06-20 08:20", "hotline", "transport", "滨江园区早晚高峰接驳公交太少，员工通勤困难。", place="330108"),
    Told("06-17 10:00", "hotline", "environment", "纺织企业错峰生产通知临时下达，订单交期无法保证。", place="330503"),
    Told("06-20 08:15", "portal", "foreign_trade", "跨境电商退货入境手续复杂，海外仓退货积压。", place="330503"),
    Told("06-20 08:18", "superior", "policy_payment", "省级转来：某集团反映总部经济奖励三年未兑现，请市级直接核查。", place="330100"),
)  # fmt: skip
