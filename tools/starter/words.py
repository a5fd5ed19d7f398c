"""A few hundred common English words, grouped by length."""

from __future__ import annotations

_TEXT = """
cat dog sun map pen cup box car bus hat key sea sky ice egg net bag bed leg arm ant bee cow fox hen owl pig rat
tree bird fish moon star book lamp door wall leaf rain snow wind fire gold iron salt milk corn rice bean ship boat
frog bear wolf deer duck goat lion seal swan crab hand foot nose neck face king ring song note drum bell horn
apple bread chair table house river stone cloud storm light night green brown white black sheep horse mouse tiger
zebra eagle robin whale shark lemon grape peach melon onion plant grass field beach ocean north south clock piano
garden window winter summer spring autumn bottle pencil basket rabbit monkey turtle spider orange banana cherry
tomato potato carrot butter cheese pepper silver copper planet rocket engine bridge castle forest island desert
kitchen library teacher student morning evening weekend holiday picture blanket chicken penguin dolphin giraffe
leopard lobster octopus pumpkin avocado spinach lettuce diamond emerald volcano glacier balloon bicycle trumpet
elephant kangaroo mountain football sandwich computer notebook keyboard umbrella backpack sunshine starfish
dinosaur hospital universe calendar children birthday daughter building painting medicine triangle cucumber
chocolate pineapple butterfly crocodile blueberry mushroom telephone adventure education newspaper furniture
strawberry friendship basketball toothbrush watermelon grasshopper playground helicopter television university
"""

WORDS: dict[int, list[str]] = {}
for _word in _TEXT.split():
    WORDS.setdefault(len(_word), []).append(_word)
