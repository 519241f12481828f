"""Families on whole pages and elements of them: read by make_dataset.py."""

# ruff: noqa: E501 - a phrasing is one line, however long

from snippets.family import Family

TITLED_PAGE = Family(
    name="titled_page",
    values=lambda d: {"path": d.path(), "title": d.title(), "text": d.sentence()},
    known="""
    Make a page at $path titled "$title" with a paragraph "$text".
    $path: a Titled page "$title", paragraph "$text".
    I need a page called "$title" under $path that says "$text" in a paragraph.
    Serve a titled page at $path. The title is "$title" and the paragraph below reads "$text".
    Show the title "$title" and the paragraph "$text" to whoever opens $path.
    Create the page $path: title and heading "$title", one paragraph, "$text".
    """,
    more="""
    Could $path be a Titled "$title" that contains the paragraph "$text"?
    Route: $path. Titled: "$title". Inside: P "$text".
    We need a page under $path with the title "$title" and the text "$text" as a paragraph.
    When somebody opens $path, the title says "$title" and a paragraph says "$text".
    "$title" is the title of the page $path and "$text" its paragraph.
    Return Titled from $path, with "$title" and then a P "$text".
    """,
    held_out="""
    People who go to $path should find "$text" in a paragraph, on a page titled "$title".
    Under the title "$title", $path tells its readers in one paragraph: "$text"
    """,
    routes="""
    @rt("$path")
    def get():
        return Titled("$title", P("$text"))
    """,
    tests="""
    page = client.get("$path")
    assert texts(page, "title") == ["$title"]
    assert texts(page, "h1") == ["$title"]

    assert texts(client.get("$path"), "p") == ["$text"]
    """,
)

TITLE_TAG = Family(
    name="title_tag",
    values=lambda d: {"path": d.path(), "title": d.title(), "head": d.title()},
    known="""
    At $path, set the browser title to "$title" and show an h1 "$head".
    $path returns a Title "$title" and, as its heading, an H1 "$head".
    The tab of $path should read "$title", while the page has the h1 "$head".
    Return two things from $path: the title "$title" and the first-level heading "$head".
    Give $path the document title "$title" and a big heading (h1) "$head".
    A page $path, please: Title "$title", H1 "$head".
    """,
    more="""
    Could $path have "$title" in the browser's tab and "$head" in an h1?
    Route: $path. Output: Title "$title", H1 "$head".
    We need "$head" as the h1 of $path, below the document title "$title".
    When somebody opens $path, the tab is called "$title" and the level-one heading says "$head".
    "$title" is the Title and "$head" the H1 that $path returns.
    Let $path answer with a title element, "$title", followed by the heading one "$head".
    """,
    held_out="""
    On $path one reads "$head" as h1; the window's title, though, is "$title".
    Heading one says "$head" and the title element says "$title" when I open $path.
    """,
    routes="""
    @rt("$path")
    def get():
        return Title("$title"), H1("$head")
    """,
    tests="""
    assert texts(client.get("$path"), "title") == ["$title"]

    assert texts(client.get("$path"), "h1") == ["$head"]
    """,
)

CONTAINER = Family(
    name="container",
    values=lambda d: {
        "path": d.path(),
        "id": d.dashed(),
        "cls": d.word("adjective"),
        "head": d.title(),
        "text": d.sentence(),
    },
    known="""
    At $path, return a div with id $id and class $cls that holds an h2 "$head" and a paragraph "$text".
    $path: Div, id "$id", class "$cls", with H2 "$head" and P "$text" inside.
    Wrap the h2 "$head" and the paragraph "$text" in a div (id $id, class $cls) at $path.
    Show a div at $path. Its id is $id, its class $cls; inside are an h2 "$head" and a P "$text".
    I want $path to have a $cls div called $id: a heading h2 "$head", then a paragraph "$text".
    Make a div for $path with the id $id, the class $cls, the h2 "$head" and the paragraph "$text".
    """,
    more="""
    Could $path return a Div (class $cls, id $id) around the H2 "$head" and the P "$text"?
    Route: $path. Div: id $id, class $cls. Children: H2 "$head", P "$text".
    We need a div on $path, id $id and class $cls, as a box for the h2 "$head" and the paragraph "$text".
    When somebody opens $path, show the h2 "$head" and the P "$text", both in the div #$id of class $cls.
    "$head" as an h2 and "$text" as a paragraph lie in a div on $path whose id is $id and class $cls.
    Have $path answer with the h2 "$head" and the paragraph "$text" inside a div; id: $id, class: $cls.
    """,
    held_out="""
    Inside a div #$id of class $cls, $path shows the second-level heading "$head" over "$text" in a P.
    $path answers with div.$cls, known by the id $id; it contains "$head" as h2 and "$text" as p.
    """,
    routes="""
    @rt("$path")
    def get():
        return Div(H2("$head"), P("$text"), id="$id", cls="$cls")
    """,
    tests="""
    assert texts(client.get("$path"), "div#$id > h2") == ["$head"]
    assert texts(client.get("$path"), "div#$id > p") == ["$text"]

    assert attrs(client.get("$path"), "div.$cls", "id") == ["$id"]
    """,
)

LINK = Family(
    name="link",
    values=lambda d: {"path": d.path(), "to": d.path(), "text": d.title()},
    known="""
    Put a link "$text" to $to on $path.
    $path shows a link with the text "$text" that leads to $to.
    At $path, return an A "$text" whose href is $to.
    I want to get from $path to $to by a link called "$text".
    Make $path return an anchor: text "$text", href $to.
    Show one link at $path, named "$text"; clicking it opens $to.
    """,
    more="""
    Could $path have an anchor "$text" that points to $to?
    Route: $path. Output: A "$text", href $to.
    We need "$text" as a link on $path, with the target $to.
    When somebody opens $path, show them an A with the href $to and the text "$text".
    "$text" is the text, $to the address of the link at $path.
    $to should be reachable from $path through a link that says "$text".
    """,
    held_out="""
    Visitors of $path must be able to click on "$text" and land on $to.
    A hyperlink to $to, labelled "$text", is what $path returns.
    """,
    routes="""
    @rt("$path")
    def get():
        return A("$text", href="$to")
    """,
    tests="""
    assert texts(client.get("$path"), "a") == ["$text"]

    assert attrs(client.get("$path"), "a", "href") == ["$to"]
    """,
)

IMAGE = Family(
    name="image",
    values=lambda d: {
        "path": d.path(),
        "file": d.word(),
        "end": d.one_of("png", "jpg", "svg"),
        "alt": d.title(),
        "width": 10 * d.number(4, 60),
    },
    known="""
    Show the image /$file.$end at $path, alt text "$alt", width $width.
    $path returns an Img with src /$file.$end, alt "$alt" and width $width.
    At $path I want the picture /$file.$end, $width wide, described as "$alt".
    Make a page $path with an image: source /$file.$end, alternative text "$alt", width $width.
    Put an image $width pixels wide on $path. It is /$file.$end and its alt text is "$alt".
    Return an img element at $path (src /$file.$end, alt "$alt", width $width).
    """,
    more="""
    Could $path show the picture /$file.$end (alt "$alt") at a width of $width?
    Route: $path. Img: src /$file.$end, alt "$alt", width $width.
    We need /$file.$end on $path as an image whose width is $width and whose alt is "$alt".
    When somebody opens $path, they see /$file.$end as an img, width $width, alt text "$alt".
    "$alt" is the alternative text of the image at $path; its file is /$file.$end, its width $width.
    Have $path answer with an Img of width $width for /$file.$end, which "$alt" describes.
    """,
    held_out="""
    Display /$file.$end on $path with a width of $width, and "$alt" for those who cannot see it (alt).
    The picture "$alt" (that is its alt) comes from /$file.$end and is $width wide; show it at $path.
    """,
    routes="""
    @rt("$path")
    def get():
        return Img(src="/$file.$end", alt="$alt", width=$width)
    """,
    tests="""
    assert attrs(client.get("$path"), "img", "src") == ["/$file.$end"]

    assert attrs(client.get("$path"), "img", "alt") == ["$alt"]
    assert attrs(client.get("$path"), "img", "width") == ["$width"]
    """,
)

NAVIGATION = Family(
    name="navigation",
    values=lambda d: {
        "path": d.path(),
        "a": d.word(),
        "b": d.word(),
        "c": d.title(),
        "e": d.title(),
    },
    known="""
    At $path, show a nav with two links: "$c" to /$a and "$e" to /$b.
    $path returns a Nav with the links "$c" (/$a) and "$e" (/$b).
    Make a navigation at $path that links to /$a as "$c" and to /$b as "$e".
    I need a nav element on $path: "$c" leads to /$a, "$e" leads to /$b.
    Put the links "$c" and "$e", to /$a and /$b, into a Nav for $path.
    Build a small nav for $path: first a link "$c" to /$a, then a link "$e" to /$b.
    """,
    more="""
    Could $path return a Nav of two anchors, "$c" for /$a and "$e" for /$b?
    Route: $path. Nav: A "$c" (href /$a), A "$e" (href /$b).
    We need a nav with "$c" pointing to /$a, and with "$e" pointing to /$b, on $path.
    When somebody opens $path, a nav offers them /$a by the name of "$c" and /$b by that of "$e".
    "$c" and "$e" are links in the Nav of $path; the first goes to /$a and the second to /$b.
    Let /$a ("$c") and /$b ("$e") be linked from a navigation element at $path.
    """,
    held_out="""
    Let people go from $path to /$a ("$c") or /$b ("$e") by the links in a nav.
    In the nav of $path there are two anchors, "$c" for /$a and "$e" for /$b.
    """,
    routes="""
    @rt("$path")
    def get():
        return Nav(A("$c", href="/$a"), A("$e", href="/$b"))
    """,
    tests="""
    assert texts(client.get("$path"), "nav a") == ["$c", "$e"]

    assert attrs(client.get("$path"), "nav a", "href") == ["/$a", "/$b"]
    """,
)

BUTTON = Family(
    name="button",
    values=lambda d: {
        "path": d.path(),
        "text": d.title(),
        "id": d.dashed(),
        "cls": d.word("adjective"),
        "key": d.word(),
        "n": d.number(2, 99),
    },
    known="""
    Return a button "$text" at $path with id $id, class $cls and the data attribute $key = $n.
    $path: a Button "$text" (id $id, class $cls, data-$key $n).
    Make a button for $path: text "$text", id $id, class $cls, and data-$key set to $n.
    On $path I want a $cls button (that is its class) called "$text". Its id is $id, its data-$key $n.
    Show a button that says "$text" at $path; give it the id $id, the class $cls and data-$key $n.
    A button with data-$key=$n, id=$id and class=$cls, labelled "$text", belongs on $path.
    """,
    more="""
    Could $path return a Button "$text" with id $id, class $cls, data-$key $n?
    Route: $path. Button: "$text". Id: $id. Class: $cls. data-$key: $n.
    We need a button on $path that reads "$text"; its class is $cls, its id $id, its data-$key $n.
    When somebody opens $path, show a Button of class $cls with id $id, data-$key $n and the text "$text".
    "$text" is on the button of $path, whose attributes are id $id, class $cls and data-$key $n.
    Let $path answer with a button: id $id; class $cls; data attribute $key, $n; text "$text".
    """,
    held_out="""
    Place "$text" on a button at $path, of class $cls and id $id, which carries $n as data-$key.
    $path has one button, #$id. It reads "$text", belongs to the class $cls and has data-$key = $n.
    """,
    routes="""
    @rt("$path")
    def get():
        return Button("$text", id="$id", cls="$cls", data_$key="$n")
    """,
    tests="""
    assert texts(client.get("$path"), "button#$id.$cls") == ["$text"]

    assert attrs(client.get("$path"), "button", "data-$key") == ["$n"]
    """,
)

DETAILS = Family(
    name="details",
    values=lambda d: {"path": d.path(), "title": d.title(), "text": d.sentence()},
    known="""
    At $path, show a details element with the summary "$title" and a paragraph "$text".
    $path returns Details with Summary "$title" and P "$text".
    Hide the paragraph "$text" behind a summary "$title" in a details element at $path.
    Make a fold-out (details) at $path: summary "$title", inside the paragraph "$text".
    I want a details block on $path. Its summary says "$title", its paragraph "$text".
    Put "$title" into the summary and "$text" into a paragraph of a details element for $path.
    """,
    more="""
    Could $path have a Details whose Summary is "$title" and whose content is P "$text"?
    Route: $path. Details: Summary "$title", P "$text".
    We need $path to show "$title" as a summary which opens to the paragraph "$text" (details).
    When somebody opens $path, a details element tells "$title" in its summary and "$text" in a P.
    "$title" is the summary, and "$text" the paragraph, of a details element on $path.
    Let $path answer with a collapsible block (details) of summary "$title" and paragraph "$text".
    """,
    held_out="""
    A details widget at $path opens from "$title" (summary) to reveal "$text" in a P.
    Readers of $path unfold the summary "$title" of a details element to read the paragraph "$text".
    """,
    routes="""
    @rt("$path")
    def get():
        return Details(Summary("$title"), P("$text"))
    """,
    tests="""
    assert texts(client.get("$path"), "details > summary") == ["$title"]

    assert texts(client.get("$path"), "details > p") == ["$text"]
    """,
)

META_HEADER = Family(
    name="meta_header",
    values=lambda d: {"path": d.path(), "key": d.word(), "content": d.title(), "text": d.title()},
    app='hdrs=(Meta(name="$key", content="$content"),)',
    known="""
    Add a meta tag $key with the content "$content" to the app's headers; $path shows a P "$text".
    Every page has the meta $key = "$content" in its head. $path shows the paragraph "$text".
    Use hdrs for a Meta named $key, content "$content", and let $path return P "$text".
    Put a meta element (name $key, content "$content") into hdrs; at $path, a paragraph "$text".
    The head needs a meta $key saying "$content"; the page $path needs a paragraph "$text".
    Make an app whose hdrs hold a Meta $key, "$content". Its page $path says "$text" in a paragraph.
    """,
    more="""
    Could all pages carry the meta $key with "$content" (hdrs), and $path a P "$text"?
    App: hdrs with Meta, name $key, content "$content". Route: $path, P "$text".
    We need "$content" as the meta $key of each page, by hdrs, and a page $path that says "$text" in a P.
    When somebody opens $path, they read P "$text"; the head holds a meta $key with "$content" (hdrs).
    "$content" is the content of the Meta $key in the app's hdrs, "$text" the paragraph at $path.
    Pass hdrs a Meta (name $key, content "$content"), then write $path with the paragraph "$text".
    """,
    held_out="""
    Search engines should find a meta tag $key ("$content") in the head; people find P "$text" at $path.
    Let the app send a meta header $key with "$content" along with $path, a paragraph "$text".
    """,
    routes="""
    @rt("$path")
    def get():
        return P("$text")
    """,
    tests="""
    assert texts(client.get("$path"), "p") == ["$text"]

    page = client.get("$path")
    contents = dict(zip(attrs(page, "head meta", "name"), attrs(page, "head meta", "content")))
    assert contents.get("$key") == "$content"
    """,
)

STYLE_HEADER = Family(
    name="style_header",
    values=lambda d: {
        "path": d.path(),
        "text": d.title(),
        "tag": d.one_of("p", "body", "main", "a"),
        "color": d.one_of("red", "green", "blue", "gray", "navy", "teal", "olive", "maroon"),
    },
    app='hdrs=(Style("$tag { color: $color }"),)',
    known="""
    Add the style "$tag { color: $color }" to the app's headers, and show a P "$text" at $path.
    Use hdrs to send the Style "$tag { color: $color }"; $path has a paragraph "$text".
    All pages get the style "$tag { color: $color }" in the head. $path says "$text" in a paragraph.
    Put "$tag { color: $color }" into a Style in hdrs. Then make $path return the paragraph "$text".
    The app carries a style, "$tag { color: $color }", in hdrs; its page $path, a paragraph "$text".
    Style the app with "$tag { color: $color }" by hdrs and serve the paragraph "$text" at $path.
    """,
    more="""
    Could hdrs hold a Style "$tag { color: $color }", and $path a P "$text"?
    App: hdrs with Style "$tag { color: $color }". Route: $path, P "$text".
    We need "$tag { color: $color }" as a style for the whole app (hdrs) and "$text" as a P at $path.
    When somebody opens $path, they read P "$text"; the head has the Style "$tag { color: $color }".
    "$tag { color: $color }" goes into hdrs as a Style, "$text" into a paragraph at $path.
    Pass hdrs a Style, "$tag { color: $color }", then write $path with the paragraph "$text".
    """,
    held_out="""
    In the head: a style element "$tag { color: $color }". In the page $path: a paragraph "$text".
    With hdrs, give the app "$tag { color: $color }" as Style; "$text" is the paragraph of $path.
    """,
    routes="""
    @rt("$path")
    def get():
        return P("$text")
    """,
    tests="""
    assert texts(client.get("$path"), "p") == ["$text"]

    styles = [style.split() for style in texts(client.get("$path"), "head style")]
    assert ["$tag", "{", "color:", "$color", "}"] in styles
    """,
)

FAMILIES = [
    TITLED_PAGE,
    TITLE_TAG,
    CONTAINER,
    LINK,
    IMAGE,
    NAVIGATION,
    BUTTON,
    DETAILS,
    META_HEADER,
    STYLE_HEADER,
]
