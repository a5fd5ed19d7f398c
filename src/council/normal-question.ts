import { asTyped } from './typed-text.ts';

/** The question as the council puts it: plain characters, one space between words. Equal ones are one question. */
export function normalQuestion(prompt: string): string {
  return asTyped(prompt).replace(/\s+/g, ' ').trim();
}
