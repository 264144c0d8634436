#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""microhost-sys says what the C headers say. A C program and a Rust program made from the headers print sizes, offsets, numbers and
ids, which have to be the same; the Rust one also compiles only if each member has the type that C gives it.
usage: rust.py PLUGIN_SDK; skipped (77) where there is no Rust"""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import toolchains
from border import declarations

HEADERS = ("base", "core", "entry", "log", "config", "http_request", "http_filter", "http_names")
TYPES = {"uint32_t": "u32", "int32_t": "i32", "uint64_t": "u64", "int64_t": "i64", "size_t": "usize", "double": "f64",
         "uint8_t": "u8", "char": "c_char", "void": "c_void"}
KEPT = {"impl": "impl_", "loop": "loop_"}  # members whose names Rust keeps for itself


def value_type(text):
    """`const char *const *` -> `*const *const c_char`."""
    made, const = "", False
    for word in text.replace("struct ", "").replace("*", " * ").split():
        if word == "const":
            const = True
        elif word == "*":
            made, const = ("*const " if const else "*mut ") + made, False
        else:
            made = TYPES.get(word, word)
    return made


def arguments(text):
    depth, start = 0, 0
    for at, letter in enumerate(text + ","):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            yield text[start:at].strip()
            start = at + 1


def type_of(text):
    """The Rust type of a C member or parameter that is declared with its name."""
    function = re.fullmatch(r"(.*?)\(\*(\w+)\)\((.*)\)", text)
    if not function:
        return value_type(re.sub(r"\w+$", "", text))
    result = "" if function[1].strip() == "void" else f" -> {value_type(function[1])}"
    taken = ", ".join(type_of(a) for a in arguments(function[3]) if a != "void")
    return f'Option<unsafe extern "C" fn({taken}){result}>'


def programs(include):
    """(C, Rust): the lines that print, and those that only have to compile."""
    c, rust, types = [], [], []
    for d in (d for name in HEADERS for d in declarations(include / f"microhost/{name}.h")):
        struct, _, member = d.name.partition(".")
        name = f"MH_H_{member}" if struct == "MH_HTTP_NAMES" and member else d.name
        if d.text == f"typedef struct {d.name} {{}} {d.name}":
            c.append(f'printf("{name} %zu %zu\\n", sizeof({name}), _Alignof({name}));')
            rust.append(f'println!("{name} {{}} {{}}", size_of::<{name}>(), align_of::<{name}>());')
        elif member and name == d.name and d.text != "header":
            field = KEPT.get(member, member)
            c.append(f'printf("{name} %zu\\n", offsetof({struct}, {member}));')
            rust.append(f'let m = MaybeUninit::<{struct}>::uninit(); let at = m.as_ptr(); '
                        f'println!("{name} {{}}", unsafe {{ addr_of!((*at).{field}) as usize }} - at as usize);')
            types.append(f"fn {struct}_{member}(s: &{struct}) -> &{type_of(d.text)} {{ &s.{field} }}")
        elif re.match(r'#define \w+ "', d.text):
            c.append(f'printf("{name} %s\\n", {name});')
            rust.append(f'println!("{name} {{}}", std::str::from_utf8({name}).unwrap().trim_end_matches(\'\\0\'));')
        elif re.fullmatch(r"(#define )?MH_\w+( =)? [^\"]*\d[^\"]*|[a-z-]+\d?", d.text) and name.startswith("MH_"):
            c.append(f'printf("{name} %lld\\n", (long long){name});')
            rust.append(f'println!("{name} {{}}", {name} as i64);')
    c_text = "#include <microhost/microhost.h>\n#include <stdio.h>\nint main(void) {\n" + "\n".join(c) + "\nreturn 0;\n}\n"
    rust_text = ("#![allow(dead_code, non_snake_case)]\nuse microhost_sys::*;\nuse std::mem::{align_of, size_of, MaybeUninit};\n"
                 "use std::os::raw::{c_char, c_void};\nuse std::ptr::addr_of;\n" + "\n".join(types)
                 + "\nfn main() {\n" + "\n".join(rust) + "\n}\n")
    return c_text, rust_text


def main():
    sdk = Path(sys.argv[1]).resolve()
    try:
        env = toolchains.rust()
    except unittest.SkipTest as reason:
        print(reason)
        return 77
    c, rust = programs(sdk / "include")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "layout.c").write_text(c)
        (place / "layout.rs").write_text(rust)
        toolchains.run(["cc", "-std=c11", f"-I{sdk / 'include'}", place / "layout.c", "-o", place / "in-c"], env)
        sys_crate = place / "libmicrohost_sys.rlib"
        compiler = ["rustc", "--edition", "2021"]
        toolchains.run([*compiler, "--crate-type", "rlib", sdk / "rust/microhost-sys/src/lib.rs", "-o", sys_crate], env)
        toolchains.run([*compiler, "--extern", f"microhost_sys={sys_crate}", place / "layout.rs", "-o", place / "in-rust"], env)
        in_c, in_rust = (subprocess.run([place / p], check=True, capture_output=True, text=True).stdout.splitlines()
                         for p in ("in-c", "in-rust"))
    wrong = [f"C: {a}   Rust: {b}" for a, b in zip(in_c, in_rust) if a != b]
    print("\n".join(wrong) or f"{len(in_c)} lines are the same in C and in Rust ({toolchains.run(['rustc', '-V'], env).strip()})")
    return 1 if wrong or len(in_c) != len(in_rust) or len(in_c) < 290 else 0


if __name__ == "__main__":
    sys.exit(main())
