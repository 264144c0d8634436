#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is frozen stays: each declaration of a frozen header, and the comment that says what it means, hashed as they were
released (frozen/NAME.sum). A table may have grown at its end; what came later is recorded when it is released.

usage: frozen.py INCLUDE              compare
       frozen.py INCLUDE --add        record what has no line yet; lines that are there stay as they are
       frozen.py INCLUDE --reword X   record the comment of X as it is now: better words for the same promise, looked at by two
"""
import sys
from pathlib import Path

from border import declarations, digest

SUMS = Path(__file__).resolve().parent / "frozen"
LAYOUT = SUMS.parent / "layout.c"
NOT_FROZEN = {"microhost.h", "draft.h"}  # these only include
CHANGES = {"MH_HEADER_VERSION"}  # year and month of each release


def row(d):
    return ("-" if d.name in CHANGES else digest(d.text), digest(d.contract), d.name)


def recorded(path):
    return [tuple(line.split(" ", 2)) for line in path.read_text().splitlines()] if path.exists() else []


def changed(before, now):
    """One sentence for each declaration that is not what it was."""
    for text, contract, name in before:
        if name not in now:
            yield f"{name} is gone; put it back: modules that use it are out there"
            continue
        text_now, contract_now, _ = row(now[name])
        if text_now != text:
            yield f"{name} is declared differently; put it back and add a new member at the end of its table, or an interface with the next number"
        if contract_now != contract:
            yield f"the comment of {name} changed; a promise stays: put the words back, or, if they only say the same better, run test/abi/frozen.py --reword {name}"


def out_of_order(before, found):
    """What was put in front of, or between, what was there: only the end of a group may grow."""
    old = {name for *_, name in before}
    for group in {d.group for d in found if d.group}:
        rows = [d.name for d in found if d.group == group]
        was = [name for *_, name in before if name in rows]
        if [n for n in rows if n in old] != was:
            yield f"the members of {group} are in another order; put them back: their places are their offsets"
        elif rows[: len(was)] != was:
            new = next(n for n in rows if n not in old)
            yield f"{new} stands before an older member; move it to the end of {group}"


def not_laid_out(before, found):
    """Layout and numbers are layout.c's: it has to know whatever is frozen."""
    text = LAYOUT.read_text()
    old = {name for *_, name in before}
    for d in found:
        group, _, member = d.name.partition(".") if d.text != "header" else ("", "", "")
        if group == "MH_HTTP_NAMES" and member:
            line = f"NUMBER(MH_H_{member},"
        elif member:
            line = f"MEMBER({group}, {member},"
        elif d.name.startswith("MH_") and "#define" not in d.text and d.name not in ("MH_H_NONE", "MH_H_COUNT"):
            line = f"NUMBER({d.name},"
        else:
            continue
        if d.name in old and line not in text:
            yield f"test/abi/layout.c does not know {d.name}; add its line {line} ...)"


def compare(header):
    found = list(declarations(header))
    before, now = recorded(SUMS / f"{header.stem}.sum"), {d.name: d for d in found}
    old = {name for *_, name in before}
    if not before:
        yield f"{header.name}: it is not recorded; a header beside microhost.h is frozen: run test/abi/frozen.py --add, or move it to draft/"
    for text in (*changed(before, now), *out_of_order(before, found), *not_laid_out(before, found)):
        yield f"{header.name}: {text}"
    for d in found:
        if before and d.name not in old:
            print(f"{header.name}: {d.name} is new, not frozen yet; the release records it with test/abi/frozen.py --add")


def write(header, reword=None):
    path, found = SUMS / f"{header.stem}.sum", list(declarations(header))
    before = {r[2]: r for r in recorded(path)}
    if reword in before:
        now = next(row(d) for d in found if d.name == reword)
        before[reword] = (before[reword][0], now[1], reword)
    rows = {**before, **{d.name: row(d) for d in found if not reword and d.name not in before}}
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(" ".join(r) + "\n" for r in rows.values()))


def main():
    include = Path(sys.argv[1]) / "microhost"
    headers = [h for h in sorted(include.glob("*.h")) if h.name not in NOT_FROZEN]
    for header in headers if len(sys.argv) > 2 else ():
        write(header, sys.argv[3] if sys.argv[2] == "--reword" else None)
    lost = [f"{s.stem}.h: the header is gone; put it back" for s in SUMS.glob("*.sum") if not (include / f"{s.stem}.h").exists()]
    found = lost + [text for header in headers for text in compare(header)]
    total = sum(len(recorded(s)) for s in SUMS.glob("*.sum"))
    print("\n".join(found) or f"{total} declarations as they were released")
    return 1 if found or not total else 0


if __name__ == "__main__":
    sys.exit(main())
