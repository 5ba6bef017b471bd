"""Reads and checks a province's organisations.yaml; every error names file, line, cause and remedy in Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from qifu.foundation.yaml_data import (
    Anything,
    DataError,
    Fields,
    Flag,
    ListOf,
    Loaded,
    OneOf,
    Text,
    read_yaml,
)
from qifu.registers.divisions.division_book import VALIDITY, DivisionBook, validity
from qifu.registers.organisations.name_keys import name_key

_KIND = OneOf(
    "party_organ",
    "government",
    "government_department",
    "court",
    "procuratorate",
    "peoples_congress",
    "cppcc",
    "mass_organisation",
    "central_agency",
    "state_owned_enterprise",
    "institution",
    "association",
    "task_force",
)
_LEVELS = ListOf(OneOf("province", "city", "county", "functional_area"), least=1)
_SOME = ListOf(Text(), least=1)
_FORMER = Fields({"name": Text()}, {"effective": VALIDITY, "note": Text(), "confidence": Text()})
_BODY = Fields(
    {
        "code": Text(r"[a-z_]+", "英文代号（小写字母和下划线）"),
        "kind": _KIND,
        "name": Text(),
        "full_name": Text(),
    },
    {
        "aliases": ListOf(Text()),
        "second_names": ListOf(Text()),
        "former": ListOf(_FORMER),
        "duties": Text(),
        "confidence": Text(),
    },
)
_PATTERN = Fields(
    {
        "code": Text(r"[a-z_]+", "英文代号（小写字母和下划线）"),
        "kind": _KIND,
        "levels": _LEVELS,
        "name": Text(),
        "full_name": Text(),
        "generic": _SOME,
    },
    {"aliases": ListOf(Text())},
)
_SLIP = Fields(
    {
        "text": Text(),
        "means": Text(),
        "cause": Text(),
        "seen": ListOf(Fields({"document": Text(), "place": Text()}), least=1),
    }
)
_SHAPE = Fields(
    {"division": Text(r"[0-9]{6}", "六位行政区划代码"), "organisations": ListOf(_BODY)},
    {
        "title": Text(),
        "as_of": Text(),
        "sources": Anything(),
        "patterns": ListOf(_PATTERN),
        "explicit": ListOf(Fields({"pattern": Text(), "divisions": Anything()})),
        "scopes": ListOf(Fields({"names": _SOME, "levels": _LEVELS})),
        "generic_units": ListOf(Fields({"names": _SOME, "expansion": Text()}, {"scoped": Flag()})),
        "slips": ListOf(_SLIP),
    },
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
                pattern = next(
                    (p for p in self.patterns if p.code == code and row and row.kind in p.levels), None
                )
                if row is None or pattern is None:
                    continue  # refused when the file was read
                bodies.append(
                    Organisation(
                        code=code,
                        division=place,
                        level=row.kind,
                        kind=pattern.kind,
                        name=pattern.name.replace("{d}", row.name),
                        full_name=pattern.full_name.replace("{d}", row.name),
                        aliases=tuple(alias.replace("{d}", row.name) for alias in pattern.aliases),
                    )
                )
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
    """The checked content; raises DataError, or OSError when the file cannot be read."""
    loaded = read_yaml(Path(path).read_bytes(), _SHAPE, where=Path(path).name)
    return _Reading(loaded, divisions).content()


class _Reading:
    """Builds the content and refuses what the shape alone cannot see: shared names, dead references."""

    def __init__(self, loaded: Loaded, divisions: DivisionBook) -> None:
        self.loaded, self.divisions = loaded, divisions
        self._owner: dict[str, tuple[str, int]] = {}
        self._codes: dict[str, int] = {}

    def fail(self, section: str, index: int, key: str, cause: str, remedy: str) -> DataError:
        return self.loaded.error((section, index, key), cause, remedy)

    def rows(self, section: str) -> Iterator[tuple[int, dict[str, Any]]]:
        return enumerate(self.loaded.data.get(section, ()))

    def content(self) -> NameFile:
        bodies = tuple(self._body(index, value) for index, value in self.rows("organisations"))
        patterns = tuple(self._pattern(index, value) for index, value in self.rows("patterns"))
        return NameFile(
            organisations=bodies,
            patterns=patterns,
            explicit=tuple(self._explicit(index, value, patterns) for index, value in self.rows("explicit")),
            scopes=tuple(
                Scope(tuple(value["names"]), tuple(value["levels"])) for _, value in self.rows("scopes")
            ),
            generic_units=tuple(
                GenericUnit(tuple(value["names"]), value.get("scoped", False), value["expansion"])
                for _, value in self.rows("generic_units")
            ),
            slips=tuple(self._slip(index, value) for index, value in self.rows("slips")),
        )

    def _line(self, section: str, index: int, key: str) -> int:
        return self.loaded.lines.get((section, index, key), self.loaded.lines[section, index])

    def _claim(self, written: str, owner: str, section: str, index: int, key: str) -> None:
        """No two bodies may share a spelling, for then a document could not be read."""
        taken, line = self._owner.setdefault(name_key(written), (owner, self._line(section, index, key)))
        if taken != owner:
            raise self.fail(
                section,
                index,
                key,
                f"名称“{written}”已属于第 {line} 行的另一机构“{taken}”",
                "一个名称只能归一个机构，删去其一",
            )

    def _body(self, index: int, value: dict[str, Any]) -> Organisation:
        code = value["code"]
        if code in self._codes:
            raise self.fail(
                "organisations",
                index,
                "code",
                f"机构代号“{code}”与第 {self._codes[code]} 行重复",
                "换一个代号，或删去重复的机构",
            )
        self._codes[code] = self._line("organisations", index, "code")
        former = tuple(self._former(index, at, one) for at, one in enumerate(value.get("former", ())))
        body = Organisation(
            code=code,
            division=self.loaded.data["division"],
            level="province",
            kind=value["kind"],
            name=value["name"],
            full_name=value["full_name"],
            aliases=tuple(value.get("aliases", ())),
            second_names=tuple(value.get("second_names", ())),
            former=former,
            duties=value.get("duties", ""),
            confidence=value.get("confidence", ""),
        )
        for key, written in (
            ("name", (body.name,)),
            ("full_name", (body.full_name,)),
            ("aliases", body.aliases),
            ("second_names", body.second_names),
            ("former", tuple(one.name for one in former)),
        ):
            for name in written:
                self._claim(name, code, "organisations", index, key)
        return body

    def _former(self, index: int, at: int, value: dict[str, Any]) -> FormerName:
        start, end = validity(self.loaded, ("organisations", index, "former", at), value)
        return FormerName(value["name"], start, end, value.get("note", ""), value.get("confidence", ""))

    def _pattern(self, index: int, value: dict[str, Any]) -> Pattern:
        aliases = tuple(value.get("aliases", ()))
        for key, written in (
            ("name", (value["name"],)),
            ("full_name", (value["full_name"],)),
            ("aliases", aliases),
        ):
            for template in written:
                if not name_key(template).startswith("{d}") or len(name_key(template)) < 4:
                    raise self.fail(
                        "patterns", index, key, f"“{template}”不是以区划开头的名称", "写成 '{d}发改局' 的样子"
                    )
        return Pattern(
            code=value["code"],
            kind=value["kind"],
            levels=tuple(value["levels"]),
            name=value["name"],
            full_name=value["full_name"],
            aliases=aliases,
            generic=tuple(value["generic"]),
        )

    def _explicit(
        self, index: int, value: dict[str, Any], patterns: tuple[Pattern, ...]
    ) -> tuple[str, tuple[str, ...]]:
        code, places = value["pattern"], value["divisions"]
        if places == "all_cities":
            places = [row.code for row in self.divisions.of_kind("city")]
        if not isinstance(places, list) or not all(isinstance(place, str) for place in places):
            raise self.fail(
                "explicit",
                index,
                "divisions",
                "“divisions”应为带引号的代码列表或 all_cities",
                "写成 ['330109', '330110']",
            )
        for place in places:
            row = self.divisions.get(place)
            if row is None:
                raise self.fail(
                    "explicit",
                    index,
                    "divisions",
                    f"区划“{place}”不在现行区划中",
                    "改正代码，或先补录 divisions.yaml",
                )
            if not any(pattern.code == code and row.kind in pattern.levels for pattern in patterns):
                raise self.fail(
                    "explicit",
                    index,
                    "pattern",
                    f"“{row.name}”这一级没有标准机构“{code}”",
                    "改正 pattern 或 levels",
                )
        return code, tuple(places)

    def _slip(self, index: int, value: dict[str, Any]) -> Slip:
        text, means = value["text"], value["means"]
        if means not in self._codes:
            raise self.fail(
                "slips", index, "means", f"误写指向的机构“{means}”不存在", "改为 organisations 中的机构代号"
            )
        self._claim(text, f"误写：{text}", "slips", index, "text")
        return Slip(
            text, means, value["cause"], tuple(one["document"] + one["place"] for one in value["seen"])
        )
