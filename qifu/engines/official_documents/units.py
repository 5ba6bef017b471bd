"""Lists of responsible units: split, completed by an inherited prefix, told apart as specific, generic or division."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, Protocol

from .characters import bare, distance, fold, look_alike, simplified
from .departments import is_usual, split_place
from .plan import UnitKind, UnitRef

NameStatus = Literal["name", "alias", "second_name", "former_name", "slip"]


class ResolvedUnit(Protocol):
    """What a name book knows of a written name. `slip`: a mistake of the document, not a name."""

    @property
    def canonical(self) -> str: ...

    @property
    def status(self) -> NameStatus: ...

    @property
    def note(self) -> str | None: ...


class UnitNames(Protocol):
    """A book of units' names; implemented by registers/organisations."""

    def resolve(self, raw: str) -> ResolvedUnit | None:
        """The unit meant by `raw`, or None when the book does not know it."""
        ...


@dataclass(slots=True)
class UnitList:
    """A read list. `doubts` are (code, raw, text, proposal) found while reading it."""

    units: list[UnitRef] = field(default_factory=list)
    open_list: bool = False
    doubts: list[tuple[str, str, str, str | None]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [unit.name for unit in self.units]


_OPEN, _CLOSE = "（(〔[【「", "）)〕]】」"
_BRACKETED = r"\s*[（(〔\[]\s*市\s*[、，,.]?\s*区\s*[)）〕\]]"
# 市、县（市、区） and its kin stand for levels of government, not for units of their own.
_LEVELS = re.compile(
    r"(?:各?省[级直]?[、，,]\s*)?各?(?:设区的?市|设区市|地级市|地市|市)(?:[（(]州[)）]|州)?[级直]?[、，,.]?\s*各?县(?:级)?"
    rf"(?:{_BRACKETED}|[、，]区)"
    rf"|各?县{_BRACKETED}|各区[、，]?县(?:[（(]市[)）])?|各市[、，]区|省[、，]市[、，]县(?:三级)?|市县(?:两级|区)?(?=[\u4e00-\u9fff])|各设区市|各市州|各市(?=[\u4e00-\u9fff])"
)
_SEPARATOR = "、，,；;/／|｜。·"
_EMPTY = re.compile(r"^[\s/／\-—–无–_*.。]*$")
_SUFFIX = (
    "厅|局|委|办|院|会|部|室|署|行|司|集团|中心|政府|机关|部门|单位|协|联|社|团|校|大学|学院|关|站|处|所|馆|台|企业|监委|专班|"
    "队|园|区|市|县|州|盟|旗|镇|乡|街道|公司|基地|组|人大|政协|各地|地方|省份|银保监|税务|公安|高校|机构|党校|仲裁|法庭|组织|平台"
)
_UNIT_END = re.compile(rf"(?:{_SUFFIX})$")
_HEAD = re.compile(
    r"^(?:省|市|县|区|国家|中央|全国|各|中国|中共|人民银行|人行|金融监管|浙江|其他|有关|相关|国务院|自治区|直辖市|全省|全市|"
    r"[\u4e00-\u9fff]{2,3}(?:省|市|海关|证监局))"
)
_OPEN_TAIL = re.compile(
    r"(?<![平高中初同])等(?:\d+个)?(?:省级|市级|省直|市直)?(?:有关|相关)?(?:部门|单位|设区市|市|地|地区|县区|区县|县（市、区）|企业|机构|\d+家单位)?(?:和单位)?$"
)
_LABEL = re.compile(r"^(?:牵头|责任|配合|协同|主办|协办|落实|参与|参加)(?:单位|部门|处室)?[:：]")
_GENERIC = re.compile(
    r"^各|^有关|^相关|^其他|^其它|(?:有关|相关|各级|各有关|各相关|业务|主管|成员|责任|牵头)(?:业务|主管|责任|职能|行政执法|省级|市级)*(?:部门|单位|地区|地方)"
    r"|^(?:省|市|县)[级直](?:各|有关|相关)|^(?:市|县|市县|区县)(?:级)?(?:党委|政府|人民政府)(?!.*(?:办公室|办公厅|[^主]办|局|研究室|督查室|中心)(?:[（(]|$))|^地方|^各地|^县级|^市级|^设区市|^街道|^乡镇|^镇街|^镇（|^乡（|^区县|^村|^社区"
)
_DIVISION = re.compile(
    r"^(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区|市|地区|自治州|州|盟))?[\u4e00-\u9fff]{1,8}(?:市|区|县|旗|州|开发区|新区|管委会)$"
)
_NOT_DIVISION = re.compile(
    r"(?:中心管委会|中心管理委员会|园区|社区|小区|校区|片区|地区|省级|部门|单位|超市|各|有关|所属)"
)
_DISTRICT = re.compile(r"^[\u4e00-\u9fff]{1,3}区$")
_CITY_OF = re.compile(r"^(?P<city>[\u4e00-\u9fff]{2,6}?市)[\u4e00-\u9fff]{1,6}(?:区|县|市)$")
_OWN_HEAD = re.compile(
    r"^(?:省|国家|中央|全国|各(?!业务|部门|职能|主管|有关|相关)|中国|中共|人民银行|人行|金融监管|其他|国务院|自治区|全省|市[级直委]|"
    r"[\u4e00-\u9fff]{2,4}(?:海关|证监局|银保监局))|集团|公司|银行|大学|学院|[省州]|监管局$|分行$|^市(?!场|政|容|域)[\u4e00-\u9fff]{2,}[局委办]|(?:市|县|区)$"
)
_LIST_AND = re.compile(
    r"(?<=[厅局委办院会部行])(?:和|及|以及|与|会同|并)(?=(?:省|市|各|国家|人民银行|县|区)[\u4e00-\u9fff])"
)


def looks_like_unit(piece: str) -> bool:
    """True when a short string ends as names of units and divisions do."""
    name = _without_brackets(simplified(bare(piece))).rstrip("等")
    return 1 < len(name) <= 30 and bool(_UNIT_END.search(name))


def unit_share(text: str) -> float:
    """Share of a cell's pieces that look like units, 0 to 1; 0 for text with a sentence in it."""
    if _EMPTY.match(text):
        return 0.0
    pieces = [p for p, _ in _pieces(_mask(fold(text))[0]) if p.strip()]
    if not pieces or len(text) / len(pieces) > 40:
        return 0.0
    parts = [part for piece in pieces for part in piece.split() if part]
    likely = sum(1 for p in parts if (p[0] >= "\ue000" and p[0] <= "\uf8ff") or looks_like_unit(p))
    return likely / len(parts)


def split_units(text: str, names: UnitNames | None = None) -> UnitList:
    """A cell's units in order. Never raises; a blank or `/` gives an empty list."""
    result = UnitList()
    text = _PRIVATE.sub("", _LABEL.sub("", fold(text).strip().rstrip("。；;"))).strip()
    if _EMPTY.match(text):
        return result
    masked, levels = _mask(_LIST_AND.sub("、", text))
    prefix: str | None = None
    city: str | None = None
    pieces = [
        part
        for piece, separator in _pieces(masked)
        for closed in _by_blank(piece, separator, names, result)
        for single in _at_and(closed, names)
        for part in _run_together(single, names, result)
    ]
    for index, piece in enumerate(pieces):
        raw = _unmask(piece, levels)
        if _OPEN_TAIL.search(raw):
            result.open_list = result.open_list or index == len(pieces) - 1
            raw = _OPEN_TAIL.sub("", raw)
        if raw in ("", "等"):
            result.open_list = True
            continue
        unit, prefix, city = _complete(raw, piece, levels, prefix, city)
        _resolve(unit, names, result)
        result.units.append(unit)
    return result


_PRIVATE = re.compile("[\ue000-\uf8ff]")  # used below as placeholders, so none may come from the text


def _mask(text: str) -> tuple[str, list[str]]:
    levels: list[str] = []

    def hide(match: re.Match[str]) -> str:
        levels.append(bare(match.group()))
        return chr(0xE000 + min(len(levels) - 1, 6000))

    return _LEVELS.sub(hide, _PRIVATE.sub("", text)), levels


def _unmask(piece: str, levels: list[str]) -> str:
    return bare(
        "".join(
            levels[ord(c) - 0xE000] if "\ue000" <= c <= "\uf8ff" and ord(c) - 0xE000 < len(levels) else c
            for c in piece
        )
    )


def _pieces(text: str) -> list[tuple[str, str]]:
    """Pieces between separators outside brackets, each with the separator after it."""
    closes = [i for i, c in enumerate(text) if c in _CLOSE]
    pieces: list[tuple[str, str]] = []
    depth, start = 0, 0
    for i, c in enumerate(text):
        if c in _OPEN and any(j > i for j in closes):
            depth += 1
        elif c in _CLOSE:
            depth = max(0, depth - 1)
        elif c in _SEPARATOR and depth == 0:
            pieces.append((text[start:i].strip(), c))
            start = i + 1
    pieces.append((text[start:].strip(), ""))
    return [(p, s) for p, s in pieces if p]


_LONGEST_PIECE = 1000


def _by_blank(piece: str, separator: str, names: UnitNames | None, result: UnitList) -> list[str]:
    """Splits at a blank between two whole names; a blank inside one name is closed and reported."""
    if len(piece) > _LONGEST_PIECE:  # no list of names; closing its blanks one by one would take for ever
        result.doubts.append(
            ("units_doubtful", piece[:40], f"“{piece[:40]}……”过长，不像单位名称，请核对。", None)
        )
        return [piece]
    parts = _glue_brackets(piece.split())
    if len(parts) == 1:
        return parts
    whole = bare(piece)
    if names and (known := names.resolve(whole)):
        if known.status != "slip":
            result.doubts.append(
                ("unit_cut", whole, f"单位名称“{piece}”中间有空格，按“{whole}”读取。", whole)
            )
            return [whole]
        return [piece]
    units: list[str] = [parts[0]]
    for part in parts[1:]:
        if is_usual(units[-1] + part) and not is_usual(units[-1]):
            result.doubts.append(_cut_name(units[-1], part))
            units[-1] += part
            continue
        left_whole = _UNIT_END.search(_without_brackets(units[-1])) and len(units[-1]) > 2
        right_whole = (
            (_HEAD.match(part) and looks_like_unit(part)) or "\ue000" <= part[0] <= "\uf8ff" or is_usual(part)
        )
        if left_whole and (right_whole or (looks_like_unit(part) and len(part) > 4 and not separator)):
            units.append(part)
            continue
        result.doubts.append(_cut_name(units[-1], part))
        units[-1] += part
    return units


_JOINT = {
    head: re.compile(rf"(?<=[厅局委办院会部联关社行团）)])(?=(?:{head}|各)[\u4e00-\u9fff])")
    for head in "省市区县"
}


def _cut_name(left: str, right: str) -> tuple[str, str, str, str | None]:
    whole = left + right
    return "unit_cut", whole, f"单位名称“{left} {right}”被空格断开，按“{whole}”读取。", whole


_AFTER_BRACKET = re.compile(
    r"(?<=[局办委厅心会]）)(?=[\u4e00-\u9fff]{3,})|(?<=[局办委厅心会]\))(?=[\u4e00-\u9fff]{3,})"
)
_BODY_ENDS = re.compile(
    r"(?<=[厅局委办院会部联行署])|(?<=司)(?!法)|(?<=中心)|(?<=集团)|(?<=关)|(?<=政府)|(?<=社)|(?<=团)"
)
_LEVEL = re.compile(
    r"^(?:省(?!份)|市(?![场政容域民属])|区(?!域)|县|自治[区州]|国家|各(?:设区|市|县|区|地|州|盟|旗|乡|镇|街)|人民银行|[\ue000-\uf8ff])"
)
_MINISTRY = re.compile(r"^[\u4e00-\u9fff]{2,6}(?:(?<![分总内本])部|总署)")
_NATIONAL = re.compile(r"^(?:国家|中国|人民银行|中央|国务院|海关)|总局$|总署$|总行$|部$")


def _run_together(piece: str, names: UnitNames | None, result: UnitList) -> list[str]:
    """`省公安厅省检察院` without anything between is two units, and reported."""
    if (
        len(piece) < 6
        or "\ue000" <= piece[0] <= "\uf8ff"
        or is_usual(piece)
        or (names and names.resolve(piece))
    ):
        return [piece]
    parts = [
        part
        for half in _AFTER_BRACKET.split(piece)
        for part in (_JOINT[half[0]].split(half) if half and half[0] in _JOINT else [half])
    ]
    if len(parts) < 2 or not all(looks_like_unit(p) and len(p) > 2 for p in parts):
        parts = [piece]
    parts = [name for part in parts for name in _bodies(part)]
    if len(parts) < 2:
        return [piece]
    result.doubts.append(
        ("units_doubtful", piece, f"“{piece}”中间缺少分隔，按{len(parts)}个单位读取。", "、".join(parts))
    )
    return parts


def _bodies(piece: str) -> list[str]:
    """Cuts where one body's name ends and another body's begins; a division of a body stays with it."""
    parts: list[str] = []
    begin = 0
    plain = simplified(piece)
    if len(plain) > 60 or any(c in plain for c in _OPEN):
        return [piece]
    for match in _BODY_ENDS.finditer(plain):
        left, right = plain[begin : match.start()], plain[match.start() :]
        if len(left) >= 3 and len(right) >= 3 and _two_bodies(left, right):
            parts.append(piece[begin : match.start()])
            begin = match.start()
    return [*parts, piece[begin:]]


def _two_bodies(left: str, right: str) -> bool:
    tail = _OPEN_TAIL.sub("", right)
    if left.endswith("纪委") and "监委" in right:  # the two work as one body
        return False
    if not looks_like_unit(left) or not (looks_like_unit(tail) or "\ue000" <= right[0] <= "\uf8ff"):
        return False
    if _LEVEL.match(right):
        return True
    if (left[-1] in "部署" or left.startswith("国家")) and _MINISTRY.match(right):
        return True
    place, stem = split_place(tail)
    if len(place) > 1 and not _NATIONAL.search(left):  # 国家税务总局某省税务局 is one body
        return stem.endswith("政府") or is_usual(tail)
    first = _BODY_ENDS.split(right)[0]
    return (
        left[-1] == right[-1]
        and len(first) >= 4
        and (left[-1] == "司" or (is_usual(left) and is_usual(first)))
    )


_AND = re.compile(r"以及|及其|及|和|与")
_LEFT_OF_AND = re.compile(
    r"(?:(?<=..)[局厅办处署院]|委员会|联合会|党委|[省市县区州]委|[^社小校片]区管委会|编办|部门|单位|政府|机关|机构|中心|公司|集团|银行|协会|商会|街道|乡镇|总工会|(?<=.)部|企业)(?:等(?:有关|相关)?(?:部门|单位)?)?(?:[（(][^（()）]{1,30}[)）])?$"
)


def _at_and(piece: str, names: UnitNames | None) -> list[str]:
    """`市司法局及市直有关单位` is two members; 发展和改革委员会 stays one."""
    if not _AND.search(piece) or is_usual(piece) or (names and names.resolve(bare(piece))):
        return [piece]
    parts, begin, depth, at = [], 0, 0, 0
    while at < len(piece):
        depth += (piece[at] in _OPEN) - (piece[at] in _CLOSE)
        match = _AND.match(piece, at) if depth == 0 else None
        left, right = piece[begin:at], piece[match.end() :] if match else ""
        if (
            match
            and len(right) >= 3
            and _LEFT_OF_AND.search(left)
            and ("\ue000" <= right[0] <= "\uf8ff" or looks_like_unit(_OPEN_TAIL.sub("", right)))
        ):
            parts.append(left)
            begin = at = match.end()
            continue
        at += 1
    return [*parts, piece[begin:]]


def _glue_brackets(parts: list[str]) -> list[str]:
    """`省数据局 （省政务服务办）` is one name with its second name."""
    glued: list[str] = []
    for part in parts:
        unclosed = glued and sum(glued[-1].count(c) for c in _OPEN) > sum(glued[-1].count(c) for c in _CLOSE)
        if glued and (part[0] in _OPEN or part[0] in _CLOSE or unclosed):
            glued[-1] += part
        else:
            glued.append(part)
    return glued


def _complete(
    raw: str, piece: str, levels: list[str], prefix: str | None, city: str | None
) -> tuple[UnitRef, str | None, str | None]:
    if "\ue000" <= piece[0] <= "\uf8ff":
        own = levels[min(ord(piece[0]) - 0xE000, len(levels) - 1)]
        return UnitRef(raw, raw, "generic"), own, None
    if prefix and not _OWN_HEAD.search(raw) and looks_like_unit(raw):
        return UnitRef(raw, prefix + raw, "generic", True), prefix, None
    if city and _DISTRICT.match(raw):
        return UnitRef(raw, city + raw, "division", True), None, city
    kind = kind_of(raw)
    owner = _CITY_OF.match(raw) if kind == "division" else None
    return UnitRef(raw, raw, kind), None, owner["city"] if owner else None


def kind_of(name: str) -> UnitKind:
    """`generic` for levels and 各…部门, `division` for places, else `specific`."""
    plain = simplified(bare(name))
    if _LEVELS.match(plain) or _GENERIC.search(plain):
        return "generic"
    if _DIVISION.match(plain) and not _NOT_DIVISION.search(plain) and not re.match(r"^(?:省|国家)", plain):
        return "division"
    return "specific"


def _resolve(unit: UnitRef, names: UnitNames | None, result: UnitList) -> None:
    """The canonical name where the book knows one; slips are reported."""
    unit.name = tidy_name(unit.name)
    known = names.resolve(unit.name) if names else None
    if known is None and names and (short := _without_brackets(unit.name)) != unit.name:
        known = names.resolve(short)
    if known is None:
        return
    if known.status == "slip":
        text = (
            f"“{unit.raw}”应是笔误"
            + (f"（{known.note}）" if known.note else "")
            + f"，按“{known.canonical}”读取。"
        )
        result.doubts.append(("name_slip", unit.raw, text, known.canonical))
    elif known.status == "former_name":
        result.doubts.append(
            ("name_former", unit.raw, f"“{unit.raw}”是旧称，现名“{known.canonical}”。", known.canonical)
        )
    unit.name = known.canonical


def tidy_name(name: str) -> str:
    """One way of writing brackets in names: （）."""
    return bare(name).translate({ord(c): "（" for c in "([〔【"} | {ord(c): "）" for c in ")]〕】"})


def _without_brackets(name: str) -> str:
    return re.sub(r"[（(〔\[【][^）)〕\]】]*[）)〕\]】]?", "", name).strip()


def nearest_known(name: str, vocabulary: dict[str, int], least: int = 2) -> tuple[str, bool] | None:
    """A frequent name of the same document that `name` is probably a damaged form of, and whether it is certain.

    Certain: equal length and only scanners' look-alikes differ, or the damaged form does not end as a unit does.
    """
    best: tuple[str, bool] | None = None
    for other, count in vocabulary.items():
        if other == name or count < least or abs(len(other) - len(name)) > 1 or len(name) < 3:
            continue
        if look_alike(name, other):
            return other, True
        if distance(name, other, 1) == 1:
            broken = not looks_like_unit(name) or bool(
                re.search(r"[^\u4e00-\u9fff（）、A-Za-z0-9]|[0-9A-Za-z]", name)
            )
            if len(name) != len(other) or broken:
                best = (other, broken)
    return best
