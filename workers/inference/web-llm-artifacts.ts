import { err, ok } from '#kernel/result';
import { webLlmNeeds } from '#contracts/catalogue';
import type { MlcSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import { parseTensorList, TENSOR_LIST, type TensorSizes } from '#contracts/mlc-files';
import { webLlmFailure } from './web-llm-errors.ts';

/**
 * Reads the list of tensors among a model's files.
 * Errors: model-invalid with reason `no-files`, `json` or `tensor-list`; storage-failed (it cannot be read any more).
 */
export async function readTensorSizes({ name, files = [] }: MlcSource): Promise<Outcome<TensorSizes>> {
  const list = files.find(({ url }) => url.endsWith(`/${TENSOR_LIST}`));
  if (list === undefined) return err(failure('model-invalid', { model: name, reason: 'no-files' }));
  try {
    return parseTensorList(JSON.parse(await list.file.text()), name);
  } catch (thrown) {
    return err(webLlmFailure(thrown, name));
  }
}

/** Errors: feature-missing, when the largest tensor cannot be bound whole, as every kernel of MLC binds its weights. */
export function checkTensors(
  model: MlcSource,
  largestBytes: number,
  maxStorageBufferBindingSize: number,
): Outcome<null> {
  if (largestBytes <= maxStorageBufferBindingSize) return ok(null);
  return err(
    failure('feature-missing', {
      model: model.name,
      feature: 'maxStorageBufferBindingSize',
      needed: webLlmNeeds('maxStorageBufferBindingSize', largestBytes),
      available: maxStorageBufferBindingSize,
    }),
  );
}
