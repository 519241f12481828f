"""The words of nano's English but for the moods: people, places and things. Read by prose.py."""


def words(block: str) -> list[str]:
    """Split a block of short phrases at commas and new lines."""
    return [w.strip() for w in block.replace("\n", ",").split(",") if w.strip()]


def phrases(block: str) -> list[str]:
    """Split a block of sentences at new lines and bars."""
    return [w.strip() for w in block.replace("\n", "|").split("|") if w.strip()]


def spaced(block: str) -> list[str]:
    """Split a block of single words at white space."""
    return block.split()


OPENERS = {
    1: words("""
        luckily, happily, to our delight, fortunately, to my joy, thankfully, best of all,
        even better
        """),
    -1: words("""
        sadly, unfortunately, to our dismay, unluckily, to my horror, regrettably, worst of all,
        even worse
        """),
}

INTENSE = words("""
    very, really, so, truly, quite, extremely, simply, absolutely, totally, incredibly, rather,
    pretty, just, completely, especially, surprisingly, utterly, always, remarkably
    """)

NAMES = spaced("""
    Anna Ben Clara David Ella Frank Grace Henry Ida Jack Kate Leo Mary Nora Oscar Paul Rosa Sam
    Tina Victor Wendy Adam Julia Max Lily Tom Emma Peter Sara Hugo Lena Karl Mia Noah Olga Ruth
    Simon Vera Walter Zoe Amir Bella Carlos Dina Elena Farid Hana Ivan Jonas Kofi
    """)

# What a text is about: its kind ("work", "food", "place", "thing", "person") chooses fitting words.
DOMAINS: dict[str, tuple[str, list[str]]] = {
    "film": (
        "work",
        words("""film, movie, plot, acting, script, ending, cast, dialogue, soundtrack,
        comedy, drama, thriller, director, story, character, scene, lead actor, humor, romance,
        sequel,
        documentary, performance, picture, screenplay, cinema, pacing, camera work, cartoon,
        mystery"""),
    ),
    "book": (
        "work",
        words("""book, novel, chapter, prose, hero, poem, author, first page,
        last chapter,
        language, biography, tale, essay, translation, cover, memoir, style, writing"""),
    ),
    "music": (
        "work",
        words("""concert, album, song, band, singer, melody, lyrics, show, choir,
        piano,
        drummer, recording, voice, opera, encore, musical, stage"""),
    ),
    "game": (
        "work",
        words("""game, level, puzzle, story mode, graphics, controls, boss fight,
        tutorial,
        match, multiplayer, map, sound, quest, app"""),
    ),
    "food": (
        "food",
        words("""soup, pizza, steak, bread, salad, dessert, breakfast, coffee, pasta,
        fish,
        dinner, sauce, cake, burger, rice, chicken, wine, menu, lunch, curry, tea, sandwich, meal,
        food,
        ice cream, cheese, dish"""),
    ),
    "hotel": (
        "place",
        words("""room, hotel, bed, bathroom, lobby, pool, view, balcony, shower,
        hall,
        apartment, garden, beach, neighborhood, cabin, camp, house, kitchen, terrace, stay,
        location"""),
    ),
    "city": (
        "place",
        words("""city, park, museum, street, station, market, library, school,
        office, cafe,
        gym, harbor, old town, zoo, airport, bus, train, restaurant, shop, bar, theater"""),
    ),
    "product": (
        "thing",
        words("""phone, laptop, camera, vacuum cleaner, headset, printer, chair,
        blender,
        car, bike, watch, keyboard, battery, screen, tent, backpack, jacket, shoes, lamp,
        washing machine,
        tablet, speaker, charger, zipper, drill, toaster, kettle, mattress, knife, toy,
        product"""),
    ),
    "software": (
        "thing",
        words("""program, website, update, installer, search page, interface,
        plugin,
        password manager, editor, backup tool, login page, driver, download, server,
        account page"""),
    ),
    "service": (
        "person",
        words("""waiter, doctor, nurse, driver, manager, teacher, guide, clerk,
        staff,
        support team, receptionist, barber, plumber, mechanic, coach, host, chef, dentist, courier,
        service, customer service, owner, salesman, crew, lawyer"""),
    ),
    "life": (
        "any",
        words("""day, week, trip, party, wedding, holiday, journey, weather, evening,
        walk,
        birthday, morning, job, interview, meeting, lesson, weekend, idea, plan, flight, season,
        visit,
        summer, tour, vacation, date, experience, course, class"""),
    ),
}

NEUTRAL = words("""
    It was a {day}., We went there on {day}., The {noun} was on the left side of the road.,
    {name} had heard about it from {name2}., There were {n} people in line., It took {n} minutes.,
    The {noun} cost {n} dollars., I ordered it on {day}., We sat down at a table by the window.,
    It was my {nth} time., {name} came with {name2}., The box had a {color} label.,
    It started at {n} in the evening., {name} wore a {color} hat., The bill was {n} dollars.,
    They opened the door at {n}., {name} lives near the {place}., I read the note twice.,
    The road goes past the {place}., {name} asked {name2} about the {noun}., It is made of wood.
    """)
DAYS = spaced("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
COLORS = spaced("red blue green yellow black white brown grey purple orange pink silver")
ORDINALS = spaced("first second third fourth fifth sixth")
