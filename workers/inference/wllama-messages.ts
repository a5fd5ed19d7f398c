import type { ChatBody } from './wllama-request.ts';

/** Messages of wllama's glue (its `glue/messages.ts`): `_name` says which one it is. */
export const completionRequest = (body: ChatBody): object => ({
  _name: 'cmpl_req',
  is_chat: true,
  data_json: JSON.stringify(body),
  files: [],
});

export const embeddingRequest = (text: string): object => ({
  _name: 'embd_req',
  data_json: JSON.stringify({ input: text.toWellFormed() }),
  files: [],
});

export const resultRequest = (id: number): object => ({ _name: 'gres_req', req_id: id });

export const cancelRequest = (id: number): object => ({ _name: 'cncl_req', req_id: id });
