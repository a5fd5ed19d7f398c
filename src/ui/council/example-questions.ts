/** One per family that the starter council is good at, and a greeting. */
export const EXAMPLE_QUESTIONS: readonly string[] = [
  'What is 38 + 47?',
  'Reverse the word stone',
  'Sort 31, 7, 19',
  'What comes next: 3, 7, 11, 15?',
  'What date is 6 days after 14 March?',
  'Hello, who are you?',
];
