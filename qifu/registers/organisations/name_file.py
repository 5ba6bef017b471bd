"""Reads and checks a province's organisations.yaml; every error names file, line, cause and remedy in Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from qifu.registers.divisions.division_book import DivisionBook
from qifu.registers.located_yaml import Block, Reader, read_block
from qifu.registers.organisations.name_keys import name_key

KINDS = frozenset(
    ["party_organ", "government", "government_department", "court", "procuratorate", "peoples_congress", "cppcc", "mass_organisation", "central_agency", "state_owned_enterprise", "institution", "association", "task_force"]
)
LEVELS = frozenset({"province", "city", "county", "functional_area"})
_BODY_FIELDS = frozenset(
    ["code", "kind", "name", "full_name", "aliases", "second_names", "former", "duties", "confidence"]
)
_SECTIONS = frozenset(
    ["title", "division", "as_of", "sources", "organisations", "patterns", "explicit", "scopes", "generic_units", "slips"]
)


@dataclass(frozen=True, slots=True)
class FormerName:
    """A name a body bore over a half-open span; None is an unknown or open end."""

    name: str
    effective_from: date | None
    effective_to: date | None
    note: str
    confidence: str

    @property
    def span(self) -> str:
        """The span in Chinese."""
        return f"{self.effective_from or '起始日不详'} 至 {self.effective_to or '今'}"


@dataclass(frozen=True, slots=True)
class Organisation:
    """One body with all its names; `division` is the code of the division it serves."""

    code: str
    division: str
    level: str
    kind: str
    name: str
    full_name: str
    aliases: tuple[str, ...] = ()
    second_names: tuple[str, ...] = ()
    former: tuple[FormerName, ...] = ()
    duties: str = ""
    confidence: str = ""

    @property
    def full_code(self) -> str:
        """The code that is unique over all divisions: 330000.reform_office."""
        return f"{self.division}.{self.code}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A standard body of cities, counties or functional areas; `{d}` in its names stands for the place."""

    code: str
    kind: str
    levels: tuple[str, ...]
    name: str
    full_name: str
    aliases: tuple[str, ...]
    generic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """Words before a generic unit that say which levels are meant; every wording is kept as written."""

    names: tuple[str, ...]
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GenericUnit:
    """A unit that no document names; `expansion` is a proposal that holds only once a person approved it."""

    names: tuple[str, ...]
    scoped: bool
    expansion: str


@dataclass(frozen=True, slots=True)
class Slip:
    """A miswritten name with the body it means, why, and where it was seen."""

    text: str
    means: str
    cause: str
    seen: tuple[str, ...]

    @property
    def note(self) -> str:
        """Why it is a slip and where it was seen, for the reader's report."""
        return f"{self.cause}；见于{'、'.join(self.seen)}"


@dataclass(frozen=True, slots=True)
class NameFile:
    """The checked content of organisations.yaml."""

    organisations: tuple[Organisation, ...]
    patterns: tuple[Pattern, ...]
    explicit: tuple[tuple[str, tuple[str, ...]], ...]
    scopes: tuple[Scope, ...]
    generic_units: tuple[GenericUnit, ...]
    slips: tuple[Slip, ...]

    def explicit_bodies(self, divisions: DivisionBook) -> tuple[Organisation, ...]:
        """The local bodies that the file asks for by pattern and division."""
        bodies = []
        for code, places in self.explicit:
            for place in places:
                row = divisions.get(place)
                pattern = next((p for p in self.patterns if p.code == code and row and row.kind in p.levels), None)
                if row is None or pattern is None:
                    continue  # refused when the file was read
                bodies.append(Organisation(
                    code=code, division=place, level=row.kind, kind=pattern.kind,
                    name=pattern.name.replace("{d}", row.name), full_name=pattern.full_name.replace("{d}", row.name),
                    aliases=tuple(alias.replace("{d}", row.name) for alias in pattern.aliases),
                ))
        return tuple(bodies)

    def generic_spellings(self) -> Iterator[tuple[str, str]]:
        """(as written, canonical) of every generic unit, canonical spellings first."""
        plain: list[tuple[str, str]] = [(name, name) for unit in self.generic_units for name in unit.names]
        scoped = [tuple((name, name) for name in unit.names) for unit in self.generic_units if unit.scoped]
        scoped += [tuple((name, pattern.generic[0]) for name in pattern.generic) for pattern in self.patterns]
        pairs = [pair for group in scoped for pair in group]
        yield from plain
        yield from pairs
        for scope in self.scopes:
            for written, canonical in pairs:
                for words in scope.names:
                    yield words + written, words + canonical


def read_names(path: Path, divisions: DivisionBook) -> NameFile:
    """The checked content; raises DataFileError."""
    content = read_block(path)
    reader = Reader(path)
    unknown = sorted(set(content) - _SECTIONS)
    if unknown:
        raise reader.fail(content, unknown[0], f"不认识的部分“{unknown[0]}”", "可用：" + "、".join(sorted(_SECTIONS)))
    division = reader.text(content, "division")
    claims = _Claims(reader)
    organisations = tuple(
        _read_body(reader, block, division, claims) for block in reader.blocks(content, "organisations")
    )
    patterns = tuple(_read_pattern(reader, block) for block in reader.blocks(content, "patterns"))
    codes = frozenset(body.code for body in organisations)
    return NameFile(
        organisations=organisations,
        patterns=patterns,
        explicit=tuple(
            _read_explicit(reader, block, patterns, divisions) for block in reader.blocks(content, "explicit")
        ),
        scopes=tuple(_read_scope(reader, block) for block in reader.blocks(content, "scopes")),
        generic_units=tuple(_read_generic(reader, block) for block in reader.blocks(content, "generic_units")),
        slips=tuple(_read_slip(reader, block, codes, claims) for block in reader.blocks(content, "slips")),
    )


class _Claims:
    """Which body owns a spelling: no two bodies may share one, for then a document could not be read."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._owner: dict[str, tuple[str, int]] = {}
        self._codes: dict[str, int] = {}

    def code(self, code: str, block: Block) -> None:
        if code in self._codes:
            raise self._reader.fail(
                block, "code", f"机构代号“{code}”与第{self._codes[code]}行重复", "换一个代号，或删去重复的机构"
            )
        self._codes[code] = block.line_of("code")

    def name(self, written: str, owner: str, block: Block, key: str) -> None:
        spelled = name_key(written)
        taken, line = self._owner.setdefault(spelled, (owner, block.line_of(key)))
        if taken != owner:
            raise self._reader.fail(
                block, key, f"名称“{written}”已属于第{line}行的另一机构“{taken}”", "一个名称只能归一个机构，删去其一"
            )


def _read_body(reader: Reader, block: Block, division: str, claims: _Claims) -> Organisation:
    _refuse_unknown(reader, block, _BODY_FIELDS)
    former = tuple(_read_former(reader, one) for one in reader.blocks(block, "former"))
    body = Organisation(
        code=reader.text(block, "code"), division=division, level="province",
        kind=reader.choice(block, "kind", KINDS), name=reader.text(block, "name"),
        full_name=reader.text(block, "full_name"), aliases=reader.texts(block, "aliases"),
        second_names=reader.texts(block, "second_names"), former=former,
        duties=reader.text(block, "duties", ""), confidence=reader.text(block, "confidence", ""),
    )
    claims.code(body.code, block)
    for key, written in (("name", (body.name,)), ("full_name", (body.full_name,)), ("aliases", body.aliases),
                         ("second_names", body.second_names), ("former", tuple(one.name for one in former))):
        for name in written:
            claims.name(name, body.code, block, key)
    return body


def _read_former(reader: Reader, block: Block) -> FormerName:
    _refuse_unknown(reader, block, frozenset(["name", "effective", "note", "confidence"]))
    start, end = reader.effective(block)
    return FormerName(
        reader.text(block, "name"), start, end, reader.text(block, "note", ""), reader.text(block, "confidence", "")
    )


def _read_pattern(reader: Reader, block: Block) -> Pattern:
    _refuse_unknown(reader, block, frozenset(["code", "kind", "levels", "name", "full_name", "aliases", "generic"]))
    pattern = Pattern(
        code=reader.text(block, "code"), kind=reader.choice(block, "kind", KINDS),
        levels=_levels(reader, block), name=reader.text(block, "name"), full_name=reader.text(block, "full_name"),
        aliases=reader.texts(block, "aliases"), generic=reader.texts(block, "generic"),
    )
    for key, written in (("name", (pattern.name,)), ("full_name", (pattern.full_name,)), ("aliases", pattern.aliases)):
        for template in written:
            if not name_key(template).startswith("{d}") or len(name_key(template)) < 4:
                raise reader.fail(block, key, f"“{template}”不是以区划开头的名称", "写成 '{d}发改局' 的样子")
    if not pattern.generic:
        raise reader.fail(block, "generic", "没有写泛指时的名称", "写成 generic: [发改局]")
    return pattern


def _levels(reader: Reader, block: Block) -> tuple[str, ...]:
    levels = reader.texts(block, "levels")
    wrong = [level for level in levels if level not in LEVELS]
    if wrong or not levels:
        raise reader.fail(block, "levels", f"层级不对：{'、'.join(wrong) or '空'}", "改为：" + "、".join(sorted(LEVELS)))
    return levels


def _read_explicit(
    reader: Reader, block: Block, patterns: tuple[Pattern, ...], divisions: DivisionBook
) -> tuple[str, tuple[str, ...]]:
    _refuse_unknown(reader, block, frozenset({"pattern", "divisions"}))
    code = reader.text(block, "pattern")
    if block.get("divisions") == "all_cities":
        places = tuple(row.code for row in divisions.of_kind("city"))
    else:
        places = reader.texts(block, "divisions")
    for place in places:
        row = divisions.get(place)
        if row is None:
            raise reader.fail(block, "divisions", f"区划“{place}”不在现行区划中", "改正代码，或先补录 divisions.yaml")
        if not any(pattern.code == code and row.kind in pattern.levels for pattern in patterns):
            raise reader.fail(block, "pattern", f"“{row.name}”这一级没有标准机构“{code}”", "改正 pattern 或 levels")
    return code, places


def _read_scope(reader: Reader, block: Block) -> Scope:
    _refuse_unknown(reader, block, frozenset({"names", "levels"}))
    names = reader.texts(block, "names")
    if not names:
        raise reader.fail(block, "names", "层级用语没有写法", "写成 names: [市、县（市、区）]")
    return Scope(names, _levels(reader, block))


def _read_generic(reader: Reader, block: Block) -> GenericUnit:
    _refuse_unknown(reader, block, frozenset({"names", "scoped", "expansion"}))
    names = reader.texts(block, "names")
    scoped = block.get("scoped", False)
    if not names or not isinstance(scoped, bool):
        raise reader.fail(block, "names", "泛指单位没有名称，或 scoped 不是 true/false", "写 names: [各业务部门]")
    return GenericUnit(names, scoped, reader.text(block, "expansion"))


def _read_slip(reader: Reader, block: Block, codes: frozenset[str], claims: _Claims) -> Slip:
    _refuse_unknown(reader, block, frozenset(["text", "means", "cause", "seen"]))
    text, means = reader.text(block, "text"), reader.text(block, "means")
    if means not in codes:
        raise reader.fail(block, "means", f"误写指向的机构“{means}”不存在", "改为 organisations 中的机构代号")
    claims.name(text, f"误写：{text}", block, "text")
    seen = tuple(
        reader.text(one, "document") + reader.text(one, "place") for one in reader.blocks(block, "seen")
    )
    if not seen:
        raise reader.fail(block, "seen", f"误写“{text}”没有写出处", "写 seen: [{document: 文号, place: 位置}]")
    return Slip(text, means, reader.text(block, "cause"), seen)


def _refuse_unknown(reader: Reader, block: Block, known: frozenset[str]) -> None:
    unknown = sorted(set(block) - known)
    if unknown:
        raise reader.fail(block, unknown[0], f"不认识的字段“{unknown[0]}”", "可用：" + "、".join(sorted(known)))
