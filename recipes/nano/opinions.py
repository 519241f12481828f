"""Everyday opinions of two moods for nano's corpus: what happened, and more words to judge it by.

    python recipes/nano/opinions.py        prints twelve samples

prose.py says moods by words that carry them alone; here most sentences are plain facts that please
or vex ("It broke within {n} days."), as in the one or two sentences that people write of a thing.
"""

# ruff: noqa: E501 - a line of words, however long

import random

import moods
from lexicon import phrases, words
from prose import QUESTIONS, TURNED, Writer, question_about, style

SAID = {
    1: phrases("""
    It arrived a day early.|It still works like new after {n} months.|The price was fair.
    The waiter remembered our names.|They fixed it free of charge.|We got a free {noun}.
    They answered within {n} minutes.|The {noun} fits like a glove.|We did not have to wait at all.
    The {noun} came exactly as shown.|Setting it up took {n} minutes and no effort.
    The staff went out of their way for us.|They let us stay longer for nothing.|I slept like a baby.
    The children asked to go again.|My plate was empty in no time.|We had seconds.
    I have already ordered another {noun}.|We booked again on the spot.|I read it in one sitting.
    I stayed up all night to finish it.|Nobody wanted to leave.|The whole hall rose to its feet.
    The {noun} had us in stitches.|I was on the edge of my seat.|Time flew.|My {noun} has never been cleaner.
    It does what it says.|It does just what I need.|The battery lasts for days.|It starts at once every time.
    Everything was where it should be.|Everyone greeted us with a smile.|The {noun} smelled of fresh bread.
    The bed was soft and the sheets were clean.|We could see the sea from the {noun}.|It was quiet at night.
    It was easy to find.|The {noun} was full of life.|They gave us the best table.|Portions were generous.
    The {noun} melted in the mouth.|The crust was crisp and the middle soft.|It was cooked to perfection.
    I would pay twice as much for it.|It saved us hours.|It saved me a lot of money.|Worth the wait.
    Worth every cent.|It has changed how I work.|No more {noun} trouble since we have it.|I can finally relax.
    They kept every promise.|They kept us informed.|He took his time and explained it all.|She listened to us.
    They called back to ask if all was well.|The {noun} holds up well.|It is built to last.|It runs without a sound.
    It feels solid in the hand.|The colours are true.|It survived a fall.|You cannot go wrong with it.
    It is a steal at this price.|You get more than you pay for.|I have told all my friends about it.
    I bought one for my mother too.|My family fights over it.|It has a place of honour in my home.
    Two hours well spent.|You will laugh and cry.|The last page made me smile for days.|I can watch it again and again.
    The songs stay with you.|Every scene earns its place.|The actors have real chemistry.|I learned a lot.
    It made a hard thing easy.|It taught me more than a year of school.|We left with full hearts.
    My pain is gone since then.|The lost bag was back within a day.|They found a way to help.
    I got the job.|I passed with top marks.|She said yes.|The sun shone all day.|We won by {n} points.
    The doctor said I am healthy again.|The baby slept through.|Friends came from far away to hug us.
    The update cured every problem.|It loads in a blink.|It never asked twice.|It works right out of the box.
    The manual is clear.|The seller packed it with care.|There was nothing to complain about.|I have no complaints.
    I could not ask for more.|It was all we had hoped for.|It was more than we hoped for.|It beats all others.
    I cannot find a fault with it.|Nothing went wrong.|There is nothing I would change.|Never a dull moment.
    Not a single problem so far.|It has never failed me.|I have never eaten better.|It could not have been better.
    Hard to beat.|Second to none.|Count me in.|Two thumbs up.|Hats off to them.|Well done.|Keep it up.|Bravo.
    Good value.|Thank you so much.|A must.|A keeper.|Ten out of ten.|Full marks.|Chef's kiss.|Just what I wanted.
    Buy it.|Go and see it.|Do not miss it.|Take my word for it and go.|I would go back in a heartbeat.
    I will be back.|We shall return.|See you next year.|I cannot wait for the next one.|Lucky me.
    It grew on me.|It won me back.|They made up for it and more.|It got better every minute.
    """),
    -1: phrases("""
    It arrived {n} days late.|It stopped working after {n} days.|It broke within a week.|The price was a joke.
    The waiter forgot our order twice.|They wanted money for every little thing.|We were charged twice.
    They never answered my letters.|The {noun} did not fit.|We waited {n} minutes for nothing.
    The {noun} looked nothing like the picture.|Setting it up took all day and still it would not run.
    The staff looked the other way.|They threw us out early.|I did not sleep a wink.|I could hardly stay awake.
    The children begged to go home.|I left half of it on the plate.|We went to bed hungry.
    I sent the {noun} back the same day.|We checked out after one night.|I gave up after {n} pages.
    I looked at my watch every minute.|Half of the people left before the end.|You could hear people snore.
    Nobody laughed once.|I saw the end coming from the first minute.|It felt like hours.|My {noun} is worse than before.
    It does nothing it says.|It does not do what I need.|The battery dies within an hour.|It freezes every time.
    Nothing was where it should be.|Nobody greeted us.|The {noun} smelled of smoke.|There was mould on the wall.
    The bed was hard and the sheets were stained.|All we could see was a wall.|It was loud all night.|There were bugs in the {noun}.
    It was hard to find and harder to leave.|The {noun} was empty and cold.|They gave us a table by the toilet.|Portions were tiny.
    The {noun} tasted of cardboard.|The crust was burnt and the middle raw.|There was a hair in my {noun}.|It made us sick.
    I would not take it for free.|It cost us hours.|It cost me a lot of money.|Not worth the wait.
    Not worth a cent.|I want those two hours back.|Nothing but trouble since we have it.|I still wait for my money.
    They broke every promise.|They kept us in the dark.|He rushed through and explained nothing.|She rolled her eyes at us.
    They hung up on me.|The {noun} fell off on the first day.|It is built to break.|It rattles and squeaks.
    It feels like a toy.|The colours fade after one wash.|It cracked at once.|You cannot trust it.
    It is robbery at this price.|You get less than you pay for.|I have warned all my friends about it.
    My mother threw hers away.|My family hides from it.|It sits in a drawer now.|It went straight into the bin.
    Two hours I will never get back.|You will yawn and sigh.|The last page made me want to throw it away.|Once was more than enough.
    The songs are gone the moment they end.|Most scenes go nowhere.|The actors seem to read from a card.|I learned nothing.
    It made an easy thing hard.|It confused me more than it helped.|We left with empty hands.
    My back hurts since then.|They lost my bag and did not care.|They shrugged and walked off.
    I lost the job.|I failed again.|She said no.|It rained all day.|We lost by {n} points.
    The doctor had bad news.|The baby cried all night.|No one came.|It ended in a fight.
    The update broke everything.|It takes forever to load.|It asks the same thing again and again.|It was dead on arrival.
    The manual makes no sense.|The box was crushed and parts were missing.|There is a lot to complain about.|I filed a complaint.
    I expected more.|It was nothing we had hoped for.|It was even less than we feared.|All others beat it.
    I cannot find one good thing about it.|Everything went wrong.|There is nothing I would keep.|Not a moment of fun.
    One problem after another.|It has failed me again.|I have never eaten worse.|It could not have been worse.
    Hard to watch.|Last in its class.|Count me out.|Two thumbs down.|Shame on all of them.|Never mind.|Give it up.|Boo.
    Bad value.|Thanks for nothing.|A pass from me.|A throwaway.|Zero out of ten.|No marks.|Just my luck.|Not what I ordered.
    Do not buy it.|Stay at home.|Skip it.|Take my word for it and stay away.|I would not go back if you paid me.
    I will not return.|We are done with them.|Never in my life again.|I dread the next one.|Poor me.
    It wore off quickly.|It lost me halfway.|They made it even worse.|It went downhill from there.
    """),
}
MORE = {  # further words, of the kinds of moods.py
    1: {
        "any": words("""
        ace, adept, agile, airtight, alluring, amiable, artistic, astute, aromatic, blue-ribbon, bountiful, cherished,
        comfy, congenial, crowd-pleasing, cultured, dapper, delectable, dependable, diverting, easy, efficient, enchanted, energizing,
        enlightened, entrancing, error-free, exalted, eye-catching, fab, fantastical, fault-free, fetching, first-rate, fresh-faced,
        frictionless, glamorous, handy, heart-warming, high-end, humane, in a class of its own, in good shape, instructive, intuitive,
        kind, lifesaving, light-hearted, long-lasting, lovable, merry, mint, moreish, neatly made, never boring, next-level, on point,
        on time, one of a kind, out of this world, painless, pain-free, peaceful, pleasurable, prompt, proper, punctual, quality, quick,
        reassuring, relaxed, relaxing, reliable, responsive, restful, seamless, silky, simple, snappy, snug, speedy, splendiferous,
        stain-free, straightforward, stress-free, striking, sturdy, superlative, sweet-smelling, tender, tip-top, top, touching, tranquil,
        trouble-free, trustworthy, uncluttered, underrated, user-friendly, versatile, welcoming, well-built, well-balanced,
        well-organized, well-stocked, well-thought-out, wholesome, wicked good, worth the trip, yummy, above expectations, as good as new,
        better than ever, full of charm, full of joy, full of heart, better than expected, a cut above, worth seeing, easy to use, good fun
        """),
        "noun": words("""
        godsend, lifesaver, game changer, no-brainer, crowd-pleaser, page-turner, showstopper, home run, slam dunk, jewel, pearl, charm,
        must-have, must-read, tonic, balm, relief, comfort, boost, lift, laugh, favourite, smash, stunner, cracker, beauty of a thing,
        good investment, safe bet, sure thing, piece of heaven, little paradise, hidden gem, great find, warm hug, ray of sunshine,
        happy place, sweet spot, feather in their cap, labour of love, step up, pleasure to use, pleasure to read
        """),
        "verb": words("""
        raved about, swear by, smiled at, keep coming back for, could eat a bucket of, was won over by, was blown away by, was thrilled with,
        was pleased with, hugged, thanked everyone for, was grateful for, got hooked on, bought more of, stayed longer for, cheered for,
        clapped for, is over the moon about, cannot live without, have only praise for, would recommend
        """),
        "feel": words("""
        over the moon, on top of the world, in good hands, at ease, well looked after, spoiled, like a queen, like a king, full of hope,
        wide awake, rested, energized, valued, heard, respected, understood, tickled pink, in high spirits, as happy as can be,
        well fed, at peace, free of worry, warm inside
        """),
        "did": words("""
        outshone the rest, raised the bar, worked first time, came in handy, made life easier, did the trick, did its job, kept its word,
        won my heart, turned out great, got better and better, beat everything else, earned its price, pays for itself, made it easy,
        ran like clockwork, was on the house, healed quickly, kept us warm, kept us laughing, cheered me up, calmed me down, gave us hope
        """),
    },
    -1: {
        "any": words("""
        abrasive, abusive, agonizing, alarming, amateur, antiquated, appalling, arid, artless, asinine, awkward, backward, below average,
        bleak-looking, botched, bothersome, brainless, broken, buggy, bug-ridden, bungled, burnt, cheap-looking, cheesy, chilly, choppy, clunky,
        cluttered, cold-hearted, confused, contemptible, counterfeit, cramped, crappy, creaky, crooked, crude, cumbersome, cut-rate, damaged,
        damp, dead, deceptive, defective, deficient, dehydrated, delayed, deplorable, derelict, deteriorated, dishonest, dismissive, disorderly,
        distasteful, dodgy, dreary, drafty, dubious, dumb, erratic, error-prone, expired, faded, fake, feeble, fiddly, filthy, fishy, flaky, flawed,
        flimsy, foul, frail, fraudulent, fuzzy, glitchy, greasy, grubby, half-baked, half-finished, ham-fisted, hard to use, harmful, harsh, hazardous,
        heartless, hit-and-miss, hollow, hostile, humdrum, icky, ill-fitting, ill-prepared, inaccurate, incomplete, inconvenient, inedible, inept,
        insufferable, insufficient, intolerable, jarring, jittery, junky, laggy, lame, leaky, lethargic, lifeless, limp, lopsided, lousy, low-quality,
        lukewarm, lumpy, malfunctioning, meager, messy, misleading, missing, moldy, mouldy, murky, musty, nasty, noisy, not up to scratch, obnoxious,
        obsolete, off-putting, offensive, old and worn, out of order, outdated, overcooked, overcrowded, overhyped, overlong, overpriced, overrated,
        painful, pathetic, plodding, pointless, poorly made, pricey, puny, putrid, rancid, rickety, rigid, rotten, rude, run-down, rusty, scratched,
        scruffy, second-rate, shabby, shaky, shallow, shoddy, slapdash, sleazy, slow, sluggish, smelly, soggy, soulless, sour, spoiled, stained, stale,
        sticky, stingy, strained, stressful, stuffy, substandard, tacky, tasteless, tattered, tedious, tepid, third-rate, tinny, tiresome, too loud,
        too salty, too slow, too small, torn, toxic, trashy, troublesome, unbearable, uncaring, uncomfortable, undercooked, underwhelming, unfinished,
        unhelpful, unhygienic, uninspired, unreliable, unresponsive, unsafe, unstable, untrustworthy, unusable, upsetting, useless, vile, wasteful,
        weak, wobbly, worn out, worse than expected, worse than ever, full of holes, full of bugs, full of clichés, beneath contempt, a far cry from good
        """),
        "noun": words("""
        rip off, money pit, lemon, clunker, snoozefest, train wreck, car crash, dumpster fire, hot mess, pile of junk, piece of rubbish, tourist trap,
        con, fraud, sham, farce, fake, blunder, botch, misery, eyesore, hassle, nuisance, struggle, slog, grind, drag, downer, buzzkill, turkey,
        time sink, wild goose chase, recipe for trouble, shadow of its former self, pale copy, missed chance, wasted chance, kick in the teeth,
        step down, bitter pill, sorry sight, broken promise, empty shell, bad investment, pain to use, pain to read, health hazard
        """),
        "verb": words("""
        returned, sent back, threw away, threw out, binned, deleted, turned off, stopped watching, could not get through, could not stomach,
        sighed at, groaned at, frowned at, shouted at, fought with, got sick of, got tired of, lost patience with, lost money on, was robbed by,
        was ripped off by, was fed up with, was unimpressed by, was let down again by, was stuck with, had to pay extra for, would never recommend,
        cannot recommend, have nothing good to say about
        """),
        "feel": words("""
        fed up, let down, ripped off, ignored, unwelcome, like a fool, sick to the stomach, at the end of my rope, worn out, drained, stressed,
        robbed, insulted, unsafe, neglected, misled, humiliated, hungry and cold, out of luck, in low spirits, down in the dumps, as sad as can be,
        close to tears, sorry for myself, cold inside
        """),
        "did": words("""
        lowered the bar, broke again, came apart, made life harder, did nothing, did not work, would not start, broke its word, broke my heart, turned out badly,
        got worse and worse, lagged behind everything else, was not worth it, kept crashing, made it hard, leaked, peeled off, tore at once, jammed, shrank,
        turned sour, went cold, gave us food poisoning, kept us waiting, kept us awake, dragged me down, drove me mad, took our money and ran
        """),
    },
}


def widened(side: dict[str, list[str]], more: dict[str, list[str]]) -> dict[str, list[str]]:
    """A side of the lexicon with more words; the new ones come first, for they are read late."""
    return side | {kind: list(dict.fromkeys(more[kind] + side[kind])) for kind in more}


WORDS = {1: widened(moods.GLAD, MORE[1]), -1: widened(moods.SORRY, MORE[-1])}


def opinion(rng: random.Random) -> tuple[Writer, str]:
    """Who writes, and one or two sentences, now and then three."""
    w = Writer(rng, sides=WORDS)
    makers = [
        lambda: w.fill(rng.choice(SAID[w.mood])),
        w.sentence,
        lambda: w.fill(rng.choice(TURNED)),
    ]
    parts = [
        rng.choices(makers, weights=[5, 4, 2])[0]() for _ in range(rng.choice([1, 1, 1, 2, 2, 3]))
    ]
    if rng.random() < 0.1:
        parts.insert(0, w.flat())
    if len(parts) > 1 and rng.random() < 0.3:
        parts = [parts[0].rstrip(".!") + rng.choice([" and ", ", and ", "; ", " - "])
                 + parts[1][0].lower() + parts[1][1:], *parts[2:]]  # fmt: skip
    return w, style(rng, " ".join(parts))


def question(rng: random.Random) -> tuple[str, str]:
    """(prompt, answer) of a question about an opinion."""
    w, text = opinion(rng)
    return question_about(rng, w, text)[:2]


def notes(rng: random.Random) -> str:
    """An opinion with a form below it: several questions and answers."""
    w, text = opinion(rng)
    asked = rng.sample(QUESTIONS, rng.randint(1, 4))
    return "\n".join([text, *(f"{q}: {glad if w.mood > 0 else sorry}" for q, glad, sorry in asked)])


if __name__ == "__main__":
    demo = random.Random(1)
    for make in (notes, *[question] * 11):
        print(make(demo), end="\n---\n")
