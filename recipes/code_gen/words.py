"""The words that fill the tasks: every fourth word of POOLS is for test.jsonl alone.

    python recipes/code_gen/words.py        prints how many words each pool has

Only `random.Random.random` is drawn from: Python promises that its sequence for a seed never
changes, which it does not for `choice` and `shuffle`.
"""

import re
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import TypeVar

T = TypeVar("T")


def spaced(block: str) -> list[str]:
    """The words of a block."""
    return block.split()


def barred(block: str) -> list[str]:
    """The phrases of a block, between bars."""
    return [phrase.strip() for phrase in block.split("|")]


# Nouns also become paths, ids and names of parameters and cookies: none is a Python keyword, a
# header of HTTP, a special parameter of a handler or an attribute of a cookie (host, auth, path).
NOUNS = spaced("""
    apple garden river bridge castle forest mountain island harbor village market library museum
    school kitchen window door table chair lamp mirror carpet candle basket bottle bucket hammer
    ladder rope anchor boat train wagon ticket station engine wheel bicycle tunnel tower clock
    calendar letter parcel stamp pencil notebook paper poster camera picture painting statue song
    piano violin drum concert dance theater movie novel poem story chapter dragon knight wizard
    giant pirate treasure map compass lantern tent camp trail valley desert ocean beach wave storm
    cloud rain snow winter summer spring autumn season flower rose tulip lily daisy tree leaf bark
    root seed field farm barn horse cow sheep goat chicken duck rabbit fox wolf bear deer owl eagle
    robin sparrow turtle frog fish whale shark crab spider ant bee butterfly bread butter cheese
    honey jam soup salad pasta pizza rice potato tomato onion carrot pepper lemon orange banana
    cherry grape melon peach plum coffee tea juice milk water sugar salt cake cookie dessert
    breakfast lunch dinner menu recipe spoon fork plate cup glass kettle oven shirt jacket coat hat
    scarf glove shoe boot sock pocket button ring necklace crown jewel coin wallet purse gift toy
    puzzle game ball kite robot rocket planet moon star comet galaxy sensor signal battery magnet
    printer laptop tablet phone radio speaker guitar flute trumpet band choir team coach player
    match medal trophy race whistle score goal league doctor nurse teacher student farmer baker
    barber pilot sailor driver painter writer poet singer actor judge lawyer lesson course exam
    grade project report budget invoice account branch office desk folder shelf drawer cabinet
    garage roof wall floor ceiling stair balcony fence gate alley street avenue corner square park
    fountain bench statement journey holiday festival wedding birthday party dream wish secret
    riddle joke rumor habit hobby skill talent
    """)
ADJECTIVES = spaced("""
    red green blue yellow purple brown golden silver bright dark pale warm cold cool fresh dry wet
    soft hard smooth rough sharp round flat narrow wide deep tall short long tiny small large huge
    old young new ancient modern early late quick slow calm loud quiet busy lazy brave shy kind
    gentle proud happy merry jolly clever wise honest polite simple plain fancy rare common famous
    hidden open empty full heavy light strong weak sweet sour bitter salty spicy clean dusty muddy
    shiny rusty broken wooden stone iron plastic striped royal wild tame lucky magic silent sunny
    rainy windy foggy frozen northern southern eastern western daily weekly private public local
    distant
    """)
NAMES = spaced("""
    Anna Ben Clara David Ella Frank Grace Henry Ida Jack Kate Leo Mary Nora Oscar Paul Rosa Sam Tina
    Victor Wendy Adam Julia Max Lily Tom Emma Peter Sara Hugo Lena Karl Mia Noah Olga Ruth Simon
    Vera Walter Zoe Amir Bella Carlos Dina Elena Farid Hana Ivan Jonas Kofi Alice Bruno Cora Dora
    Erik Fiona Greta Harold Irene Jamal Kira Laura Marta Nina Otto Priya Rafael Stella Theo Ursula
    Viola Wanda Yara Arthur Betty Cecil Doris Edgar Flora Gloria Hector Ingrid Jasper Klara Louis
    """)
GREETINGS = barred("""
    Hello|Welcome|Good morning|Good evening|Greetings|Nice to see you|Welcome back|Hi there|Hey|
    Good day|Pleased to meet you|Glad you came
    """)
PATTERNS = barred("""
    The {noun} is {adjective}.|{name} likes the {noun}.|Ask {name} about the {noun}.|
    Every {noun} is {adjective}.|We found a {adjective} {noun}.|This {noun} is for {name}.|
    The {noun} opens at noon.|No {noun} today.|Mind the {adjective} {noun}.|
    {name} lost the {noun}.|The {adjective} {noun} is here.|Look behind the {noun}.|
    {name} painted a {noun}.|Our {noun} is closed.|Bring your own {noun}.
    """)
POOLS = {
    "noun": NOUNS,
    "adjective": ADJECTIVES,
    "name": NAMES,
    "greeting": GREETINGS,
}

# For training alone: the more words there are, the less a model can know them by heart, and the
# more it must copy the one that is asked for.
MORE = {
    "noun": spaced("""
        accident adult advice aeroplane afternoon agent airport alarm album almond ankle answer
        antique apartment apron arch arm armchair army arrow artist ash aunt award axe baby bacon
        badge bag bakery balloon bamboo bank banner bar barrel bat bath bay bead beam bean beard
        beast bed beef beer beetle bell belt berry bill bird biscuit blade blouse board bone border
        boss bow bowl boy brain brass brick bride brother broom brush bubble bug builder bulb bull
        bus bush butcher cabbage cabin cable cafe cage calf camel canal canoe canvas cap cape
        captain car caravan cart cash cat cattle cave celery cellar cello cement cereal chain chalk
        champion channel chapel chef chess chest child chimney chin chip chocolate church cigar
        cinema circle circus clay clerk cliff climate clinic cloak cloth clown club coal coast cobra
        cocoa coconut cod collar college colonel comb comedy comic company computer cook corn
        corridor costume cottage couch council country couple court cousin cradle crane cream creek
        crew cricket crime crocodile crop cross crow crowd crystal cube cucumber cupboard curtain
        curve cushion customer cycle dad dairy dancer daughter dawn day deck dentist detective
        diamond diary dice dinosaur dish diver dog doll dollar dolphin donkey dough dove drain drama
        dress drill drink duke dust ear earth east editor egg elbow elephant elevator elm
        eye fabric face factory fair fairy falcon family father ferry finger fire fisherman flag
        flame fleet flight flood flour fly fog folk food foot fort frame friend frost fruit fur
        furnace gang garlic gas ghost giraffe girl globe glue gold golf goose gorilla government
        grain grandfather grass gravel grave gravity grocer ground guard guest guide gulf gun gym
        hair hall ham hamster hand handle hawk hay head heart heat heaven hedge heel helmet hen herb
        hero herring hill hip hive hockey hole honeymoon hood hoof hook horn hospital hotel hour
        house hunter hurdle hut ice idea inch infant ink inn insect ivory jail jar jaw jeans jelly
        jet job journal jug jungle jury kid kidney kilt king kiosk kitten knee knife knot laboratory
        lace ladle lady lake lamb land lane lap lark laundry lava lawn leather leg lemonade lens
        leopard lettuce level lid lifeboat limb lime lion lip liquid lizard llama loaf lobster lock
        log lung machine maid mail mango maple march marsh mask mast master mat mayor meal meat
        medicine merchant metal midnight mill miner minister minute mist model mole monastery
        money monk monkey monster month moose moss moth mother motor mouse mouth mud mug mule muscle
        mushroom music musician mustard nail napkin nation neck neighbour nephew nest net newspaper
        night noodle noon north nose nun nut oak oar oasis oat octopus officer oil olive opera
        orchestra otter oyster package paddle paint pair palace palm pan panda panel panther parade
        parent parrot paste patient peacock peanut pear pea pearl pebble pen penguin people perfume
        person petal pet petrol phrase physics picnic pie pig pigeon pile pill pin pine pineapple
        pink pipe pistol pit plank plant platform play plaza plough plumber poison pole police
        polish pond pony pool poppy porch port porter pot pottery powder prayer president
        priest prince princess prison prize professor programme pump pumpkin puppet puppy pyramid
        queen quilt quiz rabbi rack raft rail rainbow raisin ranch rat raven razor recorder reef
        referee refugee reptile restaurant rhyme rider rifle road robber robe rock rod rooster route
        rug ruler runner sack saint salmon sand sandal sandwich sauce sauna sausage saw scene
        scholar science scissors scooter screen screw sea seal seat secretary servant shade shed
        sheet shell shepherd sheriff ship shop shore shoulder shovel shower shrimp sign silk sink
        sister skate ski skin skirt skull sky sled sleeve slipper slope slug snack snail snake soap
        soccer sofa soil soldier son south spade spear speech sphere spice spinach spirit sponge
        sport squirrel stable stadium staff stage stallion steak steam steel stem stew stick stitch
        stocking stomach stool store stove stranger straw strawberry stream studio suburb subway
        suit suitcase sun supper surgeon swamp swan sweater swimmer sword symphony syrup tail tailor
        tank tape taxi tear teenager telescope temple tennis thief thread throat throne thumb
        thunder tide tie tile timber tin toad toast toaster tobacco toe tongue tool tooth torch
        tortoise tourist towel town tractor tramp tray tribe trousers truck trunk tub tube tuna
        turkey twig twin uncle uniform university van vase vegetable veil vessel vest vet villain
        vinegar vine visitor voice volcano vulture waist waiter walrus war warden wardrobe warehouse
        warrior wasp watch wax weed week well west wheat whisker widow wife wing wire witch woman
        wood wool worker worm wound wreath wrist yacht yard year yogurt zebra zoo
        """),
    "adjective": spaced("""
        angry awake bare blank blind blunt bold brief broad careful cheap clear crooked curly curved
        damp dead deaf dear dense different difficult dirty double dull eager easy eldest electric
        equal exact extra faint far fast fat fierce final fine firm foreign formal fuzzy gloomy
        grand grey high hollow hot humble hungry icy ideal indoor inner juicy keen lean lonely loose
        low loyal mild minor modest national near neat noble noisy obvious odd official orderly
        outer oval perfect poor popular pure quaint random raw real regular rich ripe rude rural sad
        safe scarlet senior separate serious shallow single sleepy slim slippery snowy sober solid
        spare stale steady steep sticky stiff still strange strict sudden swift tender thick thin
        thirsty tidy tight tired tough tropical typical urban usual vague vast wealthy white
        whole
        """),
    "name": spaced("""
        Agnes Alan Albert Alex Alfred Amanda Amy Andrew Angela Axel Barbara Basil Beatrice Benjamin
        Bernard Boris Brian Caroline Celia Charles Chloe Chris Claire Daniel Daria Dennis Diana
        Dominic Edith Edward Eleanor Elsa Eric Esther Ethan Eva Fatima Felix Fred Gary George Gerald
        Gordon Gustav Hannah Harriet Harry Hassan Helen Iris Isaac Ivy Jacob James Jane Jean Jerome
        Joan Joel John Joseph Judith Karen Keith Kevin Lawrence Leon Lewis Linda Lola Lorenzo Lucas
        Lucy Luke Luna Lydia Magda Malik Marco Margaret Maria Martin Matilda Matthew Maya Michael
        Miriam Monica Nadia Nancy Nathan Neil Nicholas Norman Oliver Pablo Patricia Pedro Petra
        Philip Phoebe Pierre Quentin Rachel Ralph Raymond Rebecca Rita Robert Roger Roland Ronald
        Roy Rupert Samira Sandra Sean Sofia Stephen Susan Sven Sylvia Tamara Teresa Thomas Toby
        Valerie Vincent Violet Wilma Xavier Yasmin Yusuf Zelda
        """),
    "greeting": [],
}


@cache
def pool(kind: str, split: str) -> list[str]:
    """The words of a kind ("noun" …) that "train" or "test" may use; "few" are some of "train"."""
    test = POOLS[kind][3::4]
    few = [word for word in POOLS[kind] if word not in test]
    return {"test": test, "few": few, "train": few + MORE[kind]}[split]


def pick(options: Sequence[T], rng: Random) -> T:
    """One of `options`; raises IndexError when there is none."""
    return options[int(rng.random() * len(options))]


def shuffled(options: Sequence[T], rng: Random) -> list[T]:
    """All of `options` in another order."""
    keys = [rng.random() for _ in options]
    return [options[index] for index in sorted(range(len(options)), key=keys.__getitem__)]


def listed(words: Sequence[object], last: str = "and") -> str:
    """`a, b and c`"""
    *first, end = [str(word) for word in words]
    return f"{', '.join(first)} {last} {end}" if first else end


@cache
def lines(text: str) -> list[str]:
    """The lines of a block that hold something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def quoted(words: Sequence[str]) -> str:
    """`"a", "b", "c"`: what stands in a Python list."""
    return ", ".join(f'"{word}"' for word in words)


def with_articles(text: str) -> str:
    """The text with "an" for "a" where a vowel follows ("u" may sound like "you": left alone)."""
    return re.sub(r"\b([Aa]) (?=[aeio]|h\d)", r"\1n ", text)


class Draw:
    """Draws the values of one task: words of one split, no word twice.

    `brief` draws one word where others draw two, so that two families fit into a context.
    """

    def __init__(self, split: str, rng: Random, brief: bool = False):
        self.split, self.rng, self.brief = split, rng, brief
        self.taken: set[str] = set()

    def word(self, kind: str = "noun") -> str:
        """One word of a pool."""
        left = [word for word in pool(kind, self.split) if word not in self.taken]
        word = pick(left, self.rng)
        self.taken.add(word)
        return word

    def words(self, low: int, high: int, kind: str = "noun") -> list[str]:
        """`low` to `high` words of a pool."""
        return [self.word(kind) for _ in range(self.number(low, high))]

    def title(self) -> str:
        """`Green Garden`, briefly `Garden`"""
        if self.brief:
            return self.word().title()
        return f"{self.word('adjective').title()} {self.word().title()}"

    def path(self) -> str:
        """`/garden` or, less often, `/green-garden`"""
        if not self.brief and self.rng.random() < 0.2:
            return f"/{self.word('adjective')}-{self.word()}"
        return f"/{self.word()}"

    def dashed(self) -> str:
        """`garden` or `garden-door`: an id or a class"""
        return (
            self.word() if self.brief or self.rng.random() < 0.5 else f"{self.word()}-{self.word()}"
        )

    def sentence(self) -> str:
        """`The garden is green.`, briefly `Green garden`"""
        if self.brief:
            return f"{self.word('adjective').title()} {self.word()}"
        slots = {kind: self.word(kind) for kind in ("noun", "adjective", "name")}
        return with_articles(pick(PATTERNS, self.rng).format(**slots))

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.rng.random() * (high - low + 1))

    def one_of(self, *options: T) -> T:
        """One of a few choices that are not free words."""
        return pick(options, self.rng)


if __name__ == "__main__":
    for kind in POOLS:
        print(
            f"{kind}: {len(pool(kind, 'train'))} for training, {len(pool(kind, 'test'))} for test"
        )
