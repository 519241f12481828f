"""The elements and handlers of nano's code pairs, in words and in code. Read by programs.py."""

import random

from apis import Library
from names import listed, name, path, phrase, plain, quoted, word

Part = tuple[str, str]  # how the instruction says it, how the program says it


class Author:
    """Writes one program over a library; the texts it makes are asked for in the same words."""

    def __init__(self, rng: random.Random, lib: Library):
        self.rng, self.lib, self.used = rng, lib, set()

    def pick(self, *options: str) -> str:
        return self.rng.choice(options)

    def show(self, text: str) -> str:
        return quoted(self.rng, text)

    def extra(self) -> tuple[str, str]:
        """An attribute or none: (", with the class x", ', kind="x"')."""
        rng, chance = self.rng, self.rng.random()
        if chance < 0.7:
            return "", ""
        part = rng.choice(["class", "id"])
        text = name(rng).replace("_", "-")
        says = rng.choice([" with the {} {}", " ({} {})", " of {} {}", " whose {} is {}"])
        return says.format(part, self.show(text)), f', {self.lib.made[part]}="{text}"'

    def leaf(self, kind: str) -> Part:
        """One element with a text: heading, text, bold, item, button."""
        text, made = phrase(self.rng), self.lib.made[kind]
        ask, code = self.extra()
        says = self.pick("a {} {}", "the {} {}", "a {} saying {}", "a {} with the text {}",
                         "{} {}", "a {} that reads {}")  # fmt: skip
        return says.format(kind, self.show(text)) + ask, f'{made}("{text}"{code})'

    def link(self) -> Part:
        text, to = phrase(self.rng, 3), path(self.rng, 2)
        says = self.pick("a link {} to {}", "a link to {1} called {0}", "a link {} that goes to {}",
                         "a link with the text {} and the target {}",
                         "a link to {1} that reads {0}")  # fmt: skip
        return says.format(
            self.show(text), to
        ), f'{self.lib.made["link"]}("{text}", {self.lib.made["target"]}="{to}")'

    def picture(self) -> Part:
        file, text = f"{word(self.rng)}.{self.pick('png', 'jpg', 'svg')}", phrase(self.rng, 3)
        says = self.pick("the picture {} described as {}", "a picture {}, with the words {}",
                         "a picture {} (text {})")  # fmt: skip
        code = f'{self.lib.made["picture"]}("/{file}", words="{text}")'
        return says.format("/" + file, self.show(text)), code

    def series(self) -> Part:
        items = [phrase(self.rng, 3) for _ in range(self.rng.randint(2, 7))]
        if self.rng.random() < 0.6:
            items = [item.rstrip(".!?").replace(", ", " ") for item in items]
        shown = [self.show(i) for i in items] if self.rng.random() < 0.4 else items
        says = self.pick("a list of {}", "a list with the items {}", "the list {}",
                         "a list: {}", "a list that holds {}")  # fmt: skip
        made = self.lib.made
        inner = ", ".join(f'{made["item"]}("{i}")' for i in items)
        ask, code = self.extra() if self.rng.random() < 0.3 else ("", "")
        return says.format(listed(shown, self.rng)) + ask, f"{made['list']}({inner}{code})"

    def push(self) -> Part:
        """A button that loads a path into an element."""
        text, to, into = phrase(self.rng, 3), path(self.rng, 2), plain(self.rng)
        made = self.lib.made
        says = self.pick("a button {} that loads {} into #{}", "a button {} which puts {} in #{}",
                         "a button {}; on a press it loads {} into #{}",
                         "a button saying {} that fetches {} for #{}")  # fmt: skip
        return says.format(
            self.show(text), to, into
        ), f'{made["button"]}("{text}", {made["load"]}="{to}", {made["into"]}="#{into}")'

    def box(self) -> Part:
        parts = [self.simple() for _ in range(self.rng.randint(1, 3))]
        ask, code = self.extra()
        says = self.pick("a box{} with {}", "a box{} that holds {}", "a box{} around {}")
        inner = ", ".join(c for _, c in parts)
        return says.format(ask, listed([a for a, _ in parts])), (
            f"{self.lib.made['box']}({inner}{code})"
        )

    def simple(self) -> Part:
        return self.leaf(self.pick("heading", "text", "text", "bold", "button"))

    def element(self) -> Part:
        make = self.rng.choice([
            self.simple, self.simple, self.simple, self.link, self.picture, self.series,
            self.box, self.push,
        ])  # fmt: skip
        return make()

    def at(self, where: str, params: str, body: str, sent: bool = False, called: str = "") -> str:
        """One handler: decorator, head, body lines."""
        clean = where.split("{")[0].strip("/").replace("/", "_").replace("-", "_")
        f = called or ((clean or "home") if self.lib.function == "path" else self.lib.function)
        if f in self.used:
            f = f"{f}_{len(self.used) + 1}"
        self.used.add(f)
        line = (self.lib.sent if sent else self.lib.route).replace("{path}", where)
        lines = "\n".join("    " + text for text in body.split("\n"))
        return f"{line}\ndef {f}({params}):\n{lines}"
