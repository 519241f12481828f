"""The words of nano's English: moods, people, places and things. Read by prose.py.

`GLAD` and `SORRY` hold words of one mood each, by what they can be said of. Prose draws all mood
words of a text from one side, and so a model that reads it learns which words keep company.
"""


def words(block: str) -> list[str]:
    """Split a block of short phrases at commas and new lines."""
    return [w.strip() for w in block.replace("\n", ",").split(",") if w.strip()]


def phrases(block: str) -> list[str]:
    """Split a block of sentences at new lines and bars."""
    return [w.strip() for w in block.replace("\n", "|").split("|") if w.strip()]


def spaced(block: str) -> list[str]:
    """Split a block of single words at white space."""
    return block.split()


GLAD = {
    # said of anything: a film, a meal, a phone, a day
    "any": spaced("""
        good great excellent wonderful fantastic amazing superb brilliant lovely beautiful perfect
        terrific marvelous outstanding delightful splendid fabulous awesome impressive enjoyable
        pleasant charming remarkable exceptional magnificent stunning gorgeous fine solid nice
        glorious sublime flawless first-rate top-notch memorable unforgettable extraordinary
        incredible phenomenal stellar admirable praiseworthy rewarding satisfying refreshing
        inspiring uplifting exquisite elegant graceful divine heavenly dazzling breathtaking
        spectacular sensational captivating enchanting magical priceless precious valuable worthy
        worthwhile likable appealing attractive adorable sweet cute neat cool super fun special
        favorite ideal exemplary masterful polished refined thoughtful generous helpful great
        decent agreeable welcome commendable faultless impeccable unbeatable astonishing winning
        triumphant successful superior fresh lively vibrant radiant bright warm joyful cheerful
        fulfilling gratifying blissful tasteful stylish classy smart clever ingenious original
        inventive imaginative creative rich fascinating interesting compelling excellent best better
        """),
    "work": spaced("""
        gripping moving touching funny hilarious witty engaging absorbing riveting thrilling
        exciting entertaining heartwarming poignant profound insightful intelligent sharp subtle
        stirring suspenseful original imaginative tender lyrical poetic powerful haunting charming
        fast-paced well-made well-written well-acted amusing playful honest sincere heartfelt
        enlightening thought-provoking intriguing provocative daring bold vivid authentic rousing
        electrifying spellbinding mesmerizing hypnotic endearing bittersweet sweeping ambitious
        intimate layered nuanced resonant timeless luminous sparkling laugh-out-loud satisfying
        """),
    "person": spaced("""
        kind friendly polite gentle patient caring honest brave loyal wise cheerful helpful
        generous thoughtful warm attentive courteous skilled talented gifted dedicated charming
        considerate hardworking reliable trustworthy supportive welcoming gracious humble respectful
        capable competent professional knowledgeable sincere faithful heroic lovable smiling
        understanding diligent obliging good-natured forgiving encouraging
        """),
    "feel": spaced("""
        happy glad delighted pleased thrilled joyful cheerful proud grateful thankful relaxed calm
        excited hopeful satisfied content overjoyed ecstatic amused comfortable relieved confident
        elated merry peaceful inspired refreshed enthusiastic optimistic impressed touched charmed
        lucky blessed safe loved moved entertained
        """),
    "food": spaced("""
        delicious tasty fresh juicy crisp tender flavorful savory mouthwatering yummy scrumptious
        appetizing creamy fragrant crunchy succulent delectable wholesome homemade aromatic buttery
        satisfying fluffy luscious
        """),
    "place": spaced("""
        clean cozy spacious quiet peaceful comfortable bright tidy airy spotless inviting safe
        welcoming sunny scenic picturesque elegant relaxing charming luxurious pretty homely warm
        restful serene tranquil blooming modern stylish
        """),
    "thing": spaced("""
        reliable sturdy fast quick durable handy efficient smooth powerful useful practical
        dependable precise responsive affordable comfortable well-built intuitive effortless solid
        simple speedy robust accurate sleek versatile stable convenient flexible seamless
        trouble-free lightweight quiet user-friendly long-lasting
        """),
    "noun": words("""
        joy, delight, pleasure, masterpiece, treasure, gem, triumph, success, treat, hit, winner,
        dream, blessing, bargain, marvel, miracle, victory, gift, highlight, wonder, classic,
        sensation, feast, breath of fresh air, work of art, real find, pleasant surprise,
        job well done, perfect choice, step forward, thrill, celebration, knockout, star
        """),
    "verb": words("""
        loved, enjoyed, adored, admired, liked, praised, cherished, recommended, appreciated,
        treasured, celebrated, applauded, welcomed, savored, could not stop smiling about,
        fell in love with, was impressed by, was delighted by, cannot wait to return to,
        laughed with, was moved by, had a great time with, was charmed by, will always remember
        """),
    "adverb": spaced("""
        beautifully brilliantly perfectly wonderfully nicely superbly skillfully gracefully
        smoothly flawlessly gently happily cheerfully expertly elegantly warmly well kindly
        splendidly delightfully masterfully lovingly reliably effortlessly
        """),
    "did": words("""
        worked, sparkled, shone, succeeded, impressed everyone, delighted us, exceeded our hopes,
        saved the day, made us smile, made me laugh, won us over, was worth every penny, paid off,
        lifted my spirits, charmed the whole room, felt like home, kept me hooked, touched my heart,
        came together, was a pleasure, flew by, hit the mark, brought a smile to my face,
        left us wanting more, worked like a dream, never let me down, deserved every award
        """),
    "event": words("""
        won the first prize, found the lost dog, got a kind letter, passed the exam,
        made a new friend,
        danced in the sun, shared the cake, hugged her mother, sang a merry song, got the job,
        laughed until the lights went out, was given a warm coat, healed quickly, caught a big fish,
        fixed the roof in time, was thanked by everyone, got a big hug, found a bright coin,
        was cheered by the crowd, played happily all day, helped an old man, came home safe,
        received a lovely gift, kissed the baby, fell in love, got well again, saved a little bird,
        baked a sweet pie, was praised by the teacher, learned to swim, won the match
        """),
    "close": words("""
        They left with a smile., Everybody cheered., It was a day to remember.,
        I would do it again.,
        Five stars., Thumbs up., Go and see for yourself., I will be back soon.,
        Highly recommended.,
        What a treat!, We laughed all the way home., Worth every penny., I could not be happier.,
        Two more tickets now!, Bravo!, We thanked them all., It made my week., A big thank you!,
        Do not miss it., I told all my friends to go., All ended well., She smiled and waved.,
        It gets full marks from me., Hooray!, Buy it without a second thought., I am a fan now.
        """),
}

SORRY = {
    "any": spaced("""
        bad terrible awful horrible dreadful poor disappointing dull lousy mediocre disgusting
        miserable pathetic useless worthless ugly nasty unpleasant atrocious abysmal appalling
        horrid ghastly hideous inferior rotten annoying irritating frustrating boring tedious
        tiresome dreary bleak gloomy grim depressing painful unbearable intolerable unacceptable
        inadequate unsatisfying underwhelming forgettable regrettable shameful disgraceful
        embarrassing ridiculous absurd stupid silly foolish senseless pointless hopeless clumsy
        awkward sloppy careless messy chaotic confusing weak feeble flawed faulty broken wrong
        cheap shabby shoddy tacky tasteless vile repulsive revolting offensive insulting
        outrageous dismal sad sorry wretched woeful laughable lame mindless empty hollow lifeless
        stale bland flat cold harsh cruel unfair dishonest overpriced overrated unimpressive
        horrendous horrific disastrous catastrophic worst worse unfortunate failed substandard
        second-rate troubling worrying upsetting disturbing distressing dire crude mean
        """),
    "work": spaced("""
        predictable shallow unfunny pretentious slow sluggish incoherent contrived cliched
        plodding trite melodramatic preachy aimless stilted wooden manipulative convoluted
        derivative humorless overlong uninspired unoriginal unconvincing implausible superficial
        lazy clunky soulless amateurish formulaic repetitive muddled disjointed bloated
        heavy-handed sappy corny generic tepid listless meandering half-baked ill-conceived
        self-indulgent unwatchable monotonous lackluster joyless witless undercooked overblown
        sleep-inducing meaningless vapid gratuitous banal insipid grating
        """),
    "person": spaced("""
        rude unkind arrogant selfish lazy dishonest cruel hostile impatient careless grumpy
        unfriendly unhelpful aggressive disrespectful mean greedy cold ignorant incompetent
        unprofessional inattentive bossy nasty surly sullen indifferent dismissive condescending
        untrained clueless spiteful stubborn jealous impolite unreliable cowardly heartless
        bad-tempered vicious sneaky
        """),
    "feel": spaced("""
        sad unhappy angry upset furious disappointed miserable depressed lonely afraid scared
        worried anxious bored frustrated annoyed ashamed guilty hurt heartbroken gloomy nervous
        tired exhausted bitter hopeless jealous disgusted irritated embarrassed desperate
        discouraged betrayed cheated sick uneasy outraged horrified sorry tearful offended ignored
        """),
    "food": spaced("""
        cold stale soggy greasy burnt tasteless bland rotten sour bitter undercooked overcooked
        dry tough raw salty oily inedible rancid moldy watery rubbery mushy flavorless spoiled
        chewy lukewarm nauseating
        """),
    "place": spaced("""
        dirty noisy cramped smelly filthy dark damp gloomy crowded shabby moldy dusty stuffy
        freezing unsafe uncomfortable run-down grimy dingy loud cluttered musty depressing
        neglected squalid drafty stained infested
        """),
    "thing": spaced("""
        broken slow fragile flimsy unreliable faulty defective noisy clumsy useless impractical
        expensive heavy sluggish unstable inaccurate buggy bulky uncomfortable complicated
        inconvenient unresponsive brittle outdated inefficient leaky scratched wobbly rusty
        overpriced cracked damaged glitchy
        """),
    "noun": words("""
        mess, disaster, failure, disappointment, nightmare, waste, shame, joke, bore, flop, mistake,
        catastrophe, insult, torture, chore, rip-off, letdown, embarrassment, pain, headache,
        burden, fiasco, wreck, scam, tragedy, waste of time, waste of money, slap in the face,
        lost cause, bad joke, sad excuse, step backward, dud, misfire, ordeal, horror
        """),
    "verb": words("""
        hated, disliked, regretted, despised, detested, loathed, resented, criticized, rejected,
        cursed, avoided, complained about, walked out of, was bored by, was let down by,
        was disgusted by, would gladly have skipped, wasted an evening on, suffered through,
        fell asleep during, was insulted by, had a terrible time with, will never return to,
        was annoyed by, gave up on, asked for a refund for
        """),
    "adverb": spaced("""
        badly poorly terribly horribly awfully rudely clumsily carelessly painfully miserably
        sloppily sadly angrily slowly cruelly unfairly coldly lazily wrongly dreadfully
        hopelessly grimly shamefully
        """),
    "did": words("""
        failed, broke, fell apart, let us down, disappointed everyone, bored us to tears, crashed,
        ruined the evening, made us angry, made me yawn, gave me a headache, was a waste of money,
        fell flat, went wrong, dragged on forever, made no sense, got on my nerves, stank,
        put me to sleep, cost far too much, was painful to watch, stopped working, never came,
        wasted our time, spoiled the whole day, missed the mark, hurt my back,
        annoyed the whole room,
        left us cold, never got better, ran out of ideas
        """),
    "event": words("""
        lost the only key, broke her arm, got a cruel letter, failed the exam, lost a dear friend,
        cried in the rain, burned the cake, shouted at her mother, fell down the stairs,
        lost the job,
        wept until the lights went out, was left in the cold, got very ill, dropped the big fish,
        saw the roof fall in, was blamed by everyone, got a hard slap, was robbed of the last coin,
        was booed by the crowd, sat alone all day, hurt an old man, never came home,
        received an ugly threat, woke in pain, was betrayed by a friend, got worse,
        killed a little bird,
        spilled the hot soup, was scolded by the teacher, nearly drowned, lost the match
        """),
    "close": words("""
        They left in tears., Everybody groaned., It was a day to forget.,
        I would never do it again.,
        One star., Thumbs down., Stay away from it., I will not be back., Not recommended.,
        What a letdown!, We argued all the way home., Not worth a penny., I want my money back.,
        Never again!, Shame on them!, We complained to the manager., It ruined my week.,
        Save your money.,
        Avoid it at all costs., I warned all my friends., All ended in ruin., She frowned and left.,
        It gets no marks from me., Yuck!, Send it back at once., I asked for a refund.
        """),
}

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
