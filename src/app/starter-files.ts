import type { Outcome } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import {
  QuestionSetSchema,
  StarterCouncilSchema,
  type QuestionSet,
  type StarterCouncil,
} from '#contracts/starter';

/** Errors: model-invalid. */
export const parseCouncil = (json: unknown): Outcome<StarterCouncil> =>
  parseWith(StarterCouncilSchema, json, 'model-invalid', { model: 'the council' });

/** Errors: question-set-invalid. */
export const parseQuestions = (json: unknown): Outcome<QuestionSet> =>
  parseWith(QuestionSetSchema, json, 'question-set-invalid');
