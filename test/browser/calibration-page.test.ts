import { mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import axe from 'axe-core';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import '../../src/ui/app.css';
import CalibrationPage from '../../src/ui/calibration/calibration-page.svelte';
import RefusedNote from '../../src/ui/council/refused-note.svelte';
import { FakeCalibrationPort } from '../fakes/calibration-port.ts';
import { calibrationOf } from '../fakes/calibrations.ts';
import { memberView } from '../fakes/port-data.ts';
import { FakePorts } from '../fakes/ports.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

let ports: FakePorts;
let port: FakeCalibrationPort;
let shown: ReturnType<typeof mount> | null = null;

const MEMBERS = ['alder', 'birch', 'cedar'].map((id) => memberView(id));
const main = (): HTMLElement => document.body;
const button = (name: RegExp): HTMLButtonElement => {
  const found = [...document.querySelectorAll('button')].find((each) =>
    name.test(each.ariaLabel ?? each.textContent),
  );
  if (found === undefined) throw new Error(`no button ${String(name)}`);
  return found;
};
const seen = (text: RegExp): Promise<void> =>
  vi.waitFor(() => {
    expect(main().innerText.replaceAll('\u00a0', ' ')).toMatch(text);
  });

/** Gives a hidden file picker a file, as the browser's own dialog does. */
function choose(picker: string, text: string): void {
  const input = document.querySelector<HTMLInputElement>(`input[data-for=${picker}]`);
  if (input === null) throw new Error(picker);
  const files = new DataTransfer();
  files.items.add(new File([text], 'mine.jsonl'));
  input.files = files.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
}

async function accessible(): Promise<void> {
  const { violations } = await axe.run(document.body, { rules: { region: { enabled: false } } });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
}

beforeEach(() => {
  port = new FakeCalibrationPort();
  ports = new FakePorts(new VirtualClock(), { members: MEMBERS });
  ports.calibration = port;
});

afterEach(async () => {
  if (shown !== null) await unmount(shown);
  shown = null;
});

describe('the page', () => {
  beforeEach(() => {
    shown = mount(CalibrationPage, { target: document.body, props: { ports, clock: new VirtualClock() } });
  });

  it('asks, tells how far it is, and shows what came of it', async () => {
    await seen(/Asked: Alder, Birch and Cedar/);
    await seen(/All 600/);
    await accessible();
    const run = port.hold();
    button(/^Start$/).click();
    await seen(/Loading the members/);
    run.progress(30, 120);
    await seen(/30 of 120 questions/);
    await accessible();
    port.kept = [port.record()];
    run.end(ok(port.report));
    await seen(/The best pair on these questions is Alder and Birch/);
    await seen(/Left out: more than 10 points below the best/);
    await seen(/Most votes.*used by default/);
    await accessible();
  });

  it('makes the recommended members the council, and goes back', async () => {
    await seen(/Asked:/);
    button(/^Start$/).click();
    await seen(/Cedar leaves the council and stays on this device/);
    button(/Use this council/).click();
    await seen(/They are your council now/);
    expect(ports.settings.settings.members?.map(({ id }) => id)).toEqual(['alder', 'birch']);
    button(/Back to the council before/).click();
    await seen(/The council is as it was before/);
    expect(ports.settings.settings.members).toBeNull();
  });

  it('names the line of a file that is no question, and asks one that is', async () => {
    await seen(/Asked:/);
    document.querySelectorAll<HTMLInputElement>('input[type=radio]')[2]?.click();
    await seen(/nothing of it leaves this device/);
    port.ownFault = failure('question-set-invalid', {
      line: 3,
      reason: 'not-json',
      faults: 1,
      lines: '3 not-json',
    });
    choose('questions', 'broken');
    await seen(/Line 3 is not JSON/);
    await accessible();
    port.ownFault = null;
    choose('questions', 'one\ntwo');
    await seen(/mine\.jsonl: 2 questions/);
    expect(document.querySelector('[role=alert]')).toBeNull();
    button(/^Start$/).click();
    await vi.waitFor(() => {
      expect(port.asked.at(-1)).toMatchObject({ own: 'one\ntwo', questions: 2 });
    });
  });

  it('keeps what a stopped run recorded, and says why another ended', async () => {
    await seen(/Asked:/);
    const run = port.hold();
    button(/^Start$/).click();
    await seen(/Loading the members/);
    run.progress(7, 120);
    port.kept = [port.record({ questions: 7 })];
    button(/^Stop$/).click();
    run.end(err(failure('cancelled')));
    await seen(/Stopped after 7 questions/);
    await seen(/7 of these were answered before/);
    port.end = err(failure('council-unavailable', { cause: 'model-downloading' }));
    button(/^Go on$/).click();
    await seen(/A member of the council could not be started/);
    await accessible();
  });

  it('deletes a record only when asked twice, and refuses a file that is none', async () => {
    port.kept = [port.record()];
    button(/Bring in a file/);
    port.recordFault = failure('record-invalid', { line: 7 });
    choose('record', 'nonsense');
    await seen(/no record of answers: line 7/);
    port.recordFault = null;
    await seen(/12 bundled questions for choosing/);
    button(/^Delete: /).click();
    await seen(/Delete for good/);
    expect(port.kept).toHaveLength(1);
    button(/^Delete for good/).click();
    await seen(/None yet/);
  });
});

describe('the note on the council page', () => {
  it('says whom the newest run refuses, and leaves them out', async () => {
    port.newest = calibrationOf(MEMBERS);
    shown = mount(RefusedNote, { target: document.body, props: { ports, members: MEMBERS } });
    await seen(/Cedar was 20 points below the best member in 100 questions here.*too few to be sure/);
    await accessible();
    button(/Leave Cedar out/).click();
    await vi.waitFor(() => {
      expect(ports.settings.settings.members?.map(({ id }) => id)).toEqual(['alder', 'birch']);
    });
  });

  it('is not there before a run', async () => {
    shown = mount(RefusedNote, { target: document.body, props: { ports, members: MEMBERS } });
    await new Promise((resolve) => requestAnimationFrame(resolve));
    expect(main().innerText.trim()).toBe('');
  });
});
