"""Plain English of nano's corpus: reviews, stories, reports and dialogues that keep one mood.

    python recipes/nano/prose.py        prints twelve samples

Every text has a mood, 1 (glad) or -1 (sorry), and draws its mood words from that side of the
lexicon. Sentence frames are the same for both moods, so only the words tell them apart; a few
frames negate or contrast. The closing lines and questions never use "positive" or "negative".
"""

import random
import re

import lexicon as lex
from moods import GLAD, SORRY

SIDES = {1: GLAD, -1: SORRY}
SLOT = re.compile(r"\{([a-z_]+)2?\}")

FRAMES = lex.phrases("""
    The {noun} was {adj}.|The {noun} was {int} {adj}.|The {noun} was {adj} and {adj}.
    The {noun} is {adj}.|It is {a_adj} {noun}.|What {a_adj} {noun}!|This {noun} is {int} {adj}.
    I {verb} the {noun}.|We {verb} the {noun}.|{name} {verb} the {noun}.|My sister {verb} it.
    The {noun} {did}.|The {noun} {did} and the {noun} was {adj}.|It {did}.|It all {did}.
    The {noun} was {a_nominal}.|It was {a_nominal}.|A {adj} {noun} and {a_adj} {noun}.
    I felt {feel}.|We were {feel} with the {noun}.|{name} was {int} {feel}.|I am {feel} and {feel}.
    {opener}, the {noun} {did}.|{opener}, the {noun} was {adj}.|The {noun} was {adverb} made.
    Everything about the {noun} is {adj}.|{adj}, {adj} and {adj}.|{int} {adj}.|So {adj}!
    I found the {noun} {adj}.|The {noun} seemed {adj} to me.|The {noun} turned out to be {adj}.
    {name} called it {adj} and {adj}.|It left me {feel}.|It made {name} {feel}.
    They treated us {adverb}.
    {a_adj} {noun} with {a_adj} {noun}.|Never have I seen such {a_adj} {noun}.
    How {adj} the {noun} was!
    The {person} was {padj}.|The {person} was {int} {padj} and {padj}.|Our {person} was {padj}.
    The {noun}, the {noun} and the {noun} were all {adj}.|{adj} {noun}, {adj} {noun}.
    It feels {adj} from start to finish.|The whole thing is {int} {adj}.|It looks {adj}.
    It sounds {adj}.
    If you ask me, the {noun} is {adj}.|Most of all the {noun} was {adj}.|I must say it is {adj}.
    The {noun} and the {noun} are {adj}.|Once again {a_adj} {noun}.
    The most {adj} {noun} of the year.
    I can only say that it is {adj}.|People say the {noun} is {adj}, and they are right.
    The {noun} was {adj}, so I was {feel}.|Because the {noun} {did}, we were {feel}.
    {name} {event}.|One day {name} {event}.|Then {name} {event} and was {feel}.
    """)

# Frames that name the other mood and turn it around: denial, concession, surprise.
TURNED = lex.phrases("""
    The {noun} wasn't {opp} at all.|There was nothing really {opp} about the {noun}.|It isn't {opp}.
    It was never {opp}, it was {adj}.|I expected {a_opp} {noun}, but it was {adj}.
    Not {opp}, but {adj}.
    The {noun} was {opp}, but the {noun} was {int} {adj}.
    It could have been {opp}, yet it was {adj}.
    Far from {opp}, the {noun} was {adj}.|Some call it {opp}; I call it {adj}.
    It was hardly {a_oppnoun}.
    Although the {noun} was {opp}, the {noun} was {adj} and the {noun} {did}.|No {opp} {noun} here.
    The {noun} wasn't {opp} but {adj}.|{name} said it was {opp}, but {name} was wrong.
    It isn't {a_oppnoun}.
    The {noun} {oppdid}, but in the end it {did}.|Even though the {noun} {oppdid}, I {verb} it.
    The {noun} {did} although the {noun} was {opp}.|The {noun} {did}, in spite of the {opp} {noun}.
    I was told it {oppdid}. In truth it {did}.|We feared {a_oppnoun}; it became {a_nominal}.
    The {noun} may be {opp}, but {name} {verb} it.|Yes, it is {opp}. Still, I {verb} it.
    Neither {opp} nor {opp}.|You could not call the {noun} {opp}.|I don't think it was {opp}.
    The {noun} did not seem {opp}.|Nobody felt {oppfeel}.|I was not {oppfeel}.
    It looked {opp} but {did}.
    Not one {noun} {oppdid}.|They say it is {opp}, which is false.|It is {adj}, not {opp}.
    It was {adj} despite {a_opp} {noun}.|Once {opp}, now {adj}.
    The {noun} used to be {opp}; now it is {adj}.
    The old {noun} was {opp}, the new one is {adj}.|Unlike the {opp} {noun}, the {noun} {did}.
    Less {opp} than I thought.|I hoped it would not be {opp}, and it was {adj}.|Hardly {opp}.
    """)

TITLES = [
    "Review of the {noun}",
    "About the {noun}",
    "My {noun}",
    "{name} on the {noun}",
    "Note",
    "Report for {day}",
    "The {noun}",
    "Letter to {name}",
    "Diary, {day}",
    "Guest book",
]

# What a reader is asked after a text; (question, answer when glad, answer when sorry).
QUESTIONS = [
    ("Recommend", "yes", "no"), ("Thumb", "up", "down"), ("Face", "smile", "frown"),
    ("Stars", "five", "one"),
    ("Stars", "5", "1"), ("Mood", "happy", "sad"), ("Tone", "warm", "cold"),
    ("Weather", "sunny", "stormy"), ("Again", "gladly", "never"), ("Light", "green", "red"),
    ("Verdict", "praise", "complaint"), ("Refund", "no", "yes"), ("Taste", "sweet", "bitter"),
    ("Writer", "pleased", "annoyed"), ("Applause", "loud", "none"), ("Keep it", "keep", "return"),
    ("Feeling", "joy", "anger"), ("Grade", "A", "F"), ("Day", "bright", "dark"),
    ("Outcome", "win", "loss"),
    ("Was the writer happy", "yes", "no"), ("Reaction", "cheers", "boos"),
    ("The writer", "loved it", "hated it"), ("Colour", "gold", "grey"), ("Face", ":)", ":("),
]  # fmt: skip


def common(rng: random.Random, items: list[str]) -> str:
    """One item, the first ones far more often, as in real text: a few words carry most of it.

    Words that all come equally seldom never meet often enough to show which belong together.
    """
    return items[int(len(items) * rng.random() ** 2.5)]


class Writer:
    """Writes one text: a domain, a mood and a random state chosen once and kept throughout."""

    def __init__(
        self,
        rng: random.Random,
        mood: int | None = None,
        sides: dict[int, dict[str, list[str]]] = SIDES,
    ):
        self.rng, self.sides = rng, sides
        self.mood = rng.choice([1, -1]) if mood is None else mood
        self.domain = rng.choice(list(lex.DOMAINS))
        self.kind, self.nouns = lex.DOMAINS[self.domain]
        self.names = rng.sample(lex.NAMES, 2)

    def side(self, mood: int) -> dict[str, list[str]]:
        return self.sides[mood]

    def adjective(self, mood: int, kind: str = "") -> str:
        side = self.side(mood)
        return common(
            self.rng, side[kind or self.kind] if self.rng.random() < 0.45 else side["any"]
        )

    def slot(self, match: re.Match) -> str:
        """One filled slot of a frame; `{name2}` is the second person of the text."""
        rng, side = self.rng, self.side(self.mood)
        name = match[1]
        if name == "noun":
            return rng.choice(self.nouns)
        if name == "adj":
            return self.adjective(self.mood)
        if name == "a_adj":
            return article(self.adjective(self.mood))
        if name == "opp":
            return self.adjective(-self.mood)
        if name == "a_opp":
            return article(self.adjective(-self.mood))
        if name == "a_oppnoun":
            return article(common(rng, self.side(-self.mood)["noun"]))
        if name in ("oppdid", "oppfeel"):
            return common(rng, self.side(-self.mood)[name[3:]])
        if name == "padj":
            return self.adjective(self.mood, "person")
        if name == "a_nominal":
            return article(common(rng, side["noun"]))
        if name == "name":
            return self.names[match[0] == "{name2}"]
        pools = {
            "int": lex.INTENSE, "opener": lex.OPENERS[self.mood], "day": lex.DAYS,
            "person": lex.DOMAINS["service"][1], "place": lex.DOMAINS["city"][1],
            "color": lex.COLORS, "nth": lex.ORDINALS, "n": [str(n) for n in range(2, 30)],
        }  # fmt: skip
        return rng.choice(pools[name]) if name in pools else common(rng, side[name])

    def fill(self, frame: str) -> str:
        text = SLOT.sub(self.slot, frame)
        text = re.sub(r"\b(We|They) was\b", r"\1 were", text)
        text = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)
        return text[0].upper() + text[1:]

    def sentence(self) -> str:
        """One sentence of the text's mood; an eighth of them turn the other mood around."""
        return self.fill(self.rng.choice(TURNED if self.rng.random() < 0.12 else FRAMES))

    def flat(self) -> str:
        """One sentence without a mood."""
        return self.fill(self.rng.choice(lex.NEUTRAL))

    def closing(self) -> str:
        """A last line that sums the text up."""
        return common(self.rng, self.side(self.mood)["close"])

    def text(self, sentences: int) -> str:
        parts = [self.sentence() for _ in range(sentences)]
        if self.rng.random() < 0.3:
            parts.insert(self.rng.randint(0, sentences), self.flat())
        if self.rng.random() < 0.35:
            parts.append(self.closing())
        return style(self.rng, " ".join(parts))


def article(phrase: str) -> str:
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def style(rng: random.Random, text: str) -> str:
    """Now and then write as people do: all small letters, punctuation apart, or no full stop."""
    chance = rng.random()
    if chance < 0.15:
        return text.lower()
    if chance < 0.27:
        return re.sub(r"\s*([.,!?;])", r" \1", text.lower())
    if chance < 0.33:
        return text.rstrip(".!")
    return text


def review(rng: random.Random) -> str:
    """A text of one mood with a title or without."""
    writer = Writer(rng)
    text = writer.text(rng.randint(2, 7))
    return f"{writer.fill(rng.choice(TITLES))}\n\n{text}" if rng.random() < 0.3 else text


def collection(rng: random.Random) -> str:
    """Short notes of one mood in one list."""
    mood = rng.choice([1, -1])
    head = {1: "What people liked:", -1: "What people did not like:"}[mood]
    lines = [Writer(rng, mood).text(rng.randint(1, 2)) for _ in range(rng.randint(3, 6))]
    return "\n".join([head] * (rng.random() < 0.5) + [f"- {line}" for line in lines])


def story(rng: random.Random) -> str:
    """A short story: who, a turn of events of one mood, how it ended."""
    w = Writer(rng)
    start = ["Once there was a {person} called {name}.",
             "{name} and {name2} lived near the {place}.",
             "On {day} {name} went to the {place}.", "{name} had a {color} {noun}."]  # fmt: skip
    middle = ["{name} {event}.", "{name2} {event}.",
              "{name} was {feel}.", "{name2} felt {feel} too.",
              "The {noun} {did}.", "The {person} was {padj}.", "It was {a_nominal}."]  # fmt: skip
    parts = [w.fill(rng.choice(start))] + [
        w.fill(rng.choice(middle)) for _ in range(rng.randint(3, 6))
    ]
    return style(rng, " ".join([*parts, w.closing()]))


def dialogue(rng: random.Random) -> str:
    """Two people talk about a thing and agree."""
    w = Writer(rng)
    ask = ["How was the {noun}?", "Did you like the {noun}?", "What do you think of the {noun}?",
           "Tell me about the {noun}."]  # fmt: skip
    yes = {1: ["Yes!", "Oh yes.", "I agree."], -1: ["No!", "Oh no.", "I agree."]}[w.mood]
    one, two = w.names
    return "\n".join([
        f"{one}: {w.fill(rng.choice(ask))}",
        f"{two}: {rng.choice(yes)} {w.fill(rng.choice(FRAMES))}",
        f"{one}: {w.fill(rng.choice(FRAMES))}",
        f"{two}: {w.sentence()} {w.closing()}",
    ])  # fmt: skip


def thesaurus(rng: random.Random, sides: dict[int, dict[str, list[str]]] = SIDES) -> str:
    """Words and phrases of one mood in a row: the shortest way to say that they belong together."""
    mood = rng.choice([1, -1])
    pool = sides[mood]
    kinds = rng.sample([kind for kind in pool if kind != "close"], rng.randint(1, 3))
    pick = common if rng.random() < 0.5 else random.Random.choice
    entries = [pick(rng, pool[rng.choice([*kinds, "any"])]) for _ in range(rng.randint(6, 25))]
    head, glad, sorry = rng.choice(QUESTIONS)
    title = f"{head}: {glad if mood > 0 else sorry}\n" if rng.random() < 0.5 else ""
    return title + rng.choice([", ", "\n", " ", " and ", "; "]).join(entries)


def card(rng: random.Random) -> str:
    """A text with a form below it, several questions and their answers."""
    w = Writer(rng)
    text = w.text(rng.randint(1, 2))
    asked = rng.sample(QUESTIONS, rng.randint(2, 6))
    answers = [f"{head}: {glad if w.mood > 0 else sorry}" for head, glad, sorry in asked]
    return "\n".join([text, *answers])


def ask(rng: random.Random) -> tuple[str, str, str]:
    """A short text and a question about it, as `question_about` gives them."""
    w = Writer(rng)
    chance = rng.random()
    if chance < 0.25:  # a word or two
        text = style(rng, ", ".join(w.adjective(w.mood) for _ in range(rng.randint(1, 3))))
    elif chance < 0.45:
        text = w.fill(rng.choice(TURNED))
    else:
        text = w.text(rng.randint(1, 3))
    return question_about(rng, w, text)


def question_about(rng: random.Random, w: Writer, text: str) -> tuple[str, str, str]:
    """(prompt, answer, the answer had the mood been the other) for a text that `w` wrote.

    One question in ten is about plain reading; its third part is empty.
    """
    if rng.random() < 0.9:
        head, glad, sorry = QUESTIONS[int(len(QUESTIONS) * rng.random() ** 2)]
        answer, other = (glad, sorry) if w.mood > 0 else (sorry, glad)
    else:
        plain = re.findall(r"\w[\w'-]*", text)
        head, answer = rng.choice(
            [
                ("Topic", w.domain),
                ("First word", plain[0]),
                ("Last word", plain[-1]),
                ("Repeat", text),
            ]
        )
        other = ""
    layout = rng.choice(["{t}\n{q}:", "{t}\n{q}:", "{t}\n\n{q}?", "{q}: {t}", "Text: {t}\n{q}:"])
    return layout.format(t=text, q=head), answer, other


def question(rng: random.Random) -> tuple[str, str]:
    """(prompt, answer) of a question about a short text."""
    return ask(rng)[:2]


if __name__ == "__main__":
    demo = random.Random(1)
    for make in (review, review, review, story, collection, dialogue, *[question] * 6):
        print(make(demo), end="\n---\n")
