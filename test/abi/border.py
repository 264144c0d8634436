# SPDX-License-Identifier: Apache-2.0
"""The C headers of the border, taken apart: each declaration with the comment that says what it means.

No C parser: it knows the one style in which these headers are written. A declaration is a macro, a typedef, a struct, a member of a
struct or an enumerator; its contract is the comment above it and the one behind it on its line."""
import hashlib
import re
from typing import NamedTuple

TOKEN = re.compile(r"(?P<comment>/\*.*?\*/)|(?P<macro>^[ \t]*#(?:[^\n\\]|\\.)*)|(?P<text>[^/#\n]+|.)", re.S | re.M)
COMMENT = re.compile(r"/\*.*?\*/", re.S)
FOR_CXX = re.compile(r"^#ifdef __cplusplus\n.*?^#endif\n", re.S | re.M)
MASKS = {"\1": "/*", "\2": "*/", "\3": "{", "\4": "}", "\5": ";", "\6": "(", "\7": ")", "\b": "#"}
LISTED = re.compile(r'X\((\w+), "([^"]*)"\)')


class Declaration(NamedTuple):
    name: str  # "mh_log", "mh_log.write", "MH_E_GONE"
    text: str  # without comments, one space between words
    contract: str
    group: str  # of those that follow each other for ever: a struct, an enum, a list of names; or ""


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else "-"


def plain(text):
    return " ".join(text.replace("\\\n", " ").split())


def words(comments):
    """What they say, wherever their lines break."""
    return plain("\n".join(re.sub(r"^\s*\*(?!/)", "", c[2:-2], flags=re.M) for c in comments))


class Piece:
    """What stands between two separators, and its comments."""

    def __init__(self, text="", comments=()):
        self.text, self.comments, self.ends = text, list(comments), -1

    def __bool__(self):
        return bool(self.text.strip() or self.comments)


def pieces(source, separator):
    """Cuts at the separator where no bracket is open; a macro is a piece. A comment on the line on which a piece ended is its."""
    found, current, depth, line = [], Piece(), 0, 0

    def close():
        nonlocal current
        if current:
            found.append(current)
            current.ends = line
        current = Piece()

    for token in TOKEN.finditer(source):
        text = token[0]
        if token.lastgroup == "comment":
            behind = found and not current and found[-1].ends == line
            (found[-1] if behind else current).comments.append(text)
        elif token.lastgroup == "macro":
            if current.text.strip():
                close()
            current.text = COMMENT.sub("", text)
            current.comments += COMMENT.findall(text)
            line += text.count("\n")
            close()
            continue
        else:
            for letter in text:
                depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(letter, 0)
                if letter == separator and not depth:
                    close()
                else:
                    current.text += letter
        line += text.count("\n")
    close()
    return found


def inside(piece):
    """The text between its outer braces, and itself without that."""
    open_, close = piece.text.index("{"), piece.text.rindex("}")
    return piece.text[open_ + 1 : close], piece.text[: open_ + 1] + piece.text[close:]


def name_of(text):
    """What a declaration without braces declares: the name in (*name)(, else the last word in front of [ or the end."""
    function = re.search(r"\(\*(\w+)\)\(", text)
    return function[1] if function else re.findall(r"\w+", text.split("[")[0])[-1]


def declarations(header):
    """All of a header in order. The text in front of its guard is the declaration with the header's name."""
    source = FOR_CXX.sub("", header.read_text())
    front, _, rest = source.partition("#ifndef ")
    yield Declaration(header.name, "header", words(COMMENT.findall(front)[1:]), "")
    for piece in pieces(bodies_masked(rest.partition("\n#define ")[2].partition("\n")[2]), ";"):
        yield from declared(piece)


def bodies_masked(source):
    """Comments and macros inside of braces made text, so that they stay where they are when the outer pieces are cut."""
    out, depth = "", 0
    for token in TOKEN.finditer(source):
        text = token[0]
        if token.lastgroup == "comment" and depth:
            for mark, plain_text in MASKS.items():
                text = text.replace(plain_text, mark)
        elif token.lastgroup == "macro" and depth:
            text = text.replace("#", "\b")
        elif token.lastgroup == "text":
            depth += text.count("{") - text.count("}")
        out += text
    return out


def declared(piece):
    text, contract = piece.text, words(piece.comments)
    macro = re.match(r"\s*#\s*(\w+)\s*(\w*)", text)
    if macro:
        if macro[1] != "define" or not plain(text).partition(macro[2])[2]:
            return  # guards and includes
        listed = LISTED.findall(text)
        yield Declaration(macro[2], plain(LISTED.sub("", text)), contract, "")
        for name, value in listed:
            yield Declaration(f"{macro[2]}.{name}", value, "", macro[2])
    elif "{" in text:
        body, shell = inside(piece)
        body, enum = body.translate(str.maketrans(MASKS)), shell.lstrip().startswith("enum")
        group = "" if enum else name_of(shell)
        if not enum or contract:
            first = re.search(r"MH_\w+", body)
            yield Declaration(group or f"enum {first[0]}", plain(shell), contract, "")
        for part in pieces(body, "," if enum else ";"):
            entry = plain(part.text)
            if entry and not entry.startswith("#") and not (enum and "(" in entry):
                name = re.match(r"\w+", entry)[0] if enum else f"{group}.{name_of(entry)}"
                yield Declaration(name, entry, words(part.comments), group)
    elif text.strip():
        yield Declaration(name_of(text), plain(text), contract, "")
