import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { Deliberation } from '#contracts/deliberation';
import type { Evidence } from '#contracts/evidence';
import { evidenceOfRecord } from '../../src/council/evidence/record-evidence.ts';
import EvidencePanel from '../../src/ui/council/evidence-panel.svelte';
import { deliberation, member } from '../fakes/port-data.ts';

type Answer = (record: Deliberation) => Promise<Outcome<Evidence>>;

const evidence = (record: Deliberation): Evidence => ({ ...evidenceOfRecord(record), measured: 'none' });
const settled = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve));
  flushSync();
};

describe('what an answer rests on, on the page', () => {
  let place: HTMLElement;
  let shown: object | null = null;
  let asked: string[] = [];

  beforeEach(() => {
    place = document.createElement('div');
    document.body.append(place);
    asked = [];
  });
  afterEach(async () => {
    if (shown !== null) await unmount(shown);
    place.remove();
  });

  /** Shows it; the returned function shows another record in the same place. */
  function show(first: Deliberation, answer: Answer): (record: Deliberation) => void {
    const props = $state({
      record: first,
      model: {
        evidenceOf: (record: Deliberation) => {
          asked.push(record.id);
          return answer(record);
        },
      },
    });
    shown = mount(EvidencePanel, { target: place, props });
    flushSync();
    return (record) => {
      props.record = record;
      flushSync();
    };
  }

  const section = (): HTMLElement => {
    const found = place.querySelector('section');
    if (found === null) throw new Error('no panel');
    return found;
  };

  it('counts, then tells, and offers the way to measure', async () => {
    const members = [member('alder'), member('birch'), member('cedar', { key: '84', answer: '84' })];
    show(deliberation({ members }), (record) => Promise.resolve(ok(evidence(record))));
    expect(section().getAttribute('aria-busy')).toBe('true');
    expect(section().textContent).toContain('Counting');
    await settled();
    expect(section().getAttribute('aria-busy')).toBe('false');
    expect(
      [...section().querySelectorAll('.given li')].map((each) => each.classList.contains('answer')),
    ).toEqual([true, false]);
    expect(section().textContent).toContain('For the answer: 2 of 3');
    expect(section().querySelector('a')?.getAttribute('href')).toBe('#/plan/calibration');
  });

  it.each([
    ['refused', (): Promise<Outcome<Evidence>> => Promise.resolve(err(failure('storage-failed')))],
    ['torn', (): Promise<Outcome<Evidence>> => Promise.reject(new TypeError('Failed to fetch'))],
  ])('says that it could not be told (%s), and tries again', async (_how, fault) => {
    let faulty = true;
    show(deliberation(), (record) => (faulty ? fault() : Promise.resolve(ok(evidence(record)))));
    await settled();
    const retry = section().querySelector<HTMLButtonElement>('[role=alert] button');
    expect(retry?.textContent).toBe('Try again');
    faulty = false;
    retry?.click();
    await settled();
    expect(section().querySelector('[role=alert]')).toBeNull();
    expect(section().textContent).toContain('The answers');
  });

  it('counts anew for another record, not for the same one when it is rated', async () => {
    const other = show(deliberation({ id: 'one' }), (record) => Promise.resolve(ok(evidence(record))));
    await settled();
    other(deliberation({ id: 'one', rating: 'good' }));
    await settled();
    expect(asked).toEqual(['one']);
    other(deliberation({ id: 'two', members: [member('alder')] }));
    await settled();
    expect(asked).toEqual(['one', 'two']);
    expect(section().textContent).toContain('For the answer: 1 of 1');
  });

  it('does not show what came too late for a record that is gone', async () => {
    const waiting: ((found: Outcome<Evidence>) => void)[] = [];
    const other = show(
      deliberation({ id: 'slow' }),
      () =>
        new Promise((resolve) => {
          waiting.push(resolve);
        }),
    );
    const quick = deliberation({ id: 'quick', members: [member('alder')] });
    other(quick);
    waiting[1]?.(ok(evidence(quick)));
    await settled();
    waiting[0]?.(ok(evidence(deliberation({ id: 'slow' }))));
    await settled();
    expect(section().textContent).toContain('For the answer: 1 of 1');
  });

  it('shows a few points of a long comparison, the rest on request', async () => {
    const sentences = [
      'Lifts run up',
      'Paint is brown',
      'Paris lies near',
      'Wind sways beams',
      'Rain falls down',
      'Iron rusts',
    ];
    const free = deliberation({
      answerKind: 'free',
      key: 'a',
      members: [
        member('alder', { key: 'a', answer: `${sentences.join('. ')}.` }),
        member('birch', { key: 'b', answer: 'Snow melts.' }),
      ],
    });
    show(free, (record) => Promise.resolve(ok(evidence(record))));
    await settled();
    expect(section().querySelector('details > summary')?.textContent).toContain('3\u00a0more points');
    expect(section().querySelectorAll('details li')).toHaveLength(3);
  });
});
