"""Words, names, phrases and paths for the code pairs of nano's corpus: half made up, half plain.

They are what pairs.py and programs.py ask the model to copy, so they vary as widely as is cheap.
"""

import random

import lexicon as lex
import stdlib

PLAIN = lex.spaced("""
    apple box page river title user count total price order color size name city table chair letter
    window number report book song level score message address phone client invoice product photo
    video event task note team member budget weather menu recipe ticket station bridge garden engine
    sensor signal filter chart image buffer token record account branch folder market school lemon
    bread coffee honey butter forest ocean island valley mountain meadow planet rocket candle mirror
    basket blanket bottle camera carpet clock cloud copper cotton desert dragon eagle feather flower
    guitar hammer harbor jacket kitchen ladder lantern library magnet marble museum needle orange
    orchard owner pencil pepper piano pillow pocket potato rabbit ribbon saddle salad shadow silver
    spider spoon summer sunset tiger tower train tunnel turtle velvet violin wagon walnut winter
    about contact home help login news archive blog search settings profile cart checkout gallery
    morning evening today tomorrow welcome hello thanks sorry ready open closed new old big small
    red green blue quick slow happy quiet bright first second third last daily weekly lost found
    """)
MORE = lex.spaced("""
    accident account actor adult advice aeroplane afternoon agent airport alarm album alley
    almond ankle answer ant antique apartment apron arch arm armchair army arrow artist ash aunt
    autumn award axe baby bacon badge bag baker bakery balcony ball balloon bamboo banana band
    bank banner bar barber barn barrel bat bath battery bay beach bead beam bean bear beard
    beast bed bee beef beer beetle bell belt bench berry bicycle bill bird birthday biscuit
    blade blouse board boat body bone boot border boss bow bowl boy brain branch brass brick
    bride brother broom brush bubble bucket bug builder bulb bull bus bush butcher butterfly
    button cabbage cabin cabinet cable cafe cage cake calendar calf camel camp canal canoe
    canvas cap cape captain car caravan carrot cart cash castle cat cattle cave ceiling celery
    cellar cello cement cereal chain chair chalk champion channel chapel cheese chef cherry
    chess chest chicken child chimney chin chip chocolate choir church cigar cinema circle
    circus clay clerk cliff climate clinic cloak cloth clown club coach coal coast coat cobra
    cocoa coconut cod coin collar college colonel comb comedy comet comic company compass
    computer concert cook cookie corn corner corridor costume cottage couch council country
    couple court cousin cow crab cradle crane cream creek crew cricket crime crocodile crop
    cross crow crowd crown crystal cube cucumber cup cupboard curtain curve cushion customer
    cycle dad dairy dance dancer daughter dawn day deck deer dentist desk dessert detective
    diamond diary dice dinner dinosaur dish diver doctor dog doll dollar dolphin donkey door
    dough dove drain drama drawer dream dress drill drink driver drum duck duke dust eagle ear
    earth east editor egg elbow elephant elevator elm engine evening exam exit eye fabric face
    factory fair fairy falcon family farm farmer father fence ferry festival field finger fire
    fish fisherman flag flame flat fleet flight flood floor flour flute fly fog folk food foot
    fork fort fountain fox frame friend frog frost fruit fur furnace game gang garage garlic gas
    gate general ghost giant gift giraffe girl glass globe glove glue goal goat god gold golf
    goose gorilla government grain grandfather grape grass gravel grave gravity grocer ground
    guard guest guide gulf gun gym hair hall ham hamster hand handle hat hawk hay head heart
    heat heaven hedge heel helmet hen herb hero herring hill hip hive hobby hockey hole holiday
    honeymoon hood hoof hook horn horse hospital host hotel hour house hunter hurdle hut ice
    idea inch infant ink inn insect iron ivory jail jam jar jaw jeans jelly jet jewel job joke
    journal journey judge jug juice jungle jury kettle key kid kidney kilt king kiosk kite
    kitten knee knife knight knot laboratory lace ladle lady lake lamb lamp land lane lap laptop
    lark laundry lava lawn lawyer leaf leather leg lemonade lens leopard lesson lettuce level
    lid lifeboat light lily limb lime lion lip liquid lizard llama loaf lobster lock log lunch
    lung machine maid mail mango map maple march market marsh mask mast master mat match mayor
    meal meat medal medicine melon memory menu merchant metal midnight milk mill miner minister
    minute mist model mole monastery money monk monkey monster month moon moose moss moth mother
    motor mouse mouth mud mug mule muscle mushroom music musician mustard nail napkin nation
    neck necklace neighbour nephew nest net newspaper night noodle noon north nose notebook
    novel nun nurse nut oak oar oasis oat octopus office officer oil olive onion opera orchestra
    otter oven owl ox oyster package paddle paint painter painting pair palace palm pan panda
    panel panther paper parade parcel parent park parrot party pasta paste path patient peach
    peacock peanut pear pea pearl pebble pen penguin people perfume person petal pet petrol
    phrase physics picnic picture pie pig pigeon pile pill pilot pin pine pineapple pink pipe
    pirate pistol pit pizza plank plant plate platform play player plaza plough plum plumber
    poem poet poison pole police polish pond pony pool poppy porch port porter post poster pot
    pottery powder prayer president priest prince princess printer prison prize professor
    programme project pump pumpkin puppet puppy purse puzzle pyramid queen quilt quiz rabbi race
    rack radio raft rail rain rainbow raisin ranch rat raven razor recorder reef referee refugee
    reptile restaurant rhyme rice riddle rider rifle ring road robber robe robin robot rock rod
    roof rooster root rope rose route rug ruler rumor runner sack sailor saint salad salmon salt
    sand sandal sandwich sauce sauna sausage saw scarf scene scholar school science scissors
    scooter score screen screw sea seal season seat secret secretary seed servant shade shark
    shed sheep sheet shelf shell shepherd sheriff ship shirt shoe shop shore shoulder shovel
    shower shrimp sign silk singer sink sister skate ski skill skin skirt skull sky sled sleeve
    slice slipper slope slug snack snail snake snow soap soccer sock sofa soil soldier son soup
    south spade sparrow speaker spear speech sphere spice spinach spirit sponge sport spring
    square squirrel stable stadium staff stage stair stallion stamp star station statue steak
    steam steel stem stew stick stitch stocking stomach stone stool store storm story stove
    stranger straw strawberry stream street student studio suburb subway sugar suit suitcase sun
    supper surgeon swamp swan sweater swimmer sword symphony syrup tablet tail tailor talent
    tank tape taxi tea teacher tear teenager telescope temple tennis tent theater thief thread
    throat throne thumb thunder tide tie tile timber tin toad toast toaster tobacco toe tomato
    tongue tool tooth torch tortoise tourist towel town toy tractor trail tramp tray treasure
    tree tribe trophy trousers truck trumpet trunk tub tube tulip tuna turkey twig twin uncle
    uniform university valley van vase vegetable veil vessel vest vet village villain vinegar
    vine visitor voice volcano vulture wagon waist waiter wall wallet walrus war warden wardrobe
    warehouse warrior wasp watch water wave wax wedding weed week well west whale wheat wheel
    whisker whistle widow wife wing wire wish witch wizard wolf woman wood wool worker worm
    wound wreath wrist writer yacht yard year yogurt young zebra zoo

    ancient angry awake bare bitter blank blind blunt bold brave brief bright broad broken brown
    busy calm careful cheap clean clear clever cold common cool crooked curly curved damp dark
    dead deaf dear deep dense different difficult dirty distant double dry dull dusty eager
    eastern easy eldest electric empty equal exact extra faint famous fancy far fast fat fierce
    final fine firm foggy foreign formal frozen full fuzzy gentle gloomy golden grand grey hard
    heavy hidden high hollow honest hot huge humble hungry icy ideal indoor inner jolly juicy
    keen kind large late lazy lean local lonely long loose loud low loyal lucky magic main merry
    mild minor modern modest muddy narrow national near neat noble noisy northern obvious odd
    official orderly outer oval pale perfect plain plastic polite poor popular private proud
    public pure purple quick quaint rainy random rare raw real regular rich ripe rough round
    royal rude rural rusty sad safe salty scarlet senior separate serious shallow sharp shiny
    short shy silent simple single sleepy slim slippery smooth snowy sober soft solid sour
    southern spare spicy stale steady steep sticky stiff still strange strict striped strong
    sudden sunny sweet swift tall tame tender thick thin thirsty tidy tight tiny tired tough
    tropical true typical urban usual vague vast warm weak wealthy western wet white whole wide
    wild windy wise wooden yellow

    agnes alan albert alex alfred alice amanda amy andrew angela arthur axel barbara basil
    beatrice benjamin bernard betty boris brian bruno caroline cecil celia charles chloe chris
    claire cora daisy daniel daria dennis diana dominic doris dora edgar edith edward eleanor
    elsa eric erik esther ethan eva fatima felix fiona flora fred gary george gerald gloria
    gordon greta gustav hannah harold harriet harry hassan hector helen irene iris isaac ivy
    jacob jamal james jane jasper jean jerome joan joel john joseph judith karen keith kevin
    kira klara laura lawrence leon lewis linda lola lorenzo louis lucas lucy luke luna lydia
    magda malik marco margaret maria marta martin matilda matthew maya michael miriam monica
    nadia nancy nathan neil nicholas nina norman oliver otto pablo patricia pedro petra philip
    phoebe pierre priya quentin rachel rafael ralph raymond rebecca rita robert roger roland
    ronald roy rupert samira sandra sean sofia stella stephen susan sven sylvia tamara teresa
    theo thomas toby ursula valerie vincent viola violet wanda wilma xavier yara yasmin yusuf
    zelda
    """)
VERBS = lex.spaced("""
    load save draw send build make read write open close start stop add remove find sort merge split
    print check count update create delete copy move paint fetch parse show hide join wrap
    """)
WIDE = sorted({*PLAIN, *MORE, *map(str.lower, lex.NAMES)})
# What `word` and `plain` draw from: corpus.py takes WIDE for last.jsonl. With PLAIN alone, a word
# that was only read and never copied came out as its like (`lawyer` as `teacher`).
everyday = PLAIN
START = lex.spaced(
    "b c d f g h j k l m n p r s t v w z br cl dr fl gr pl st tr ch sh qu sk sp th bl cr fr"
)
MIDDLE = lex.spaced("a e i o u a e i o u ai ea oo ou y")
END = ["", "", "", "n", "r", "l", "s", "t", "x", "m", "d", "ck", "ng", "st", "p"]


def coin(rng: random.Random) -> str:
    """A made-up word of one to three syllables."""
    return "".join(
        rng.choice(START) + rng.choice(MIDDLE) + rng.choice(END) for _ in range(rng.randint(1, 3))
    )


def word(rng: random.Random) -> str:
    """One word in small letters: made up, everyday, or of the standard library's English."""
    chance = rng.random()
    if chance < 0.35:
        return coin(rng)
    return rng.choice(everyday) if chance < 0.65 else rng.choice(stdlib.vocabulary())


def plain(rng: random.Random, words: list[str] | None = None) -> str:
    """A word that may be a Python name; the plain ones are of `words`, or `everyday`."""
    return coin(rng) + "o" if rng.random() < 0.4 else rng.choice(words or everyday)


def name(rng: random.Random) -> str:
    """An identifier: a verb and a word, two words, or one."""
    first = rng.choice(VERBS) if rng.random() < 0.5 else plain(rng)
    return first if rng.random() < 0.3 else f"{first}_{plain(rng)}"


def fields(rng: random.Random, low: int, high: int) -> list[str]:
    """`low` to `high` different identifiers of one word."""
    wanted, found = rng.randint(low, high), {}
    while len(found) < wanted:
        found[plain(rng)] = None
    return list(found)


def phrase(rng: random.Random, most: int = 5) -> str:
    """One to `most` words as a person would type them: small, title case or like a sentence."""
    parts = [
        str(rng.randint(0, 999)) if rng.random() < 0.04 else word(rng)
        for _ in range(min(rng.randint(1, most), rng.randint(1, most + 1)))
    ]
    text, chance = " ".join(parts), rng.random()
    if chance < 0.2:
        return text.title()
    if chance < 0.4:
        return text[0].upper() + text[1:] + rng.choice(["", "", ".", "!", "?"])
    if chance < 0.45 and len(parts) > 1:
        return text.replace(" ", rng.choice([", ", "-", "'s ", ": ", " & "]), 1)
    return text


def listed(items: list[str], rng: random.Random | None = None) -> str:
    """`a, b and c`, or with `rng` now and then `a, b, c`, `a, b, and c` or `a; b; c`."""
    join, last = ", ", " and "
    if rng is not None:
        join, last = rng.choice(
            [(", ", " and ")] * 4 + [(", ", ", "), (", ", ", and "), ("; ", "; ")]
        )
    return items[0] if len(items) == 1 else join.join(items[:-1]) + last + items[-1]


def quoted(rng: random.Random, text: str) -> str:
    """The text as an instruction may show it: bare or in either kind of quotes."""
    if not text.replace(" ", "").isalnum():  # bare, it would not be clear where it ends
        return f'"{text}"'
    return rng.choice(["{}", "'{}'", "'{}'", '"{}"', '"{}"']).format(text)


def path(rng: random.Random, most: int = 3) -> str:
    """`/` and one to `most` parts."""
    return "/" + "/".join(
        rng.choice([word, word, name])(rng) for _ in range(min(rng.randint(1, most), 3))
    )


def number(rng: random.Random) -> int:
    return rng.choice([rng.randint(0, 9), rng.randint(10, 99), rng.randint(100, 9999)])


def value(rng: random.Random) -> str:
    """A Python literal of one of the simple types, as source."""
    return rng.choice([
        str(number(rng)), f"{rng.randint(0, 99)}.{rng.randint(1, 9)}", f'"{phrase(rng, 2)}"',
        rng.choice(["True", "False", "None"]),
    ])  # fmt: skip
