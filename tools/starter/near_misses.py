"""Texts that look like a task and are none: the hardest ones to refuse."""

from __future__ import annotations

from refusals import lines

NEAR: list[str] = lines("""
    What is the square root of {n}?
    sqrt({n})
    What is {n} squared?
    What is the cube of {n}?
    What is {r} + {r}?
    What is {r} - {n}?
    {r} * {n}
    {r} + {r} =
    What is {n} / {n}?
    Divide {n} by {n}.
    {n} divided by {n}
    What is {n} percent of {n}?
    What is the integral of x squared?
    What is the derivative of {n}x?
    Solve x + {n} = {n}.
    Solve {n}x = {n} for x.
    What is sin({n})?
    log({n})
    What is {n} factorial?
    {n}!
    Is {n} prime?
    Is {n} a prime number?
    What is the prime factorization of {n}?
    What is {n} in binary?
    Convert {n} to hexadecimal.
    Convert {n} miles to kilometers.
    How many meters are {n} feet?
    How many seconds are in {n} hours?
    What is the mean of {n}, {n}, {n}?
    What is the average of {n} and {n}?
    What is the median of {n}, {n}, {n}?
    What is {N} + {N}?
    What is {N} * {N}?
    {N} - {N}
    {N} + {n}
    What is {n} + {n} + {n}?
    {n} + {n} * {n}
    {n} - {n} - {n}
    ({n} + {n}) * {n}
    What is two plus two?
    What is three times seven?
    What is x + {n}?
    {n}
    {N}
    {r}
    {n} {n}
    {n}, {n}
    What is {n} to the power of {n}?
    {n}^{n}
    What comes next: a, b, c?
    What comes next: red, green, blue?
    Sort {word}, {word}, {word}.
    Sort these words: {word}, {word}, {word}
    Sort {animal} by size.
    Which is larger, {thing} or {thing}?
    Which is bigger, {country} or {country}?
    Which is larger, {n} or {thing}?
    Which animal is larger, {animal} or {animal}?
    Is {thing} even possible?
    Is {word} a noun?
    Is {animal} divisible by {n}?
    How many letters are in the alphabet?
    How many words are in {work}?
    How many {animal} are in {city}?
    How many days are in a year?
    How many days until christmas?
    What day is christmas?
    What day was {person} born?
    What day comes after tomorrow?
    What day is {n} days after {weekday}?
    What day comes {n} days before {weekday}?
    Which day of the week is {n} days after {weekday}?
    {n} days after {weekday}
    {n} days before {weekday}
    If today is {weekday}, what day is it in {n} days?
    Today is {weekday}. What day was it {n} days ago?
    Is {weekday} before {weekday}?
    What comes after {weekday}?
    How many {letter}'s are in {word}?
    How many times does the letter {letter} appear in {word}?
    How many {letter} are in {word}?
    Count the letter {letter} in {word}.
    number of {letter} in {word}
    How many times does {letter} occur in {word}?
    Is there a letter {letter} in {word}?
    Does {word} contain the letter {letter}?
    What letter comes after {letter}?
    How many consonants are in {word}?
    How many syllables does {word} have?
    What date is easter?
    What is the date of the election?
    Reverse the decision of {person}.
    Reverse {n} times {thing}.
    Count to {n}.
    Count the {animal}.
    Add {food} to my list.
    Add {n} eggs and milk.
    Subtract {food} from my list.
    Multiply {thing} by {thing}.
    What is the sum of all {animal}?
    What is the product of {country}?
    What is the largest of all {animal}?
    What is the smallest country in the world?
    What is the maximum speed of {thing}?
    Find the best {food}.
    Pick a number.
    Give me a random number.
    Tell me a number between {n} and {n}.
    How much is {thing} minus {thing}?
    {thing} plus {thing}
    {word} times {n}
    {country} minus {country}
    Spell {word}.
    Is {n} a lucky number?
    Is {n} larger than infinity?
    {n} days of rain in {city}
    {n} years after {person}
    What year is {n} years after {N}?
    What time is {n} hours after noon?
    Continue the story: {thing} was {adj}
    Continue: once upon a time
    What is the next word in {word} {word}?
    Round {r} to {n} digits.
    What is {n} in roman numerals?
    Is it even {adj}?
    Is it odd that {animal} are {adj}?
    Roll a dice.
    Flip a coin.
""")
