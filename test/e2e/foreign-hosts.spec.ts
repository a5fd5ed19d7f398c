import { expect, test } from './support/fixtures.ts';

// Every other spec asserts that nothing was sent to a foreign host. This one shows that the assertion can fail.
test('a request to a foreign host would be noticed', async ({ page, foreign }) => {
  await page.goto('about:blank');
  await page.evaluate(() => fetch('http://witan.invalid/', { mode: 'no-cors' }).catch(() => undefined));
  expect(foreign.seen).toEqual(['GET http://witan.invalid/']);
  foreign.seen.length = 0;
});

test('the content policy refuses one before it leaves the page', async ({ page, foreign }) => {
  await page.goto('./');
  const refused = await page.evaluate(() =>
    fetch('http://witan.invalid/', { mode: 'no-cors' }).then(
      () => false,
      () => true,
    ),
  );
  expect(refused).toBe(true);
  expect(foreign.seen).toEqual([]);
});
