import type { Projection, ScalabilityInput } from '#contracts/scalability';
import { serialShare, serialTime } from './amdahl.ts';
import { bandwidthShare } from './bandwidth-share.ts';
import type { Member } from './council-time.ts';
import type { Scenario } from './scenario.ts';

/**
 * What most of the time goes into of those that end last: reading the weights (bandwidth), arithmetic that could be divided
 * (compute), or what does not divide: one thread's part, and on a card the start of each computation (serial).
 */
export function bottleneck(
  input: ScalabilityInput,
  scenario: Scenario,
  last: readonly Member[],
): Projection['bound'] {
  const parts = { bandwidth: 0, compute: 0, serial: 0 };
  const alone = serialTime(serialShare(input.threads, input.threadScaling).median, scenario.threads);
  for (const member of last) {
    const { backend, decodeMs } = member;
    // Of a server, and of the browser's own model, nobody tells what it does.
    if (decodeMs === null || (backend !== 'cpu' && backend !== 'webgpu')) return 'unknown';
    const whole = input.answerTokens * decodeMs.median * scenario.decode(member).median;
    const read =
      input.answerTokens *
      decodeMs.median *
      bandwidthShare(member).median *
      (backend === 'webgpu' ? scenario.reading : 1);
    const prompt = (member.prefillMs?.median ?? 0) * scenario.prefill(member).median;
    const rest = Math.max(0, whole - read);
    parts.bandwidth += read;
    parts.serial += backend === 'webgpu' ? rest : alone * (rest + prompt);
    parts.compute += backend === 'webgpu' ? prompt : (1 - alone) * (rest + prompt);
  }
  const most = Math.max(parts.bandwidth, parts.compute, parts.serial);
  if (!(most > 0)) return 'unknown';
  if (parts.bandwidth === most) return 'bandwidth';
  return parts.compute === most ? 'compute' : 'serial';
}
