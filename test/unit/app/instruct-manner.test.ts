import { expect, it } from 'vitest';
import { instructManner } from '../../../src/app/instruct-manner.ts';

it.each([
  [4096, 512, 3384],
  [1024, 412, 412],
  [712, 256, 256],
  [512, 156, 156],
  [200, 1, 1],
  [128, 1, 1],
])('a context of %i tokens leaves %i for the answer and %i for the question', (context, answer, question) => {
  expect(instructManner(context)).toMatchObject({ freeAnswerTokens: answer, promptLimit: question });
});

it('asks for a short answer or a plain one, and always how to say that it cannot', () => {
  const { system } = instructManner(4096);
  expect(system?.(true, 'No idea.')).toMatch(/result alone.*No idea\.$/s);
  expect(system?.(false, 'No idea.')).toMatch(/three sentences.*No idea\.$/s);
});
