import { describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import type { MemberView } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import { CalibrationService } from '../../../src/app/calibration-service.ts';
import { EvidenceService } from '../../../src/app/evidence-service.ts';
import { evaluate } from '../../../src/council/evaluation/evaluate.ts';
import { CalibrationStore } from '../../../src/storage/calibration-store.ts';
import { deliberation, member, memberView, starterCouncil } from '../../fakes/port-data.ts';
import { PLAIN_RULES } from '../../fakes/plain-rules.ts';
import { recordedBallot, recordHead } from '../../fakes/recorded-ballots.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const VIEWS = ['alder', 'birch', 'cedar'].map((id) => memberView(id));

/** A device on which runs were made; `id` and time of each. */
class Rig {
  views: readonly MemberView[] = VIEWS;
  readonly store = new CalibrationStore(null);
  readonly service = new CalibrationService({
    clock: new VirtualClock(),
    council: {
      exclusively: (_signal, task) => task(),
      about: () => Promise.resolve(ok(starterCouncil())),
      roster: () => Promise.resolve(err(failure('council-unavailable'))),
      members: () => this.views,
    },
    catalogue: { questions: () => Promise.resolve(err(failure('question-set-invalid'))) },
    store: () => Promise.resolve(this.store),
    rules: PLAIN_RULES,
    machine: () => Promise.resolve(''),
  });

  /** @param right of ten questions on which all agree */
  async measured(id: string, at: number, right: number, ids = ['alder', 'birch', 'cedar']): Promise<void> {
    const members = ids.map((each) => {
      const { backend, parameters, sizeBytes } = memberView(each);
      const fingerprint = [backend, parameters, sizeBytes].join(' ');
      return { id: each, name: each, backend, fingerprint, devAccuracy: 0.9 };
    });
    const ballots = Array.from({ length: 10 }, (_, n) => {
      const said = [[n < right ? n : 99]];
      return recordedBallot(n, [...said, ...said, ...said], {}, members);
    });
    const head = recordHead({ id, members, startedAt: at });
    await this.store.keepHead(head);
    for (const ballot of ballots) await this.store.keepBallot(id, ballot);
    await this.store.keepResult(
      evaluate({ head, ballots }, { rules: PLAIN_RULES, wallMs: 0, at }).calibration,
    );
  }

  async of(change: Partial<Deliberation> = {}) {
    const found = await new EvidenceService(this.service).of(deliberation(change));
    if (!found.ok) throw new Error(found.error.code);
    return found.value.measured;
  }
}

const OLD = '0'.repeat(16);
const NEW = '1'.repeat(16);

describe('how often such answers were right here', () => {
  it('is not known before a run of these members', async () => {
    const rig = new Rig();
    expect(await rig.of()).toBe('none');
    await rig.measured(OLD, 1, 9, ['alder', 'birch']);
    expect(await rig.of()).toBe('none');
  });

  it('comes from the newest run that had them all', async () => {
    const rig = new Rig();
    await rig.measured(OLD, 1, 9);
    await rig.measured(NEW, 2, 7);
    await rig.measured('2'.repeat(16), 3, 1, ['alder']);
    expect(await rig.of()).toMatchObject({
      recordId: NEW,
      unanimous: { total: 10, correct: 7 },
      round: 'unanimous',
    });
    // Of two of them the newest run of three says it too.
    const members = [member('alder'), member('birch', { key: '86' })];
    expect(await rig.of({ members })).toMatchObject({
      recordId: NEW,
      round: 'divided',
      members: ['alder', 'birch'],
    });
  });

  it('is not that of another model under the same name, nor of another place to run', async () => {
    const rig = new Rig();
    await rig.measured(OLD, 1, 9);
    rig.views = VIEWS.map((view) => (view.id === 'birch' ? { ...view, parameters: 5 } : view));
    expect(await rig.of()).toBe('none');
    rig.views = VIEWS;
    const members = deliberation().members.map((each) => ({ ...each, backend: 'webgpu' as const }));
    expect(await rig.of({ members })).toBe('none');
  });

  it('is not known of long texts, of servers, and of nobody', async () => {
    const rig = new Rig();
    await rig.measured(OLD, 1, 9);
    expect(await rig.of({ answerKind: 'free' })).toBe('free-text');
    expect(await rig.of({ members: [member('alder'), member('far', { backend: 'remote' })] })).toBe('server');
    expect(await rig.of({ members: [member('alder', { status: 'timeout', key: null })] })).toBe('nobody');
  });

  it('or cannot be read: the votes are shown all the same', async () => {
    const torn = new EvidenceService({ agreement: () => Promise.reject(new Error('gone')) });
    expect(await torn.of(deliberation())).toMatchObject({
      ok: true,
      value: { votes: 3, measured: 'storage' },
    });
  });
});
