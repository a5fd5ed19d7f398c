/** One per family of tasks that the starter council was trained for, and a greeting. */
export const EXAMPLE_QUESTIONS: readonly string[] = [
  'What is 38 + 47?',
  'Reverse the word planet',
  'Sort 31, 7, 19',
  'What day is 5 days after Tuesday?',
  'Is 91 divisible by 7?',
  'Hello, who are you?',
];
