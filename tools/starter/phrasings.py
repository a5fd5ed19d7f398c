"""All phrasing templates of the task families: family -> group -> templates.

`phrasings.json` is generated from this (see dataset.py), for programs that must
recognise the kind of a question from its text.
"""

from __future__ import annotations

PHRASINGS: dict[str, dict[str, list[str]]] = {
    "addition": {
        "add": [
            "What is {a} + {b}?", "{a}+{b}", "{a} + {b} =", "{a} + {b}", "what's {a} plus {b}?",
            "Add {a} and {b}.", "What is the sum of {a} and {b}?", "Calculate {a} + {b}.",
            "How much is {a} plus {b}?", "{a} plus {b}", "{a}+{b}=?", "What is {a} plus {b}?",
        ],
    },
    "subtraction": {
        "subtract": [
            "What is {a} - {b}?", "{a}-{b}", "{a} - {b} =", "{a} - {b}", "what's {a} minus {b}?",
            "Subtract {b} from {a}.", "Take {b} away from {a}.", "Calculate {a} - {b}.",
            "How much is {a} minus {b}?", "{a} minus {b}", "{a}-{b}=?", "What is {a} minus {b}?",
        ],
    },
    "multiplication": {
        "multiply": [
            "What is {a} * {b}?", "{a}*{b}", "{a} x {b} =", "{a} x {b}", "what's {a} times {b}?",
            "Multiply {a} by {b}.", "What is the product of {a} and {b}?", "Calculate {a} * {b}.",
            "How much is {a} times {b}?", "{a} times {b}", "{a} * {b} =", "What is {a} x {b}?",
        ],
    },
    "comparison": {
        "larger": [
            "Which is larger, {a} or {b}?", "Which number is bigger: {a} or {b}?",
            "What is the larger of {a} and {b}?", "{a} or {b}, which is bigger?",
            "Which is greater, {a} or {b}?", "larger: {a} or {b}", "Which is more, {a} or {b}?",
            "Pick the larger number: {a} or {b}.",
        ],
        "smaller": [
            "Which is smaller, {a} or {b}?", "Which number is lower: {a} or {b}?",
            "What is the smaller of {a} and {b}?", "{a} or {b}, which is smaller?",
            "Which is less, {a} or {b}?", "smaller: {a} or {b}",
            "Pick the smaller number: {a} or {b}.",
        ],
    },
    "sorting": {
        "ascending": [
            "Sort these numbers: {l}", "Sort {l}", "Sort {l} in ascending order.",
            "Put these numbers in order: {l}", "Order {l} from smallest to largest.",
            "Arrange {l} from low to high.", "Please sort the list {l}.",
            "Can you sort {l}?",
        ],
        "descending": [
            "Sort these numbers in descending order: {l}", "Sort {l} in descending order.",
            "Order {l} from largest to smallest.", "Arrange {l} from high to low.",
            "Sort descending: {l}",
        ],
    },
    "reversing": {
        "reverse": [
            "Reverse the word {w}.", "Reverse {w}", "Spell {w} backwards.",
            "What is {w} backwards?", "Write {w} backwards.", "How do you spell {w} backwards?",
            "Reverse the letters of {w}.", "{w} backwards", "reverse: {w}",
            'Reverse the word "{w}".',
        ],
    },
    "counting": {
        "length": [
            "How many letters are in {w}?", "How many letters does {w} have?", "Count the letters in {w}.",
            "How many letters are in the word {w}?", "number of letters in {w}", "letters in {w}",
            "How many letters does the word {w} have?", "count the letters of {w}",
        ],
        "vowels": [
            "How many vowels are in {w}?", "How many vowels does {w} have?", "Count the vowels in {w}.",
            "How many vowels are in the word {w}?", "number of vowels in {w}", "vowels in {w}",
            "How many vowels does the word {w} have?", "count the vowels of {w}",
        ],
    },
    "letter": {
        "first": [
            "What is the first letter of {w}?", "first letter of {w}",
            "Which letter does {w} start with?", "What letter does {w} begin with?",
            "What is the first letter in the word {w}?", "Give the first letter of {w}.",
        ],
        "last": [
            "What is the last letter of {w}?", "last letter of {w}",
            "Which letter does {w} end with?", "What letter does {w} end in?",
            "What is the last letter in the word {w}?", "Give the last letter of {w}.",
        ],
        "nth": [
            "What is the {o} letter of {w}?", "{o} letter of {w}", "Which is the {o} letter in {w}?",
            "What is letter {n} of {w}?", "letter {n} of {w}", "Give the {o} letter of {w}.",
            "What is the {o} letter in the word {w}?",
        ],
    },
    "date": {
        "after": [
            "What date is {n} after {d}?", "Which date is {n} after {d}?", "{n} after {d}",
            "What is the date {n} after {d}?", "If today is {d}, what date is it in {n}?",
            "{d} plus {n}", "Today is {d}. What date will it be in {n}?",
        ],
        "before": [
            "What date is {n} before {d}?", "Which date was {n} before {d}?", "{n} before {d}",
            "What is the date {n} before {d}?", "If today is {d}, what date was it {n} ago?",
            "{d} minus {n}", "Today is {d}. What date was it {n} ago?",
        ],
    },
    "sequence": {
        "next": [
            "What comes next: {l}?", "{l}, ?", "Next number: {l}",
            "What is the next number in {l}?", "Continue the sequence: {l}",
            "What number comes after {l}?", "{l}, ...", "Which number follows {l}?",
            "Continue: {l}",
        ],
    },
    "divisibility": {
        "even": [
            "Is {n} even?", "Is {n} an even number?", "Is the number {n} even?", "{n} even?",
            "Tell me if {n} is even.", "{n} is even, right?",
        ],
        "odd": [
            "Is {n} odd?", "Is {n} an odd number?", "Is the number {n} odd?", "{n} odd?",
            "Tell me if {n} is odd.", "{n} is odd, right?",
        ],
        "divisible": [
            "Is {n} divisible by {k}?", "Is {n} a multiple of {k}?", "Does {k} divide {n}?",
            "{n} divisible by {k}?", "Tell me if {n} is divisible by {k}.",
            "Is {n} evenly divisible by {k}?",
        ],
    },
    "extreme": {
        "largest": [
            "What is the largest of {l}?", "Which number is the largest: {l}?",
            "Find the maximum of {l}.", "max of {l}", "Largest number in {l}",
            "What is the biggest number in {l}?", "Give the maximum: {l}",
        ],
        "smallest": [
            "What is the smallest of {l}?", "Which number is the smallest: {l}?",
            "Find the minimum of {l}.", "min of {l}", "Smallest number in {l}",
            "What is the lowest number in {l}?", "Give the minimum: {l}",
        ],
    },
}

KINDS: dict[str, str] = {
    "addition": "number", "subtraction": "number", "multiplication": "number",
    "comparison": "number", "sorting": "list", "reversing": "word", "counting": "number",
    "letter": "word", "date": "date", "sequence": "number", "divisibility": "yes-no",
    "extreme": "number",
}
