"""Words and phrases of two moods, by what they can be said of. Read by prose.py.

Prose draws all mood words of a text from one side, and so a model that reads it learns which words
keep company. The first words of each list are the commonest (see `prose.common`).
"""

from lexicon import spaced, words

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
        favorite ideal exemplary masterful polished refined thoughtful generous helpful great decent
        agreeable welcome commendable faultless impeccable unbeatable astonishing winning triumphant
        successful superior fresh lively vibrant radiant bright warm joyful cheerful fulfilling
        gratifying blissful tasteful stylish classy smart clever ingenious original inventive
        imaginative creative rich fascinating interesting compelling excellent best better
        affordable ample astounding beloved beneficial breezy brisk buoyant certified classic clean
        clear-cut coherent colorful commanding complete comprehensive considerate consistent
        constructive convincing cordial cosy delicate deserving desirable dignified distinguished
        dreamy dynamic eager easygoing effective effusive elevated eloquent eminent enjoyed
        enriching enviable esteemed evocative excited exhilarating expert exuberant fair famous
        festive fertile finest flattering flourishing fortunate genial genuine gleaming glowing
        golden grand groundbreaking handsome harmonious healthy hearty honorable hopeful idyllic
        illuminating immaculate incomparable influential innovative inspired invaluable invigorating
        irresistible jolly jovial jubilant laudable legendary lucid lucky lush luxurious majestic
        marvellous matchless meaningful melodious mighty miraculous neatly-done noble notable
        noteworthy optimal peerless perky picturesque playful pleasing plush popular pretty
        productive promising prosperous proud pure rare redeeming regal rejuvenating renowned
        respectable revitalizing robust romantic safe savvy secure sensible serene sharp shining
        skillful slick smashing smooth soothing sound sparkling spirited spotless steady striking
        strong stupendous sumptuous sunny supreme surprising swell tempting tidy thankful thorough
        tremendous trusty unequaled unmatched unparalleled unrivaled upbeat upright useful
        victorious vivacious well-crafted well-done well-kept well-planned well-prepared
        well-rounded wholehearted wondrous youthful zesty zippy bewitching enthralling sterling
        peachy groovy rad ace nifty dandy first-class world-class high-quality above-average
        award-winning top-tier must-see second-to-none spot-on life-changing feel-good worth-it
        """),
    "work": spaced("""
        gripping moving touching funny hilarious witty engaging absorbing riveting thrilling
        exciting entertaining heartwarming poignant profound insightful intelligent sharp subtle
        stirring suspenseful original imaginative tender lyrical poetic powerful haunting charming
        fast-paced well-made well-written well-acted amusing playful honest sincere heartfelt
        enlightening thought-provoking intriguing provocative daring bold vivid authentic rousing
        electrifying spellbinding mesmerizing hypnotic endearing bittersweet sweeping ambitious
        intimate layered nuanced resonant timeless luminous sparkling laugh-out-loud satisfying
        accomplished addictive artful assured atmospheric beguiling bewitching blazing brainy
        breathless catchy cathartic cerebral clear-eyed comic crackling crisp deft disarming droll
        eloquent emotional energetic engrossing enthralling expressive exuberant fluid frank
        gorgeous heart-stopping heroic idiosyncratic immersive infectious invigorating joyous
        lifelike literate magnetic majestic masterly mature melodic memorable nimble observant
        perceptive pitch-perfect rapturous readable rich-textured rip-roaring rollicking satirical
        scintillating searing seductive soaring soulful sprightly stylized sumptuous taut
        transcendent tuneful unpretentious urgent warm-hearted well-paced well-shot whimsical wry
        zany
        """),
    "person": spaced("""
        kind friendly polite gentle patient caring honest brave loyal wise cheerful helpful generous
        thoughtful warm attentive courteous skilled talented gifted dedicated charming considerate
        hardworking reliable trustworthy supportive welcoming gracious humble respectful capable
        competent professional knowledgeable sincere faithful heroic lovable smiling understanding
        diligent obliging good-natured forgiving encouraging accommodating adept affable
        affectionate amiable amicable approachable articulate astute benevolent bighearted bubbly
        charismatic charitable compassionate conscientious cooperative cordial courageous curious
        decent devoted discreet down-to-earth earnest easygoing efficient empathetic engaging
        enthusiastic ethical fair-minded fearless flexible fun-loving genial hospitable industrious
        insightful kind-hearted kindly levelheaded likeable magnanimous mature meticulous modest
        neighborly nurturing open-minded passionate personable punctual quick-witted resourceful
        responsible selfless sociable soft-spoken spirited tactful tender thorough tireless tolerant
        trusting truthful unselfish upbeat upstanding vigilant virtuous warmhearted witty
        """),
    "feel": spaced("""
        happy glad delighted pleased thrilled joyful cheerful proud grateful thankful relaxed calm
        excited hopeful satisfied content overjoyed ecstatic amused comfortable relieved confident
        elated merry peaceful inspired refreshed enthusiastic optimistic impressed touched charmed
        lucky blessed safe loved moved entertained amazed appreciative astonished at-ease blissful
        buoyant captivated carefree charged cherished comforted contented dazzled eager encouraged
        energized enchanted enthralled euphoric exhilarated fascinated fortunate free fulfilled
        giddy gleeful gratified heartened honored invigorated jolly jovial jubilant lighthearted
        mellow on-top-of-the-world over-the-moon passionate pampered perky playful privileged
        reassured recharged rejuvenated respected rested rewarded secure serene smitten soothed
        supported tickled triumphant uplifted valued victorious welcome well-rested wowed
        """),
    "food": spaced("""
        delicious tasty fresh juicy crisp tender flavorful savory mouthwatering yummy scrumptious
        appetizing creamy fragrant crunchy succulent delectable wholesome homemade aromatic buttery
        satisfying fluffy luscious al-dente balanced bubbly caramelized chewy-good comforting crispy
        divine earthy exquisite filling finger-licking flaky full-bodied garlicky generous
        golden-brown gooey hearty heavenly lip-smacking melt-in-the-mouth mellow moist nourishing
        nutritious nutty piping-hot piquant plump refreshing rich ripe silky smoky smooth spicy
        sumptuous sweet tangy tempting toasty velvety well-cooked well-seasoned zesty
        """),
    "place": spaced("""
        clean cozy spacious quiet peaceful comfortable bright tidy airy spotless inviting safe
        welcoming sunny scenic picturesque elegant relaxing charming luxurious pretty homely warm
        restful serene tranquil blooming modern stylish accessible atmospheric beautiful breezy
        central classy enchanting fragrant gleaming grand green harmonious heavenly hospitable
        idyllic immaculate leafy lively lovely lush magnificent neat orderly pleasant plush posh
        pristine quaint roomy sanitary secluded shimmering snug soundproof sparkling splendid
        sumptuous sun-drenched tasteful unspoiled upscale vibrant well-appointed well-kept well-lit
        well-maintained well-stocked
        """),
    "thing": spaced("""
        reliable sturdy fast quick durable handy efficient smooth powerful useful practical
        dependable precise responsive affordable comfortable well-built intuitive effortless solid
        simple speedy robust accurate sleek versatile stable convenient flexible seamless
        trouble-free lightweight quiet user-friendly long-lasting adaptable adjustable bug-free
        compact crisp cutting-edge dishwasher-safe easy-to-use economical elegant energy-efficient
        ergonomic feature-rich feather-light foolproof future-proof glitch-free hassle-free high-end
        high-quality high-tech indestructible ingenious innovative leak-proof lightning-fast
        low-maintenance modern multipurpose nifty portable polished premium quick-drying readable
        resilient rugged safe satisfying secure self-explanatory sensitive shiny silent sharp
        streamlined strong stylish supportive top-quality unbreakable washable waterproof
        well-designed well-engineered well-made
        """),
    "noun": words("""
        joy, delight, pleasure, masterpiece, treasure, gem, triumph, success, treat, hit, winner,
        dream, blessing, bargain, marvel, miracle, victory, gift, highlight, wonder, classic,
        sensation, feast, breath of fresh air, work of art, real find, pleasant surprise,
        job well done, perfect choice, step forward, thrill, celebration, knockout, star,
        achievement, advantage, asset, beauty, benefit, bonus, boon, breakthrough, charm, comfort,
        crowd-pleaser, cure, dream come true, elegance, excellence, favorite, fun, gold mine,
        godsend, good deal, great value, happy ending, haven, home run, honor, improvement,
        inspiration, jewel, joyride, keeper, landmark, lifesaver, love letter, lucky break,
        milestone, must-have, must-read, oasis, page-turner, paradise, peach, plus, powerhouse,
        privilege, prize, ray of sunshine, relief, reward, sanctuary, showstopper, slam dunk,
        solution, steal, strength, sweet spot, tour de force, touch of class, upgrade, virtue,
        bull's eye, walk in the park, crown jewel, cut above the rest, feather in their cap,
        cherry on top, ten out of ten, bundle of joy, piece of cake
        """),
    "verb": words("""
        loved, enjoyed, adored, admired, liked, praised, cherished, recommended, appreciated,
        treasured, celebrated, applauded, welcomed, savored, could not stop smiling about,
        fell in love with, was impressed by, was delighted by, cannot wait to return to,
        laughed with, was moved by, had a great time with, was charmed by, will always remember,
        was amazed by, approved of, was captivated by, could not put down, could not get enough of,
        was dazzled by, devoured, was enchanted by, fell for, was fascinated by, felt at home with,
        felt grateful for, is a big fan of, kept coming back to, laughed out loud at,
        looked forward to, marveled at, prized, raved about, rejoiced in, relished, respected,
        sang the praises of, saluted, smiled at, supported, swore by, thanked us for, trusted,
        valued, was blown away by, would buy again, was thrilled by, was touched by,
        was won over by, would happily pay twice for, cheered for, endorsed, gave top marks to,
        was hooked on, took great pride in, had a blast with, had nothing but praise for
        """),
    "adverb": spaced("""
        beautifully brilliantly perfectly wonderfully nicely superbly skillfully gracefully smoothly
        flawlessly gently happily cheerfully expertly elegantly warmly well kindly splendidly
        delightfully masterfully lovingly reliably effortlessly admirably amazingly attentively
        bravely brightly calmly capably carefully cleanly cleverly competently confidently
        conveniently courteously creatively deftly delicately deliciously diligently eagerly
        efficiently eloquently enthusiastically excellently exceptionally exquisitely fairly
        faithfully fantastically fluently generously genuinely gladly gloriously graciously
        handsomely heroically honestly impeccably impressively ingeniously intelligently joyfully
        joyously magnificently marvelously meticulously neatly nobly patiently peacefully playfully
        pleasantly politely promptly properly proudly quickly radiantly respectfully seamlessly
        sensitively sharply sincerely solidly soundly spectacularly steadily stunningly stylishly
        successfully sweetly swiftly tastefully tenderly thoughtfully thoroughly tirelessly
        triumphantly vividly wisely
        """),
    "did": words("""
        worked, sparkled, shone, succeeded, impressed everyone, delighted us, exceeded our hopes,
        saved the day, made us smile, made me laugh, won us over, was worth every penny, paid off,
        lifted my spirits, charmed the whole room, felt like home, kept me hooked, touched my heart,
        came together, was a pleasure, flew by, hit the mark, brought a smile to my face,
        left us wanting more, worked like a dream, never let me down, deserved every award,
        made my day, lived up to the hype, surpassed all expectations, stole the show,
        took my breath away, blew us away, ticked every box, stood the test of time,
        lit up the room, warmed my heart, hit the spot, went without a hitch, went off smoothly,
        ran like clockwork, knocked it out of the park, rose to the occasion, set a new standard,
        thrilled the crowd, delivered, triumphed, soared, excelled, flourished, improved, thrived,
        prospered, healed, rewarded our patience, gave us hope, calmed my nerves, eased the pain,
        solved the problem, fixed everything, arrived early, earned my trust, went the extra mile,
        fit like a glove, felt just right, left me speechless with joy, saved us time,
        saved us money, made life easier, put a spring in my step, brought the house down,
        won every heart, held up well, was a dream to use, was a breath of fresh air,
        was worth the wait, kept its promise, outdid itself, restored my faith, pleased everyone,
        met every need, passed with flying colors, earned its praise
        """),
    "event": words("""
        won the first prize, found the lost dog, got a kind letter, passed the exam,
        made a new friend, danced in the sun, shared the cake, hugged her mother, sang a merry song,
        got the job, laughed until the lights went out, was given a warm coat, healed quickly,
        caught a big fish, fixed the roof in time, was thanked by everyone, got a big hug,
        found a bright coin, was cheered by the crowd, played happily all day, helped an old man,
        came home safe, received a lovely gift, kissed the baby, fell in love, got well again,
        saved a little bird, baked a sweet pie, was praised by the teacher, learned to swim,
        won the match
        """),
    "close": words("""
        They left with a smile., Everybody cheered., It was a day to remember.,
        I would do it again., Five stars., Thumbs up., Go and see for yourself.,
        I will be back soon., Highly recommended., What a treat!, We laughed all the way home.,
        Worth every penny., I could not be happier., Two more tickets now!, Bravo!,
        We thanked them all., It made my week., A big thank you!, Do not miss it.,
        I told all my friends to go., All ended well., She smiled and waved.,
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
        awkward sloppy careless messy chaotic confusing weak feeble flawed faulty broken wrong cheap
        shabby shoddy tacky tasteless vile repulsive revolting offensive insulting outrageous dismal
        sad sorry wretched woeful laughable lame mindless empty hollow lifeless stale bland flat
        cold harsh cruel unfair dishonest overpriced overrated unimpressive horrendous horrific
        disastrous catastrophic worst worse unfortunate failed substandard second-rate troubling
        worrying upsetting disturbing distressing dire crude mean abominable abrasive abusive
        aggravating alarming amateur angry anxious appalled arduous arbitrary artificial ashamed
        average baffling barbaric barren below-average bitter bizarre blatant bogus botched
        bothersome brutal burdensome callous cheerless childish clueless coarse colorless
        contemptible corrupt costly crappy creepy crippling criminal crooked crummy cumbersome
        damaging dangerous dated dead deceitful deceptive deficient degrading demeaning deplorable
        depraved derogatory desolate despicable destructive detestable deteriorating detrimental
        disagreeable disheartening dishonorable disorganized dispiriting displeasing dissatisfying
        distasteful dodgy downbeat draining dubious dumb dysfunctional embarrassed evil excessive
        excruciating exhausting exorbitant expensive exploitative fake false fatal fatiguing filthy
        flimsy forced forgotten foul fraudulent frightening frightful fruitless futile garbage
        garish ghoulish graceless grotesque grueling gruesome grievous harmful hateful heartbreaking
        heavy hellish hurtful icky ignorant ill-advised illogical immoral impersonal impossible
        impractical inappropriate incompetent inconsiderate inconsistent incorrect indecent inept
        inexcusable infuriating infamous inhumane inhospitable insecure insincere insufferable
        insufficient irrelevant irresponsible jarring junky lacking laborious lazy lethargic limp
        lonely loathsome low-quality ludicrous malicious mangled menacing mind-numbing misguided
        misleading missing monstrous moronic morbid mournful murky needless neglected negligent
        nonsensical notorious noxious obnoxious obscene odious oppressive ordinary patronizing
        perverse pesky pitiful poisonous pompous problematic puzzling questionable ragged reckless
        repellent reprehensible rough rude ruined ruinous savage scandalous scary severe shallow
        shocking sickening sinister sketchy skimpy slapdash slimy slipshod smug soiled sour sordid
        spiteful stressful strained stuck subpar sullen suspicious tainted tangled tarnished
        tattered tense threatening tired torturous toxic tragic traumatic treacherous troubled
        unappealing unattractive unbelievable unclear undesirable uneven unfinished unfit unhealthy
        uninspiring uninviting unjust unlucky unpopular unsafe unsound unsuccessful unsuitable
        unwanted unwelcome unwise unworthy vague vain vulgar warped wasted wasteful weary wicked
        worn-out worrisome wrongheaded yucky third-rate no-good overhyped overdone run-of-the-mill
        not-worth-it soul-crushing gut-wrenching bargain-bin
        """),
    "work": spaced("""
        predictable shallow unfunny pretentious slow sluggish incoherent contrived cliched plodding
        trite melodramatic preachy aimless stilted wooden manipulative convoluted derivative
        humorless overlong uninspired unoriginal unconvincing implausible superficial lazy clunky
        soulless amateurish formulaic repetitive muddled disjointed bloated heavy-handed sappy corny
        generic tepid listless meandering half-baked ill-conceived self-indulgent unwatchable
        monotonous lackluster joyless witless undercooked overblown sleep-inducing meaningless vapid
        gratuitous banal insipid grating absurd amateur annoying awkward bewildering boring bungled
        brainless cartoonish cheesy clumsy cloying cold confused cringeworthy crass cynical dated
        dim-witted disappointing disposable dour drab draggy dreary droning dry dumb dumbed-down
        emotionless episodic excessive exploitative far-fetched flabby flat-footed forced formless
        frantic garbled gimmicky glacial glib hackneyed ham-fisted hokey hollow hysterical idiotic
        inane inept inert interminable irrelevant jumbled juvenile lame lethargic long-winded
        ludicrous lurid maudlin mawkish mechanical messy mindless mirthless misconceived moronic
        murky nonsensical numbing obvious off-key off-putting out-of-tune over-the-top overacted
        overwritten padded painful paper-thin passionless patchy perfunctory phony plotless
        pointless ponderous poorly-acted poorly-written puerile rambling recycled rehashed rote
        rushed saccharine scattershot schmaltzy shapeless shrill simplistic slapdash sleepy sloppy
        smug sophomoric spineless stagy stale stiff strained stupid syrupy tasteless tedious
        threadbare tired toneless tortured turgid unbearable underdeveloped undramatic unendurable
        uneven unfocused unimaginative uninteresting uninvolving unlikable unnecessary unreadable
        vacuous wearisome wishy-washy worn-out
        """),
    "person": spaced("""
        rude unkind arrogant selfish lazy dishonest cruel hostile impatient careless grumpy
        unfriendly unhelpful aggressive disrespectful mean greedy cold ignorant incompetent
        unprofessional inattentive bossy nasty surly sullen indifferent dismissive condescending
        untrained clueless spiteful stubborn jealous impolite unreliable cowardly heartless
        bad-tempered vicious sneaky abrupt absent-minded abusive aloof antisocial argumentative
        belligerent bigoted bitter blunt boastful boorish brash brusque callous catty cheating
        childish clumsy cocky combative conceited contemptuous corrupt cranky crass crooked curt
        cynical deceitful defensive demanding devious dim disagreeable disloyal dismal disorganized
        domineering egotistical envious evasive fake faithless fickle finicky foolish forgetful
        foul-mouthed frantic fussy gruff gullible harsh hateful haughty hot-tempered hypocritical
        ill-mannered ill-tempered immature immoral impudent inconsiderate indecisive inept
        inflexible insensitive insincere insolent intolerant irresponsible irritable judgmental
        lying malicious manipulative meddlesome miserly moody nagging narrow-minded neglectful
        negligent nosy obnoxious obstinate overbearing pathetic patronizing petty pompous pushy
        quarrelsome reckless repulsive rough ruthless sarcastic scornful self-centered shady
        shameless short-tempered slow sly smug snobbish sour stingy stuck-up tactless thoughtless
        treacherous two-faced uncaring uncooperative uncivil unethical ungrateful unpleasant
        unqualified unreasonable unresponsive unskilled unsympathetic untrustworthy useless vain
        vindictive violent vulgar whiny wicked
        """),
    "feel": spaced("""
        sad unhappy angry upset furious disappointed miserable depressed lonely afraid scared
        worried anxious bored frustrated annoyed ashamed guilty hurt heartbroken gloomy nervous
        tired exhausted bitter hopeless jealous disgusted irritated embarrassed desperate
        discouraged betrayed cheated sick uneasy outraged horrified sorry tearful offended ignored
        abandoned abused aggravated agitated alarmed alienated alone appalled apprehensive awful
        baffled beaten belittled bewildered blue bothered brokenhearted bullied burdened
        claustrophobic confused cranky crushed cursed deceived defeated dejected demoralized
        despondent devastated disenchanted disheartened disillusioned dismayed displeased
        disrespected dissatisfied distraught distressed disturbed down drained dreadful dumped empty
        enraged envious fearful fed-up forgotten forlorn frightened fuming glum grief-stricken
        grumpy helpless homesick humiliated impatient inadequate incensed indignant infuriated
        insecure insulted irate isolated let-down livid lost mad melancholy mistreated misled
        mournful neglected nauseous numb overcharged overwhelmed panicked petrified powerless
        rejected remorseful resentful robbed rotten ruined shaken shattered shocked sickened
        sleepless sore stressed stuck suspicious tense terrified threatened tormented trapped
        troubled unappreciated uncomfortable unloved unwanted unwelcome used violated weary worn-out
        worthless wounded wretched
        """),
    "food": spaced("""
        cold stale soggy greasy burnt tasteless bland rotten sour bitter undercooked overcooked dry
        tough raw salty oily inedible rancid moldy watery rubbery mushy flavorless spoiled chewy
        lukewarm nauseating acidic acrid bony charred chalky clammy cloying congealed curdled doughy
        dried-out fatty fishy floury foul frozen gamey gloopy gluey gristly gritty gross half-cooked
        half-raw hard icky leathery limp lumpy mealy metallic microwaved nasty off oversalted
        overseasoned past-its-date pasty plasticky putrid runny scorched shriveled sickly slimy
        soapy sodden starchy stinking stringy tepid tinny unappetizing underdone unripe unsalted
        unseasoned vinegary warmed-over watered-down wilted
        """),
    "place": spaced("""
        dirty noisy cramped smelly filthy dark damp gloomy crowded shabby moldy dusty stuffy
        freezing unsafe uncomfortable run-down grimy dingy loud cluttered musty depressing neglected
        squalid drafty stained infested abandoned airless bare bleak broken-down bug-ridden
        cheerless claustrophobic cold congested cracked crammed crumbling dangerous decaying
        derelict desolate dilapidated disorderly draughty drab dreary dull echoing faded foul fusty
        garish ghastly grubby gritty hazardous hostile humid littered lifeless mildewed muddy
        overcrowded overrun peeling polluted poky ramshackle rank reeking roach-infested rundown
        seedy shady sketchy sleazy sordid soulless stale stinking sweltering tatty tired unclean
        unhygienic uninviting unkempt untidy unwelcoming windowless
        """),
    "thing": spaced("""
        broken slow fragile flimsy unreliable faulty defective noisy clumsy useless impractical
        expensive heavy sluggish unstable inaccurate buggy bulky uncomfortable complicated
        inconvenient unresponsive brittle outdated inefficient leaky scratched wobbly rusty
        overpriced cracked damaged glitchy antiquated awkward badly-made bent blurry breakable
        bug-ridden burnt-out cheap clunky confusing counterfeit crooked cumbersome dangerous dead
        dented deficient dim dull erratic error-prone fiddly frayed fuzzy grainy hard-to-use
        hazardous ill-fitting imprecise inadequate incompatible incomplete ineffective inferior
        jammed jerky laggy leaking limited loose low-grade low-quality makeshift malfunctioning
        misaligned mislabeled nonfunctional obsolete oversized patchy plasticky poor-quality
        power-hungry puzzling rattling rickety risky ripped scratchy shaky shoddy short-lived smelly
        squeaky stiff substandard temperamental toxic torn tricky underpowered unfinished unreadable
        unsafe unusable unsteady warped weak worn
        """),
    "noun": words("""
        mess, disaster, failure, disappointment, nightmare, waste, shame, joke, bore, flop, mistake,
        catastrophe, insult, torture, chore, rip-off, letdown, embarrassment, pain, headache,
        burden, fiasco, wreck, scam, tragedy, waste of time, waste of money, slap in the face,
        lost cause, bad joke, sad excuse, step backward, dud, misfire, ordeal, horror, abomination,
        aggravation, anticlimax, bad deal, blow, blunder, botch, bother, bummer, calamity,
        cash grab, con, crime, cry for help, curse, danger, dead end, deal-breaker, debacle, defeat,
        defect, disgrace, downer, downgrade, drag, drawback, dump, error, eyesore, failing, farce,
        fault, fire hazard, flaw, fraud, garbage, gimmick, hassle, hazard, health risk, hell, hoax,
        hole, horror show, humiliation, injustice, irritation, junk, lemon, lie, loss, low point,
        mockery, monstrosity, nuisance, outrage, piece of junk, problem, punishment, rubbish, ruin,
        scandal, setback, shambles, shortcoming, snoozefest, sore point, stinker, struggle, swindle,
        thorn in my side, threat, time-waster, train wreck, trap, trash, travesty, trouble, turkey,
        ugly mess, weakness, worst choice, wrong turn, black eye, bitter pill, bad apple,
        kick in the teeth, pain in the neck, recipe for disaster, stab in the back, waste of space
        """),
    "verb": words("""
        hated, disliked, regretted, despised, detested, loathed, resented, criticized, rejected,
        cursed, avoided, complained about, walked out of, was bored by, was let down by,
        was disgusted by, would gladly have skipped, wasted an evening on, suffered through,
        fell asleep during, was insulted by, had a terrible time with, will never return to,
        was annoyed by, gave up on, asked for a refund for, abandoned, abhorred, was appalled by,
        was baffled by, blamed, was bitterly sorry about, booed, canceled, condemned,
        could not bear, could not finish, could not stand, could not wait to get rid of, cringed at,
        was confused by, was cheated by, denounced, deplored, was disappointed by, dreaded, dumped,
        endured, was exhausted by, feared, felt robbed by, felt sick after, found no joy in,
        frowned at, got nothing from, groaned at, grew tired of, grumbled about,
        had nothing but trouble with, lost patience with, mocked, mourned, objected to, panned,
        pitied, put up with, refused, returned, rolled our eyes at, ridiculed, scorned,
        shuddered at, sighed at, slept through, sneered at, struggled with, threw away, tolerated,
        was turned off by, was outraged by, was repelled by, yawned through, warned us about,
        would never buy again, wept over, wanted to leave, is sick of, is tired of, cannot forgive,
        was ashamed of
        """),
    "adverb": spaced("""
        badly poorly terribly horribly awfully rudely clumsily carelessly painfully miserably
        sloppily sadly angrily slowly cruelly unfairly coldly lazily wrongly dreadfully hopelessly
        grimly shamefully abruptly absurdly aggressively aimlessly annoyingly appallingly arrogantly
        atrociously awkwardly bitterly blandly bluntly brutally callously cheaply coarsely
        confusingly crudely dangerously deplorably desperately disappointingly disastrously
        disgracefully disgustingly dishonestly dismally dully excessively faintly falsely feebly
        foolishly frustratingly gloomily greedily grossly gruffly harshly hastily hideously
        hurtfully idly illogically impatiently impolitely improperly inadequately inappropriately
        incompetently incorrectly ineptly inexcusably insultingly irresponsibly irritatingly lamely
        loudly maliciously meanly messily mindlessly needlessly negligently nervously offensively
        outrageously pathetically pointlessly pitifully pompously recklessly regrettably reluctantly
        ridiculously roughly ruthlessly savagely selfishly shabbily shockingly shoddily sickeningly
        sluggishly sourly spitefully stiffly stupidly tediously tragically unacceptably
        uncomfortably unhappily unjustly unpleasantly unprofessionally viciously wastefully weakly
        wearily wickedly woefully wretchedly
        """),
    "did": words("""
        failed, broke, fell apart, let us down, disappointed everyone, bored us to tears, crashed,
        ruined the evening, made us angry, made me yawn, gave me a headache, was a waste of money,
        fell flat, went wrong, dragged on forever, made no sense, got on my nerves, stank,
        put me to sleep, cost far too much, was painful to watch, stopped working, never came,
        wasted our time, spoiled the whole day, missed the mark, hurt my back,
        annoyed the whole room, left us cold, never got better, ran out of ideas, fell short,
        fell to pieces, broke down, blew up, burned out, backfired, flopped, bombed, collapsed,
        tanked, fizzled out, ran aground, failed miserably, missed every chance, fell on deaf ears,
        left much to be desired, made my skin crawl, made my blood boil,
        left a bad taste in my mouth, drove me up the wall, wore me out, ripped us off, cheated us,
        lied to us, kept us waiting, arrived late, arrived broken, came apart, froze, jammed,
        leaked, rattled, smelled awful, stalled, stuttered, overheated, crumbled, tore, rusted,
        shattered, lost its charm, lost the plot, lost our luggage, lost my trust, went downhill,
        went to waste, got worse by the minute, gave up, gave us food poisoning, charged us twice,
        drained my patience, drained the battery, tested my patience, bit the dust,
        broke its promise, broke my heart, put us off, ruined our plans, ruined everything,
        scared the children, made everyone miserable, made matters worse, hit rock bottom,
        did not deliver, did not work, did nothing for me, never recovered, never worked,
        was a far cry from the promise, was all talk, was beyond repair, was not worth it,
        was an uphill battle, added insult to injury, sucked, drove customers away,
        insulted our intelligence, overstayed its welcome
        """),
    "event": words("""
        lost the only key, broke her arm, got a cruel letter, failed the exam, lost a dear friend,
        cried in the rain, burned the cake, shouted at her mother, fell down the stairs,
        lost the job, wept until the lights went out, was left in the cold, got very ill,
        dropped the big fish, saw the roof fall in, was blamed by everyone, got a hard slap,
        was robbed of the last coin, was booed by the crowd, sat alone all day, hurt an old man,
        never came home, received an ugly threat, woke in pain, was betrayed by a friend, got worse,
        killed a little bird, spilled the hot soup, was scolded by the teacher, nearly drowned,
        lost the match
        """),
    "close": words("""
        They left in tears., Everybody groaned., It was a day to forget.,
        I would never do it again., One star., Thumbs down., Stay away from it.,
        I will not be back., Not recommended., What a letdown!, We argued all the way home.,
        Not worth a penny., I want my money back., Never again!, Shame on them!,
        We complained to the manager., It ruined my week., Save your money., Avoid it at all costs.,
        I warned all my friends., All ended in ruin., She frowned and left.,
        It gets no marks from me., Yuck!, Send it back at once., I asked for a refund.
        """),
}
