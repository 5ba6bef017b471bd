"""Scanning errors in text mended by what Chinese words allow and by what the rest of the document writes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from .cell_types import is_frequency, is_measure_unit
from .characters import bare, fold, plain_digits
from .departments import is_usual, near_usual, usual_form
from .units import UnitNames, looks_like_unit, nearest_known, split_units

# (what a scanner writes, what it means). Guards keep out words that merely meet at these characters.
_NOT_PEOPLE = "(?![力才民员口工群均大社事文数居])"
_CONFUSIONS: tuple[tuple[str, str], ...] = (
    (r"政冶", "政治"),
    (r"法冶", "法治"),
    (r"整冶", "整治"),
    (r"冶理", "治理"),
    (r"千部", "干部"),
    (r"骨千", "骨干"),
    (r"若千", "若干"),
    (r"全融(?![合入通为])", "金融"),
    (r"金面", "全面"),
    (r"金流程", "全流程"),
    (r"金覆盖", "全覆盖"),
    (r"健金", "健全"),
    (r"安金(?!融)", "安全"),
    (r"人土(?![地壤])", "人士"),
    (r"(?<=[博硕院])土(?![地壤])", "士"),
    (r"深人", "深入"),
    (r"(?<!缴)纳人" + _NOT_PEOPLE, "纳入"),
    (r"投人" + _NOT_PEOPLE, "投入"),
    (r"进人" + _NOT_PEOPLE, "进入"),
    (r"融人" + _NOT_PEOPLE, "融入"),
    (r"列人" + _NOT_PEOPLE, "列入"),
    (r"收人" + _NOT_PEOPLE, "收入"),
    (r"录人" + _NOT_PEOPLE, "录入"),
    (r"接人" + _NOT_PEOPLE, "接入"),
    (r"准人" + _NOT_PEOPLE, "准入"),
    (r"入员(?![工额])", "人员"),
    (r"入才", "人才"),
    (r"入民(?![生营政间用])", "人民"),
    (r"个入(?![驻库])", "个人"),
    (r"入工智能", "人工智能"),
    (r"(?<=[年月季期])未(?=[底前，。、；）)]|$)", "末"),
    (r"尚末", "尚未"),
    (r"末来", "未来"),
    (r"未端", "末端"),
    (r"自[已巳]", "自己"),
    (r"(?<!自)[己巳]经", "已经"),
    (r"(?<!自)[己巳](?=[建有完成纳在达])", "已"),
    (r"早[己巳]", "早已"),
    (r"而[己巳]", "而已"),
    (r"为已任", "为己任"),
    (r"曰(?=[期前常起报志均标录])", "日"),
    (r"(?<=[作今假每即逐生])曰", "日"),
    (r"(?<=项)曰", "目"),
    (r"日标(?!准)", "目标"),
    (r"项日(?![常益均前期内])", "项目"),
    (r"(?<!每)日录(?![入制])", "目录"),
    (r"栏日", "栏目"),
    (r"侯选", "候选"),
    (r"气侯", "气候"),
    (r"拨尖", "拔尖"),
    (r"选拨", "选拔"),
    (r"分折", "分析"),
    (r"解折", "解析"),
    (r"拆扣", "折扣"),
    (r"拆算", "折算"),
    (r"椐", "据"),
    (r"(?<=[企产行创商工农就])亚(?!太)", "业"),
    (r"事[顷顶]", "事项"),
    (r"项且", "项目"),
    (r"顶目", "项目"),
    (r"各顶", "各项"),
    (r"市[埸扬]", "市场"),
    (r"环竟", "环境"),
    (r"(?<=[体联关])糸", "系"),
    (r"糸统", "系统"),
    (r"(?<=[办管处治受])埋", "理"),
    (r"审枇", "审批"),
    (r"(?<=[推促改先])迸", "进"),
    (r"(?<=[建])没(?!有)", "设"),
    (r"没立", "设立"),
    (r"没施", "设施"),
    (r"机剂", "机制"),
    (r"(?<=[制力])庋", "度"),
    (r"提开", "提升"),
    (r"(?<=[优深强])亿(?!元)", "化"),
    (r"标准亿", "标准化"),
    (r"白(?=[然主律])", "自"),
    (r"(?<=[基成资])木", "本"),
    (r"木(?=[级])", "本"),
    (r"士地", "土地"),
    (r"领士", "领土"),
    (r"(?<=[重扩])太", "大"),
    (r"太(?=[力数])", "大"),
    (r"信恳", "信息"),
    (r"服芬|服夯", "服务"),
    (r"(?<=[任业])夯(?!实)", "务"),
)
_WORDS = tuple((re.compile(wrong), right) for wrong, right in _CONFUSIONS)
_UNIT_LOOKALIKES = {
    "冢": "家",
    "豕": "家",
    "顷": "项",
    "顶": "项",
    "须": "项",
    "入": "人",
    "八": "人",
    "仵": "件",
    "伴": "件",
    "牛": "件",
    "忆": "亿",
    "亇": "个",
    "介": "个",
    "兀": "元",
    "无": "元",
    "邵": "部",
    "夭": "天",
    "夫": "天",
    "曰": "日",
    "目": "日",
    "方": "万",
    "刀": "万",
    "力": "万",
    "尸": "户",
    "卢": "户",
    "吹": "次",
    "欠": "次",
    "由": "亩",
    "苗": "亩",
    "分兮": "分",
    "兮": "分",
    "例": "例",
    "侧": "例",
    "刿": "列",
    "烈": "列",
    "名": "名",
    "各": "名",
    "佗": "位",
    "粂": "条",
    "务": "条",
    "杀": "条",
    "柬": "架",
    "辅": "辆",
    "辆": "辆",
    "吋": "时",
    "对": "时",
    "口": "日",
    "士": "工",
    "土": "工",
    "作": "作",
    "昨": "作",
    "百": "百",
    "白": "百",
    "点": "点",
    "岁": "岁",
    "歲": "岁",
    "所": "所",
    "听": "所",
    "坐": "座",
    "吨": "吨",
    "扬": "场",
    "埸": "场",
    "玚": "场",
    "起": "起",
    "己": "起",
}
_LETTER_IN_NUMBER = re.compile(
    r"(?<![A-Za-z])(?:\d+[OolI〇|]+\d*|[OolI|]+\d[\dOolI〇|]*|[lI|][OoO〇]+|\d[\d,]*[OolI〇|])(?=[\s%％个家项件人亿万元部名场天日月年户起条列次以余多级类批]|$|[。，；、])"
)
_BROKEN_NUMBER = re.compile(
    r"(?<=[\d.])[ \u3000]+(?=\d[\d\s.]*[%％个家项件人亿万元部名场天日户起条列次多级类批标])(?<!\d\.)|(?<=\d)[ \u3000]+(?=\.\d)|(?<=\d\.)[ \u3000]+(?=\d)"
)
_DATE_LETTER = re.compile(
    r"2[OoQ〇0][O0-9oQlI〇]{2}(?=\s*年)|(?<=年)\s*[lI|]?[OolI|\d]{1,2}(?=\s*月)|(?<=月)\s*[OolI|\d]{1,2}(?=\s*[日曰])"
)
_DATE_DAY = re.compile(r"(?<=月)(\s*\d{1,2}\s*)[曰](?=前|止|起|内|，|。|$|印|至|之)")
_ODD = re.compile(r"[\ufffd□■◆�]|[\u4e00-\u9fff][*#@^~_\\][\u4e00-\u9fff]")


_MARKS = re.compile(
    r"[◆◇●■□★☆▲△▼◎※✓✔√➢➤◊¤§¶†‡�♦❖]|(?:^|(?<=[\u4e00-\u9fff、，。]))[*~^_`|¦]+(?=[\u4e00-\u9fff]|$)|(?<=[\u4e00-\u9fff、，。\d%])[*~^_`|¦]+(?=$|[\u4e00-\u9fff])|^[·•.。，、；,;*\s]+(?=[\u4e00-\u9fff\d“（(])|(?<=[\u4e00-\u9fff\d。；，%）)”])[①-⑳※†*]+$"
)


def without_marks(text: str) -> str:
    """The text without bullets and specks."""
    clean = _MARKS.sub("", text)
    return clean.strip() if clean != text else text


_PLACE_LETTER = {"巿": "市", "币": "市", "肖": "省", "具": "县", "匹": "区"}
_PLACE_LETTERS = re.compile(
    r"(?:(?<=^)|(?<=[、，,；;\s：:]))(?:[巿币](?=[\u4e00-\u9fff]{2})|肖(?=[\u4e00-\u9fff]{2})|具(?=[\u4e00-\u9fff]{2}))|巿"
)


@dataclass(slots=True)
class Mended:
    """A text after mending; `told` says what was changed, `doubts` what stays suspicious."""

    text: str
    told: str = ""
    doubts: list[str] = field(default_factory=list)


class TextMender:
    """Mends cells of one document, with the document's own words as its dictionary."""

    def __init__(self, texts: list[str], names: UnitNames | None = None) -> None:
        self.names = names
        self.common: Counter[str] = Counter()
        self.vocabulary: Counter[str] = Counter()
        for text in texts:
            plain = bare(text)
            self.common.update(plain[i : i + 3] for i in range(len(plain) - 2))

    def learn_units(self, cells: list[str]) -> None:
        """Counts the names in cells of units; frequent ones mend rare damaged ones."""
        for cell in cells:
            self.vocabulary.update(u.raw for u in split_units(cell).units)

    def mend(self, text: str) -> Mended:
        """Text with impossible words and letters inside numbers put right."""
        changes: list[str] = []

        def digits(match: re.Match[str]) -> str:
            plain = plain_digits(match.group())
            if plain != fold(match.group()):
                changes.append(f"“{match.group()}”改为“{plain}”")
                return plain
            return match.group()

        result = _BROKEN_NUMBER.sub("", text)
        if result != text:
            changes.append("数字中间的空格已去掉")
        for wrong, right in _WORDS:
            if match := wrong.search(result):
                changes.append(f"“{match.group()}”改为“{right}”")
                result = wrong.sub(right, result)
        result = _DATE_LETTER.sub(digits, result)
        result = _LETTER_IN_NUMBER.sub(digits, result)
        day = _DATE_DAY.sub(r"\1日", result)
        if day != result:
            changes.append("“曰”改为“日”")
            result = day
        doubts = [m.group() for m in _ODD.finditer(result)]
        return Mended(result, "，".join(dict.fromkeys(changes)), doubts)

    def mend_units(self, text: str) -> tuple[str, str]:
        """A cell of units with damaged names replaced by the frequent ones they come from; and what was done."""
        told: list[str] = []
        result = _PLACE_LETTERS.sub(lambda m: _PLACE_LETTER[m.group()], text)
        result = result.replace("入民政府", "人民政府")
        if result != text:
            told.append("形近字“市、省、县、人”已改正")
        text = result
        for unit in split_units(text).units:
            if self.vocabulary.get(unit.raw, 0) > 1 or (self.names and self.names.resolve(unit.name)):
                continue
            if is_usual(unit.raw) or unit.kind != "specific":
                continue
            found = nearest_known(unit.raw, self.vocabulary)
            if found is None or not found[1]:
                usual = usual_form(unit.raw)
                if usual is None:
                    continue
                found = (usual, True)
            if unit.raw in result:
                result = result.replace(unit.raw, found[0])
            elif unit.raw in bare(result):
                result = bare(result).replace(unit.raw, found[0])
            else:
                continue
            told.append(f"“{unit.raw}”改为“{found[0]}”")
        return result, "，".join(told)

    def mend_measure_unit(self, text: str) -> str:
        """A unit of measure with a scanner's look-alike put right."""
        if is_measure_unit(text):
            return text
        mended = "".join(
            _UNIT_LOOKALIKES.get(c, c)
            for c in text.replace("o/o", "%").replace("0/0", "%").replace("O/O", "%")
        )
        return mended if is_measure_unit(mended) else text

    def mend_frequency(self, text: str) -> str:
        """月度, 季度, 年度 with a damaged character put right."""
        if is_frequency(text):
            return text
        for right in ("月度", "季度", "年度", "半年度"):
            if (
                len(text) == len(right)
                and sum(a != b for a, b in zip(text, right, strict=True)) == 1
                and (text[0] == right[0] or text[:-1] in "日曰目李秀牟午")
            ):
                return right
        return text

    def doubtful_units(self, text: str) -> list[tuple[str, str | None]]:
        """Names that neither the book nor the rest of the document knows and that look damaged."""
        doubts: list[tuple[str, str | None]] = []
        for unit in split_units(text).units:
            known = bool(self.names and self.names.resolve(unit.name)) or self.vocabulary.get(unit.raw, 0) > 1
            if known or unit.inherited or unit.kind != "specific" or is_usual(unit.raw):
                continue
            near = nearest_known(unit.raw, self.vocabulary)
            if near is not None and is_usual(near[0]):
                doubts.append((unit.raw, near[0]))
            elif usual := near_usual(unit.raw):
                doubts.append((unit.raw, usual))
            elif not looks_like_unit(unit.raw) and not unit.inherited:
                doubts.append((unit.raw, None))
        return doubts
