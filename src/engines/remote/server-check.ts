import { err, ok } from '#kernel/result';
import { SilenceWatch } from '#kernel/silence-watch';
import type { Outcome } from '#contracts/errors';
import type { EndpointState } from './endpoint-state.ts';
import { jsonOf } from './error-body.ts';
import { endedBy, readText, send, type Exchange } from './http-exchange.ts';
import { parseModelList, type ModelList } from './model-list.ts';
import { unreadable, type About } from './remote-errors.ts';

/** A list of thousands of models, as big gateways have, is 1 MB or two. */
const LIST_LIMIT_BYTES = 8_388_608;

/** Servers without a model list answer so: the address is right, the list is not there. */
const NO_LIST_STATUSES: readonly unknown[] = [404, 405, 501];

/**
 * Health check: asks one server for its models, and lets its state know how that went. It is let through an open
 * breaker: the user asked for it, and it is the cheapest probe there is.
 *
 * Errors: remote-*, cancelled.
 * @param name whom a failure is about: a member, or the server itself
 * @param limitMs for the whole check
 * @returns null when the server is well but has no list
 */
export async function checkServer(
  stop: AbortSignal,
  state: EndpointState,
  exchange: Exchange,
  name: string,
  limitMs: number,
): Promise<Outcome<ModelList | null>> {
  const { endpoint } = state;
  const about: About = { model: name, endpoint: endpoint.label };
  const visit = state.enter();
  const watch = new SilenceWatch(exchange.clock, stop);
  const startedMs = exchange.clock.nowMs();
  watch.allow(limitMs, 'health');
  const listed = await fetchList(watch, state, exchange, about);
  watch.end();
  if (listed.ok) {
    if (listed.value !== null) state.detected(listed.value.server);
    visit.healthy(exchange.clock.nowMs() - startedMs);
    return listed;
  }
  const problem = exchange.keys.scrub(listed.error);
  if (problem.code === 'cancelled') visit.abandoned();
  else visit.failed(problem);
  return err(problem);
}

async function fetchList(
  watch: SilenceWatch,
  { endpoint }: EndpointState,
  exchange: Exchange,
  about: About,
): Promise<Outcome<ModelList | null>> {
  const url = `${endpoint.baseUrl}/models`;
  const sent = await send(watch, exchange, {
    endpoint,
    url,
    accept: 'application/json',
    about,
  });
  if (!sent.ok) {
    const { code, details } = sent.error;
    const missing = code === 'remote-refused' || code === 'remote-failed';
    return missing && NO_LIST_STATUSES.includes(details['status']) ? ok(null) : sent;
  }
  const text = await readText(watch, sent.value, LIST_LIMIT_BYTES);
  if (text === null) return err(watch.signal.aborted ? endedBy(watch, about) : unreadable('cut', about));
  const list = parseModelList(jsonOf(text));
  // A captive portal and a web page answer 200 too.
  return list === null ? err(unreadable('no-model-list', about, text)) : ok(list);
}
