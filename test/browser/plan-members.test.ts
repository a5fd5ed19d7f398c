import { mount, unmount } from 'svelte';
import { expect, it } from 'vitest';
import '../../src/ui/app.css';
import PlanMembers from '../../src/ui/plan/plan-members.svelte';
import { capacityPlan } from '../fakes/plan-data.ts';

it('says which members were measured on this device, on how many questions, and how long an answer took', async () => {
  const members = capacityPlan().members.map((member, seat) =>
    seat > 0
      ? member
      : {
          ...member,
          accuracy: 0.91,
          measured: {
            questions: 240,
            ci95: [0.87, 0.94] as [number, number],
            answerMs: { p50: 62, p95: 140 },
            tokens: 4.7,
          },
        },
  );
  const shown = mount(PlanMembers, { target: document.body, props: { members } });
  const [first, second] = [...document.querySelectorAll('li')].map(({ innerText }) =>
    innerText.replaceAll('\u00a0', ' '),
  );
  expect(first).toContain('measured here on 240 questions: right in 91 % (87 to 94)');
  expect(first).toContain('An answer of 4.7 tokens took 62 ms here, 19 of 20 at most 140 ms');
  expect(second).toContain('not measured here');
  expect(second).not.toContain('An answer of');
  await unmount(shown);
});
