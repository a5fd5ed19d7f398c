import * as v from 'valibot';
import { PredictReportSchema } from '../../src/contracts/capacity.ts';
import { CapacityPlanSchema } from '../../src/contracts/plan.ts';
import { expect, openApp, test } from './support/fixtures.ts';

// The copy for offline use is made anew for every test: other specs try it.
test.use({ serviceWorkers: 'block' });

test('a device that was measured says how fast models would be, and keeps it', async ({ page, serve }) => {
  // Half a minute; on a machine that does much else, some.
  test.setTimeout(300_000);
  const server = await serve();
  await openApp(page, server.url);
  await page.goto(`${server.url}#/device`);
  const measure = page.getByRole('button', { name: /^Measure this device/ });
  await measure.click();
  const measuredOn = page.getByText(/^Measured .* with models of random numbers/);
  await expect(measuredOn).toBeVisible({ timeout: 240_000 });
  await expect(page.getByText(/tokens\/s \(.* to .*\)/).first()).toBeVisible();

  await page.reload();
  await expect(measuredOn).toBeVisible();
  const predicted = await page.evaluate(async () => {
    const capacity = await window.witan?.capacity();
    const report = await capacity?.predict(new AbortController().signal, null);
    return report?.ok === true ? report.value : null;
  });
  const { models } = v.parse(PredictReportSchema, predicted);
  const fitting = models.filter(({ fits, engine }) => engine === 'wllama' && fits !== 'will-not-fit');
  expect(fitting.length).toBeGreaterThan(0);
  for (const { tokensPerSecond } of fitting) expect(tokensPerSecond?.median).toBeGreaterThan(0);

  await page.goto(`${server.url}#/plan`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Plan');
  await expect(page.getByText('This plan holds')).toBeVisible();
  const planned = await page.evaluate(async () => {
    const capacity = await window.witan?.capacity();
    const plan = await capacity?.plan(new AbortController().signal, 'speed');
    return plan?.ok === true ? plan.value : null;
  });
  const { budget, members } = v.parse(CapacityPlanSchema, planned);
  expect(members.length).toBeGreaterThan(0);
  expect(budget.lines.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(budget.totalBytes);
});

test('a measurement that is stopped leaves everything as it was', async ({ page, serve }) => {
  const server = await serve();
  await openApp(page, server.url);
  await page.goto(`${server.url}#/device`);
  await page.getByRole('button', { name: /^Measure this device/ }).click();
  const stop = page.getByRole('button', { name: /^Stop/ });
  await stop.click();
  await expect(page.getByRole('button', { name: /^Measure this device/ })).toBeVisible();
  const kept = await page.evaluate(async () => {
    const measurement = await (await window.witan?.capacity())?.measurement();
    return measurement?.ok === true ? measurement.value : 'failed';
  });
  expect(kept).toBe(null);
});
