"""Where an enterprise is: from its address, a region column, the registering authority or its code; with certainty; pure.

An address is taken over the code (an enterprise that moves keeps its code), a full name over a short one; names that
are no more lead to what carries them on. Every answer says how sure it is and why, and tells where sources disagree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from qifu.registers.divisions.division_book import Division, DivisionBook

CERTAIN, LIKELY, GUESSED, UNKNOWN = "certain", "likely", "guessed", "unknown"
_LEVELS = {"province": 1, "city": 2, "functional_area": 3, "county": 4}
_LOOK_AHEAD = 30
REMEMBERED = 5000
_A_ROAD = re.compile(
    r"[东西南北中一二三四五]?(?:路|街(?!道)|大道|大街|大厦|巷|弄|桥|广场|公路|花园|小区|新村|湾)"
)
_CUT = re.compile(r"[\s()\[\]【】,;:。、]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A division as names in addresses mean it; `heirs` are the codes in force that carry it on, itself when it stands."""

    code: str
    name: str
    level: int
    parent: str
    heirs: tuple[str, ...]
    verified: bool = True
    """False where what carries the place on was not checked against its notice (待核): nothing certain follows."""


@dataclass(frozen=True)
class Location:
    """The code found, how sure, why (Chinese; empty where sources plainly agree), and what disagrees."""

    code: str = ""
    certainty: str = UNKNOWN
    reason: str = ""
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class _Named:
    """What a text names: at most one place of each kind; `short` when the county is named without its suffix."""

    province: str = ""
    city: str = ""
    county: Place | None = None
    short: bool = False


_NOTHING = _Named()


@dataclass(frozen=True, slots=True)
class _Heir:
    """The code in force that a named place means today."""

    code: str
    how: str = ""
    certainty: str = CERTAIN


class Gazetteer:
    """Names of divisions as one day knows them: the province's own book, and names by code of everywhere else."""

    def __init__(
        self,
        book: DivisionBook,
        day: date,
        elsewhere: Mapping[str, str],
        moved_towns: Iterable[tuple[str, str, str]] = (),
        former: Iterable[tuple[str, str, str]] = (),
    ) -> None:
        self.places: dict[str, Place] = {}
        self._remembered: dict[tuple[str, str], _Named] = {}
        self._names: dict[str, list[Place]] = {}
        self._short: set[str] = set()
        self._within_city: dict[str, list[Place]] = {}
        self._moved: dict[str, list[tuple[str, str]]] = {}
        for town, was, now in moved_towns:
            self._moved.setdefault(was, []).append((town, now))
        for row in sorted(book.rows, key=lambda row: not row.in_force(day)):  # what stands before what stood
            self._add_row(book, row, day)
        own = {code[:2] for code in self.places if code[0] != "F"}
        for code, name in elsewhere.items():
            if code[:2] not in own:
                self._add(Place(code, name, _level(code), _parent(code, elsewhere), (code,)), (name,))
        for code, name, now in former:
            if code not in self.places and now in self.places:
                self._add(Place(code, name, 4, self.places[now].parent, (now,), verified=False), (name,))
        self._longest = max((len(name) for name in self._names), default=0)

    def _add_row(self, book: DivisionBook, row: Division, day: date) -> None:
        heirs = _heirs(book, row, day)
        parent = row.parent or ""
        if row.kind == "functional_area":
            above = next((r for r in book.versions(parent)), None)
            parent = parent if above is None or above.kind != "county" else above.parent or ""
        place = Place(row.code, row.name, _LEVELS[row.kind], parent, heirs)
        self._add(place, (row.name, *row.short_names))
        if row.kind == "functional_area" and parent in self.places:
            city = self.places[parent].name[:-1]
            for name in (row.name, *row.short_names):
                if name.startswith(city) and len(name) > len(city) + 2:
                    self._within_city.setdefault(name[len(city) :], []).append(place)

    def _add(self, place: Place, names: tuple[str, ...]) -> None:
        standing = self.places.get(place.code)
        if standing is None:
            self.places[place.code] = place
        for name in names:
            self._names.setdefault(name, []).append(place)
            if place.level != 3:
                short = _short_of(name)
                if len(short) >= 2 and short != name:
                    self._names.setdefault(short, []).append(place)
                    self._short.add(short)

    def full_name(self, code: str) -> str:
        """Return 浙江省 as is, 义乌市 with its city, 玄武区 with city and province; the code itself when unknown."""
        place = self.places.get(code)
        if place is None:
            return code
        above = self.places.get(place.parent)
        return (above.name if above is not None and above.level > 1 and place.level > 2 else "") + place.name

    def is_authority(self, code: str) -> bool:
        """Tell whether six digits can be the registering authority's in a code."""
        return code in self.places or (
            code[4:] in ("00", "01", "99", "90")
            and (code[:4] + "00" in self.places or code[:2] + "0000" in self.places)
        )

    def named(self, text: str, hint: str = "") -> _Named:
        """Return the places that `text` names one inside the other; `hint` (digits) settles names many places share."""
        bare = _CUT.sub("", unicodedata.normalize("NFKC", text)).removeprefix("中国")
        if not bare:
            return _NOTHING
        province = city = ""
        county: Place | None = None
        area: Place | None = None
        short = False
        at = 0
        while county is None:
            found = self._at(bare, at, province, city, area is not None, hint)
            if found is None:
                break
            place, length, is_short = found
            at += length
            if place.level == 1:
                province = place.code
            elif place.level == 2:
                city, province = place.code, place.code[:2] + "0000"
            elif place.level == 3:
                area, short = place, is_short
            else:
                county, short = place, is_short
        if county is None and (province or city or area):
            county = self._ahead(bare[at : at + _LOOK_AHEAD], province, city)
        county = county or area
        if county is not None:
            city = city or (county.parent if county.parent in self.places else "")
            province = province or _digits(county.code)[:2] + "0000"
        return _Named(province, city, county, short)

    def _at(
        self, text: str, at: int, province: str, city: str, in_area: bool, hint: str
    ) -> tuple[Place, int, bool] | None:
        """The longest name at a position that fits what was named before it."""
        for length in range(min(self._longest, len(text) - at), 1, -1):
            name = text[at : at + length]
            candidates = self._names.get(name)
            if candidates is None and city and not in_area:
                candidates = self._within_city.get(name)
            if not candidates:
                continue
            short = name in self._short
            if short and _A_ROAD.match(text, at + length):
                continue
            fitting = [p for p in candidates if _fits(p, province, city, in_area)]
            place = _chosen(fitting, hint, known=bool(city or (province and not short)), short=short)
            if place is not None:
                return place, length, short
        return None

    def _ahead(self, text: str, province: str, city: str) -> Place | None:
        """The first county or city-county named in full further on, inside what is named already."""
        for at in range(len(text) - 2):
            for length in range(min(12, len(text) - at), 2, -1):
                name = text[at : at + length]
                if name in self._short:
                    continue
                fitting = [
                    p for p in self._names.get(name, ()) if p.level == 4 and _fits(p, province, city, True)
                ]
                if len({p.code for p in fitting}) == 1:
                    return fitting[0]
        return None

    def locate(self, *, address: str, uscc: str, region: str = "", authority: str = "") -> Location:
        """Return where the enterprise is, weighing its address, a region column, the authority's name and the code."""
        digits = uscc[2:8]
        witness = self._of_code(digits)
        by_address, by_region = self.named(address, digits), self._often_named(region, digits)
        for named, said in ((by_address, "地址"), (by_region, "地区列")):
            if named.county is not None:
                return self._settle(named, said, address, witness, by_region)
        by_authority = self._often_named(authority, digits)
        if by_authority.county is not None:
            return self._settle(by_authority, "登记机关", address, witness, by_region)
        return self._from_code(witness, digits, address, by_address, by_region)

    def _often_named(self, text: str, hint: str) -> _Named:
        """What a text names that many rows share."""
        found = self._remembered.get((text, hint))
        if found is None:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            found = self._remembered[text, hint] = self.named(text, hint)
        return found

    def _of_code(self, digits: str) -> Place | None:
        if digits in self.places:
            return self.places[digits]
        if digits[4:] in ("00", "01", "90", "99"):
            return self.places.get(digits[:4] + "00") or self.places.get(digits[:2] + "0000")
        return None

    def _settle(
        self, named: _Named, said: str, address: str, witness: Place | None, by_region: _Named
    ) -> Location:
        county = named.county
        assert county is not None
        heir = self._heir(county, address, witness, by_region)
        code = heir.code
        same_county = witness is not None and witness.level == 4 and code in witness.heirs
        above = witness is not None and witness.level < 3 and self._inside(code, witness)
        conflict = ""
        if witness is not None and not same_county and not above and not self._moved_from(witness, code):
            conflict = (
                f"代码登记机关是“{self.full_name(witness.code)}”，{said}在“{self.full_name(code)}”，按{said}"
            )
        elif by_region.city and said == "地址" and not self._inside(code, self.places[by_region.city]):
            conflict = f"地区列是“{self.full_name(by_region.city)}”，地址在“{self.full_name(code)}”，按地址"
        if heir.certainty != CERTAIN:
            return Location(code, heir.certainty, heir.how, conflict)
        if conflict:
            return Location(code, LIKELY, heir.how or f"按{said}", conflict)
        if same_county or (said == "地址" and not named.short and county.level == 4):
            return Location(code, CERTAIN, heir.how)
        return Location(code, LIKELY, heir.how or f"按{said}“{county.name}”")

    def _heir(self, county: Place, address: str, witness: Place | None, by_region: _Named) -> _Heir:
        """The code in force of a named county or area, and how it was found where the name alone does not say."""
        for town, now in self._moved.get(county.code, ()):
            if town in address and now in self.places:
                return _Heir(now, f"原{county.name}{town}，现属{self.places[now].name}")
        if len(county.heirs) == 1 or county.code in county.heirs[:1]:
            code = county.heirs[0]
            told = "" if code == county.code else f"{county.name}，现属{self.places[code].name}"
            return _Heir(code, told) if county.verified else _Heir(code, f"{told}（沿革待核）", LIKELY)
        if not county.heirs:
            return _Heir(county.parent or county.code, f"{county.name}已撤销，只能确定到上级", GUESSED)
        names = "、".join(self.places[h].name for h in county.heirs if h in self.places)
        told_code = by_region.county.code if by_region.county is not None else ""
        by_word = [
            h for h in county.heirs if _short_of(self.places[h].name) in address.replace(county.name, "")
        ]
        agreed = [h for h in county.heirs if witness is not None and h == witness.code]
        for codes, why in (([told_code], "地区列"), (by_word, "地址中的地名"), (agreed, "代码登记机关")):
            if len(codes) == 1 and codes[0] in county.heirs:
                return _Heir(codes[0], f"{county.name}涉及{names}，按{why}", LIKELY)
        if county.level == 3:
            return _Heir(county.parent or county.code, f"{county.name}涉及{names}，只能确定到上级", GUESSED)
        return _Heir(county.heirs[0], f"{county.name}已撤销，分属{names}，地址未写明属哪一个", GUESSED)

    def _from_code(
        self, witness: Place | None, digits: str, address: str, by_address: _Named, by_region: _Named
    ) -> Location:
        said_city = by_address.city or by_region.city
        said_province = by_address.province or by_region.province
        if witness is not None and witness.level == 4:
            heir = self._heir(witness, address, None, by_region)
            code = heir.code
            if said_city and not self._inside(code, self.places[said_city]):
                told = self.full_name(said_city)
                return Location(
                    said_city,
                    GUESSED,
                    f"只写到{told}",
                    f"代码登记机关是“{self.full_name(code)}”，地址在“{told}”",
                )
            if said_province and code[:2] != said_province[:2]:
                told = self.full_name(said_province)
                return Location(
                    said_province,
                    GUESSED,
                    f"只写到{told}",
                    f"代码登记机关是“{self.full_name(code)}”，地址在“{told}”",
                )
            sure = LIKELY if heir.certainty == CERTAIN else heir.certainty
            return Location(code, sure, heir.how or "地址未写明县（市、区），按代码登记机关")
        known = said_city or (witness.code if witness is not None and witness.level == 2 else "")
        if known:
            return Location(known, GUESSED, "只能确定到设区市")
        known = said_province or (witness.code if witness is not None else "")
        if known:
            return Location(known, GUESSED, "只能确定到省")
        if digits.isdigit() and digits[:2] + "0000" in self.places:
            return Location(digits[:2] + "0000", GUESSED, f"代码中的区划 {digits} 不在名录中，只能确定到省")
        return Location("", UNKNOWN, "地址和代码都看不出行政区划")

    def _inside(self, code: str, above: Place) -> bool:
        place = self.places.get(code)
        while place is not None:
            if place.code == above.code or code in above.heirs:
                return True
            place = self.places.get(place.parent)
        return False

    def _moved_from(self, witness: Place, code: str) -> bool:
        return any(now == code for _, now in self._moved.get(witness.code, ()))


def _heirs(book: DivisionBook, row: Division, day: date) -> tuple[str, ...]:
    """The counties (or city, province) that carry a row on, the main one first; an area's are those it lies in."""
    if row.kind != "functional_area":
        own = (row.code,) if book.get(row.code) is not None else ()
        return tuple(dict.fromkeys((*own, *_in_order(row.successors, book.successors(row.code, day)))))
    standing = [row] if row.in_force(day) else []
    counties: list[str] = []
    for code in () if standing else book.successors(row.code, day):
        heir = book.get(code)
        if heir is not None and heir.kind == "functional_area":
            standing.append(heir)
        else:
            counties.append(code)
    for area in standing:
        for span in area.spans:
            counties += [span] if book.get(span) is not None else book.successors(span, day)
    return tuple(dict.fromkeys(counties))


def _in_order(first: tuple[str, ...], codes: Iterable[str]) -> list[str]:
    """The codes, those named first in their order before the others."""
    known = list(codes)
    return [c for c in first if c in known] + [c for c in known if c not in first]


def _digits(code: str) -> str:
    return code.removeprefix("F")


def _level(code: str) -> int:
    return (
        1 if code.endswith("0000") else 2 if code.endswith("00") and code[:4] not in ("4419", "4420") else 4
    )


def _parent(code: str, known: Mapping[str, str]) -> str:
    if code.endswith("0000"):
        return ""
    city = code[:4] + "00"
    return city if city != code and city in known else code[:2] + "0000"


_SHORT_ENDS = (
    "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市", "区", "县",
)  # fmt: skip


def _short_of(name: str) -> str:
    for end in _SHORT_ENDS:
        if name.endswith(end):
            return name.removesuffix(end)
    return name


def _fits(place: Place, province: str, city: str, in_area: bool) -> bool:
    """Whether the place may follow a province, a city and an area already named."""
    if in_area and place.level != 4:
        return False
    if city:
        return place.level > 2 and place.parent == city
    if province:
        return place.level > 1 and _digits(place.code)[:2] == province[:2]
    return True


def _chosen(places: list[Place], hint: str, *, known: bool, short: bool) -> Place | None:
    """The one place meant; what many places are called needs the hint, a bare short name needs its province's."""
    if not places:
        return None
    rank: list[Callable[[Place], bool]] = [
        lambda p: True,
        lambda p: bool(hint) and _digits(p.code)[:4] == hint[:4],
        lambda p: bool(hint) and _digits(p.code)[:2] == hint[:2],
    ]
    near = [p for p in places if rank[2](p)]
    if short and not known and not near and places[0].level > 2:
        return None
    for test in rank:
        kept = {p.code: p for p in (near if short and near and not known else places) if test(p)}
        if len(kept) == 1:
            return next(iter(kept.values()))
        if kept and len({p.level for p in kept.values()}) > 1:
            highest = min(p.level for p in kept.values())
            top = [p for p in kept.values() if p.level == highest]
            if len(top) == 1:
                return top[0]
        heirs = {p.heirs for p in kept.values()}
        if kept and len(heirs) == 1:
            return next(iter(kept.values()))
    return None
