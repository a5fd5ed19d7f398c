import { err, ok } from '#kernel/result';
import type { GenerateRequest } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import { grammarRegExp } from './grammar-regexp.ts';
import type { PromptOptions } from './language-model.ts';

/**
 * What the Prompt API takes in place of a grammar: a JSON schema as it is, a regular GBNF grammar as an expression.
 * Errors: request-unsupported for what the API cannot be asked for.
 * @param model the name to show
 */
export function responseConstraint(
  request: Pick<GenerateRequest, 'grammar' | 'jsonSchema' | 'ignoreEos'>,
  model: string,
): Outcome<Pick<PromptOptions, 'responseConstraint'>> {
  const { grammar, jsonSchema, ignoreEos } = request;
  const refuse = (reason: string): Outcome<never> => err(failure('request-unsupported', { model, reason }));
  if (ignoreEos === true) return refuse('write to a fixed length');
  if (grammar !== undefined && jsonSchema !== undefined)
    return refuse('follow a grammar and a schema at once');
  if (jsonSchema !== undefined) return ok({ responseConstraint: jsonSchema });
  if (grammar === undefined) return ok({});
  const expression = grammarRegExp(grammar);
  return expression === null ? refuse('follow this grammar') : ok({ responseConstraint: expression });
}
