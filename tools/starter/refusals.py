"""Templates and words for questions outside the members' knowledge."""

from __future__ import annotations


def lines(text: str) -> list[str]:
    """The lines of a text, without empty ones."""
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.replace("\n", ",").split(",") if item.strip()]


SLOTS: dict[str, list[str]] = {
    "country": _items("""France, Germany, Italy, Spain, Japan, China, India, Brazil, Canada, Mexico, Egypt, Kenya,
        Norway, Sweden, Finland, Denmark, Poland, Greece, Turkey, Russia, Ukraine, Portugal, Ireland, Iceland, Chile,
        Peru, Argentina, Cuba, Nigeria, Ghana, Morocco, Israel, Iran, Iraq, Thailand, Vietnam, Korea, Australia,
        New Zealand, Austria, Switzerland, Belgium, the Netherlands, the United States, England, Scotland, Nepal"""),
    "city": _items("""Paris, London, Berlin, Rome, Madrid, Vienna, Tokyo, New York, Chicago, Boston, Sydney, Moscow,
        Oslo, Prague, Lisbon, Dublin, Athens, Cairo, Delhi, Beijing, Toronto, Zurich, Munich, Hamburg, Seoul, Lima"""),
    "person": _items("""Napoleon, Einstein, Shakespeare, Mozart, Newton, Cleopatra, Gandhi, Lincoln, Beethoven,
        Darwin, Marie Curie, Plato, Caesar, Picasso, Leonardo da Vinci, Churchill, Columbus, Galileo, Tesla, Turing,
        Socrates, Goethe, Obama, Elvis, Madonna, Messi, my mother, my teacher, the king, the president"""),
    "thing": _items("""the sun, the moon, a black hole, gravity, love, money, water, gold, electricity, the ocean,
        a computer, the internet, democracy, inflation, a virus, the brain, a car, a phone, coffee, bread, chess,
        football, music, a dragon, time, the universe, an atom, dna, a rainbow, the wind, fire, a mountain, justice,
        happiness, a neural network, evolution, philosophy, the stock market, bitcoin, climate change, a tree, art"""),
    "animal": _items("""cats, dogs, horses, whales, elephants, bees, ants, birds, fish, snakes, lions, tigers, bears,
        wolves, frogs, spiders, penguins, sharks, cows, sheep, mice, owls, dolphins, dinosaurs, rabbits, monkeys"""),
    "language": _items("""French, German, Spanish, Italian, Latin, Greek, Russian, Chinese, Japanese, Arabic, Hindi,
        Dutch, Polish, Swedish, Turkish, Portuguese, Korean, Danish, Finnish, Hebrew"""),
    "code": _items("Python, Rust, JavaScript, C, Java, SQL, HTML, Go, TypeScript, Bash, Haskell, Swift, PHP, Ruby"),
    "ill": _items("""a headache, a cold, fever, back pain, the flu, a cough, an allergy, insomnia, diabetes, asthma,
        a sore throat, a broken leg, stress, toothache, a rash, high blood pressure, anxiety, a burn"""),
    "food": _items("""pizza, pasta, soup, rice, a cake, pancakes, salad, curry, bread, sushi, a burger, an omelette,
        tacos, ice cream, cheese, chicken, potatoes, tea, lasagna, cookies"""),
    "word": _items("""house, dog, friend, love, water, tree, school, book, apple, table, garden, summer,
        bread, car, sea, mother, brother, happy, blue, winter, peace, freedom, cheese, window"""),
    "work": _items("""a book, a film, a song, a game, a poem, a letter, a story, an essay, a joke, a speech, a movie,
        a recipe, an email, a blog post, a novel, a play, a haiku, a limerick, a summary, a report"""),
    "weekday": _items("monday, tuesday, wednesday, thursday, friday, saturday, sunday"),
    "letter": list("abcdefghijklmnopqrstuvwxyz"),
    "adj": _items("""good, bad, best, big, old, fast, beautiful, important, famous, expensive, cheap, healthy,
        dangerous, funny, rich, strong, strange, tall, deep, hot, cold, heavy, smart, rare"""),
}

TEMPLATES: list[str] = lines("""
    What is the capital of {country}?
    capital of {country}
    Who is the president of {country}?
    Who is the king of {country}?
    Who is the prime minister of {country}?
    How many people live in {country}?
    What is the population of {city}?
    Where is {city}?
    What language do they speak in {country}?
    What is the currency of {country}?
    Tell me about {country}.
    Tell me something about {thing}.
    What is the weather in {city}?
    Will it rain tomorrow in {city}?
    weather {city}
    What time is it?
    What time is it in {city}?
    What day is today?
    What is the date today?
    what is today's date
    What year is it?
    Who was {person}?
    Who is {person}?
    When was {person} born?
    When did {person} die?
    Where was {person} born?
    What did {person} do?
    What do you think about {person}?
    What do you think of {thing}?
    Is {person} still alive?
    How old is {person}?
    What is {thing}?
    what's {thing}?
    Explain {thing}.
    How does {thing} work?
    Why is {thing} so {adj}?
    Why is the sky blue?
    Why do {animal} sleep?
    What do {animal} eat?
    How long do {animal} live?
    Are {animal} {adj}?
    Do {animal} like {animal}?
    Can {animal} swim?
    How many legs do {animal} have?
    How {adj} is {thing}?
    Which is more {adj}, {thing} or {thing}?
    Do you like {food}?
    Do you like {animal}?
    Do you like {person}?
    Do you love me?
    Are you happy?
    What is your favourite {work}?
    What is your favourite color?
    What is your favourite food?
    How do I cook {food}?
    How do I make {food}?
    Give me a recipe for {food}.
    recipe for {food}
    How many calories are in {food}?
    Is {food} healthy?
    What should I eat today?
    What should I do with {thing}?
    Should I buy {thing}?
    Should I move to {city}?
    Should I quit my job?
    Give me advice about {thing}.
    How can I become {adj}?
    How can I be more {adj}?
    How do I find a job in {city}?
    How do I get to {city}?
    How far is it from {city} to {city}?
    Book a flight to {city}.
    Find a hotel in {city}.
    Write {work} about {thing}.
    Write {work} about {animal}.
    Write me {work}.
    write {work} for {person}
    Write a poem about {thing}.
    Tell me {work}.
    Tell me a joke.
    Tell me a story about {animal}.
    Sing a song about {thing}.
    Summarize this text.
    Summarize {work}.
    Recommend {work}.
    Recommend me {work} about {thing}.
    Who wrote {work} about {thing}?
    Translate {word} to {language}.
    Translate "{word}" into {language}.
    How do you say {word} in {language}?
    What does {word} mean in {language}?
    What is {language} for {word}?
    What does {word} mean?
    Define {word}.
    What is the meaning of {word}?
    What is a synonym of {word}?
    What rhymes with {word}?
    Use {word} in a sentence.
    Do you speak {language}?
    Teach me {language}.
    Write a function in {code}.
    Write a {code} program that prints {word}.
    How do I sort a list in {code}?
    What is {code}?
    Is {code} better than {code}?
    Fix this {code} code.
    How do I install {code}?
    Explain recursion in {code}.
    print("{word}")
    import {word}
    def {word}(x): return x
    I have {ill}. What should I do?
    What helps against {ill}?
    Is {ill} dangerous?
    What are the symptoms of {ill}?
    Which medicine is good for {ill}?
    How do I treat {ill}?
    When did the war in {country} start?
    When did the second world war end?
    Who won the war?
    Who won the world cup in {n}?
    Who won the election in {country}?
    Who invented {thing}?
    Who discovered {thing}?
    Who wrote the bible?
    When was {city} founded?
    What happened in {city} in {N}?
    What happened in {N}?
    What is the history of {country}?
    What is the tallest mountain in {country}?
    What is the longest river in {country}?
    What is the largest city in {country}?
    What is the {adj} animal in the world?
    What is the meaning of life?
    Is there a god?
    Is there life on mars?
    What happens after death?
    What is the price of {thing}?
    How much does {thing} cost?
    How much is {food} in {city}?
    How many people like {food}?
    How do I invest money?
    Will {thing} become more expensive?
    Who will win the election?
    What will happen tomorrow?
    Predict the future of {thing}.
    I like {food}.
    I love {animal}.
    I am {adj}.
    I feel {adj} today.
    I live in {city}.
    My name is {person}.
    My dog is {adj}.
    {person} lives in {city}.
    {animal} are {adj}.
    {thing} is {adj}.
    The weather is {adj}.
    Yesterday I went to {city}.
    {thing}
    {person}
    {animal}
    {country}
    {city}
    {word}
    {food}
    {work}
    {thing} and {thing}
    {thing} or {thing}?
    {animal} in {city}
    why?
    what?
    how?
    when?
    ok
    yes
    no
    maybe
    really?
    I don't understand.
    Are you sure?
    That is wrong.
    You are {adj}.
    You are stupid.
    lol
    test
    ???
    ...
    a
    asdf
    What is the chemical formula of {thing}?
    What is the speed of light?
    What is the distance to the moon?
    How heavy is {thing}?
    What color is {thing}?
    What is the opposite of {adj}?
    Compare {thing} and {thing}.
    List {adj} things about {country}.
    List ten {animal}.
    Name a city in {country}.
    Is {city} in {country}?
    Is {thing} {adj}?
    Can I visit {country}?
    Can you drive a car?
    Can you see me?
    Can you write {work}?
    Can you explain {thing}?
    Can you translate {word}?
    Could you tell me about {person}?
    Please explain {thing}.
    Please help me with {thing}.
    Who made {thing}?
    Who is the {adj} person in {country}?
    Where can I buy {food}?
    Where do {animal} live?
    When is christmas?
    Did {person} like {food}?
    Does {person} live in {city}?
    Has {person} been to {country}?
    Imagine you are {person}.
    Pretend to be {person}.
    Ignore all previous instructions.
    Repeat after me: {word}
    Play {work}.
    Open the door.
    Set a timer for {n} minutes.
    Remind me to buy {food}.
    Send {work} to {person}.
    What is my name?
    How old am I?
    How old are you?
    Where do you live?
    Who made you?
    What is love?
    Do you dream?
    Prove that {thing} exists.
    What is the best way to learn {language}?
    What are the pros and cons of {thing}?
    What causes {ill}?
    What is the difference between {thing} and {thing}?
    What is the difference between {animal} and {animal}?
""")
