#!/usr/bin/env python3
"""What the headers of a folder promise to compiled programs, one promise a line.

surface.py INCLUDE           prints it: functions with the names of their parameters and their attributes,
                             types of callbacks, members of structs with their types and places, enumerators
                             and macros with their values.
surface.py --places INCLUDE  prints it as assertions in C, for layout.c.

Places are asked of gcc, which compiles for three models without needing their libraries: pointers of 64
bits (Linux, Windows, macOS), of 32 bits, and of 32 bits with int64_t at multiples of 4 (i386, System V).
"""
import os
import re
import subprocess
import sys
import tempfile

MODELS = (("64", ["-m64"]), ("32", ["-m32", "-malign-double"]), ("i386", ["-m32"]))


def headers(include):
    return sorted(name for name in os.listdir(os.path.join(include, "mig")) if name.endswith(".h"))


def read(include):
    """The headers as one text without comments, and their macros."""
    text, macros = [], []
    for name in headers(include):
        with open(os.path.join(include, "mig", name), encoding="utf-8") as f:
            source = f.read()
        source = re.sub(r"/\*.*?\*/", " ", source, flags=re.S)
        source = re.sub(r"//[^\n]*", " ", source).replace("\\\n", " ")
        source = re.sub(r"#ifdef __cplusplus\n.*?#endif", "", source, flags=re.S)
        for line in source.split("\n"):
            m = re.match(r"\s*#\s*define\s+(\w+(?:\([^)]*\))?)\s*(.*)", line)
            if m and re.match(r"MIG_(?!VERSION_|\w+_H$)", m.group(1)):
                macros.append((m.group(1), squeeze(m.group(2))))
            elif not re.match(r"\s*#", line):
                text.append(line)
    return " ".join(text), macros


def squeeze(text):
    return re.sub(r"\s*([^\w\s])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()


def split(text, at):
    """The parts of text between the characters `at` that are outside of brackets."""
    parts, depth, begin = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "({[") - (c in ")}]")
        if c == at and depth <= 0:
            parts.append(text[begin:i])
            begin = i + 1
            depth = 0
    return [p for p in (part.strip() for part in parts + [text[begin:]]) if p and p != "}"]


def member_names(declaration):
    for declarator in split(declaration, ","):
        m = re.search(r"\(\s*\*\s*(?:const\s+)?(\w+)\s*\)\s*\(", declarator)
        m = m or re.search(r"(\w+)\s*(?:\[[^\]]*\])?$", declarator)
        yield m.group(1)


class Surface:
    def __init__(self, include):
        self.include = include
        text, self.macros = read(include)
        self.structs, self.enumerators, self.lines = {}, [], []
        for declaration in split(text, ";"):
            self.declaration(declaration)

    def declaration(self, text):
        m = re.search(r"\b(struct|enum) (\w+) ?\{(.*)\}", text, flags=re.S)
        if m and m.group(1) == "struct":
            self.structs[m.group(2)] = [(name, squeeze(member))
                                        for member in split(m.group(3), ";")
                                        for name in member_names(member)]
        elif m or re.search(r"\benum ?\{", text):
            body = text[text.index("{") + 1:text.rindex("}")]
            self.enumerators += [re.match(r"\w+", e).group(0) for e in split(body, ",")]
        else:
            kind = "type" if text.startswith("typedef") else "function"
            self.lines.append(f"{kind} {squeeze(text)}")

    def ask(self, flags):
        """What offsetof, sizeof and the enumerators are, of the compiler."""
        source = [f"#include <mig/{name}>" for name in headers(self.include)] + ["void f(void) {"]
        wanted = []
        for struct, members in self.structs.items():
            wanted += [(f"{struct}.{name}", f"__builtin_offsetof(struct {struct}, {name})") for name, _ in members]
            wanted.append((struct, f"sizeof(struct {struct})"))
        wanted += [(name, name) for name in self.enumerators]
        source += [f'__asm__("\\n-> {name} %c0" : : "i"({value}));' for name, value in wanted] + ["}"]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "places.c")
            with open(path, "w", encoding="utf-8") as f:
                f.write("\n".join(source))
            out = subprocess.run(["gcc", "-std=gnu11", "-ffreestanding", "-O0", "-S", "-o", "-",
                                  "-I", self.include] + flags + [path],
                                 check=True, stdout=subprocess.PIPE, text=True).stdout
        return dict(re.findall(r"^-> (\S+) (-?\d+)$", out, flags=re.M))

    def places(self):
        asked = [self.ask(flags) for _, flags in MODELS]
        return lambda name: ", ".join(a[name] for a in asked)


def main():
    surface = Surface(sys.argv[-1])
    place = surface.places()
    if sys.argv[1] == "--places":
        print("/* Written by accept.sh: the place of every member with pointers of 64 bits, of 32 bits, and on"
              "\n * i386, and the value of every enumerator. */")
        for struct, members in surface.structs.items():
            print(f"\nSIZE({struct}, {place(struct)});")
            for name, _ in members:
                print(f"AT({struct}, {name}, {place(f'{struct}.{name}')});")
        print()
        for name in surface.enumerators:
            print(f"VALUE({name}, {place(name).split(', ')[0]});")
        return
    for struct, members in surface.structs.items():
        print(f"struct {struct}: {place(struct)}")
        for name, declaration in members:
            print(f"struct {struct}.{name}: {declaration}: {place(f'{struct}.{name}')}")
    for name in surface.enumerators:
        print(f"value {name}: {place(name)}")
    for name, value in surface.macros:
        print(f"macro {name}: {value}")
    print("\n".join(surface.lines))


main()
