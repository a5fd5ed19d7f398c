import { describe, expect, it } from 'vitest';
import { CHUNK, DownloadRig, FIRST, NOTHING_LEFT, SECOND, SIZE } from './download-rig.ts';

const BOTH = [FIRST, SECOND];
const asked = (rig: DownloadRig, url: string): number =>
  rig.net.requests.filter((request) => request.url === url).length;
const sent = (rig: DownloadRig, url: string): number =>
  rig.net.requests
    .filter((request) => request.url === url)
    .reduce((sum, { sentBytes }) => sum + sentBytes, 0);

describe('several mirrors', () => {
  it('asks the preferred one as long as it is well', async () => {
    const rig = new DownloadRig({ urls: BOTH });
    expect(await rig.run()).toMatchObject({ ok: true });
    expect(asked(rig, SECOND)).toBe(0);
    expect(rig.told.at(-1)?.mirror).toBe('https://first.example');
  });

  it.each([
    { fault: 'unreachable' },
    { fault: 'status', status: 404 },
    { fault: 'status', status: 503, retryAfter: '600' },
    { fault: 'portal' },
    { fault: 'other-size' },
    { fault: 'ignores-range' },
  ] as const)('asks the next at once: %j', async (always) => {
    const rig = new DownloadRig({ urls: BOTH, servers: { [FIRST]: { always } } });
    expect(await rig.run()).toMatchObject({ ok: true });
    expect(rig.isWhole).toBe(true);
    expect(rig.net.sentBytes).toBe(SIZE);
    expect(rig.clock.nowMs()).toBeLessThan(5_000);
    expect(rig.leftOpen).toEqual(NOTHING_LEFT);
  });

  it('fetches a bad chunk again from another one first', async () => {
    const rig = new DownloadRig({
      urls: BOTH,
      servers: { [FIRST]: { always: { fault: 'flip', atByte: 9_000 } } },
    });
    expect(await rig.run()).toMatchObject({ ok: true });
    expect(sent(rig, FIRST)).toBe(SIZE);
    expect(sent(rig, SECOND)).toBe(CHUNK);
    expect(rig.sink.refused).toEqual([2]);
  });

  it('fetches a whole that differs from its hash from another one', async () => {
    const rig = new DownloadRig({
      urls: BOTH,
      known: { chunks: false, whole: true },
      servers: { [FIRST]: { always: { fault: 'flip', atByte: 9_000 } } },
    });
    expect(await rig.run()).toMatchObject({ ok: true });
    expect(rig.isWhole).toBe(true);
    expect(sent(rig, SECOND)).toBe(SIZE);
  });

  it('leaves one that is slow, amid its answer, and stays with the fast one', async () => {
    const rig = new DownloadRig({
      urls: BOTH,
      bytes: 40 * CHUNK,
      policy: { parallel: 1 },
      servers: { [FIRST]: { bytesPerSecond: 1_000 }, [SECOND]: { bytesPerSecond: 50_000 } },
    });
    expect(await rig.run()).toMatchObject({ ok: true });
    expect(sent(rig, FIRST)).toBeLessThanOrEqual(2 * CHUNK);
    expect(sent(rig, SECOND)).toBeGreaterThanOrEqual(39 * CHUNK);
  });

  it('stays with the preferred one when the other is hardly faster', async () => {
    const rig = new DownloadRig({
      urls: BOTH,
      bytes: 40 * CHUNK,
      servers: { [FIRST]: { bytesPerSecond: 9_000 }, [SECOND]: { bytesPerSecond: 11_000 } },
    });
    expect(await rig.run()).toMatchObject({ ok: true });
    expect(asked(rig, SECOND)).toBe(0);
  });

  it('says which servers it could not do without, by the most telling fault', async () => {
    const rig = new DownloadRig({
      urls: BOTH,
      servers: {
        [FIRST]: { always: { fault: 'status', status: 403 } },
        [SECOND]: { always: { fault: 'unreachable' } },
      },
    });
    expect(await rig.run()).toMatchObject({
      ok: false,
      error: { code: 'model-fetch-failed', details: { reason: 'status', status: 403 } },
    });
  });
});

describe('several requests at once', () => {
  it('are for large files only: a small one has one alone', async () => {
    for (const [chunks, atOnce] of [
      [6, 1],
      [16, 1],
      [17, 2],
      [100, 3],
    ] as const) {
      const rig = new DownloadRig({ bytes: chunks * CHUNK });
      let most = 0;
      const { get } = rig.net;
      rig.net.get = async (...call) => {
        const answer = await get.apply(rig.net, call);
        most = Math.max(most, rig.net.open);
        return answer;
      };
      expect(await rig.run()).toMatchObject({ ok: true });
      expect(rig.isWhole).toBe(true);
      expect(rig.net.sentBytes).toBe(chunks * CHUNK);
      expect(most).toBe(atOnce);
    }
  });

  it('have the memory of few chunks', async () => {
    const rig = new DownloadRig({ bytes: 100 * CHUNK });
    const buffers = buffersOf(rig);
    expect(await rig.run()).toMatchObject({ ok: true });
    expect(buffers.size).toBeLessThanOrEqual(5);
  });

  it('are not made where the store is slower than the line: four chunks wait for it, and no more', async () => {
    const rig = new DownloadRig({ bytes: 100 * CHUNK });
    const buffers = buffersOf(rig);
    let most = 0;
    rig.sink.put = ((put) => (index, bytes, onWritten) => {
      most = Math.max(most, rig.net.open);
      return put.call(rig.sink, index, bytes, onWritten);
    })(rig.sink.put);
    rig.slowStore(50_000);
    expect(await rig.run()).toMatchObject({ ok: true });
    expect(most).toBe(1);
    expect(buffers.size).toBe(4);
    expect(rig.told.at(-1)?.retries).toBe(0); // the store's slowness is not the server's silence
  });
});

/** The memory that chunks come to the store in. */
function buffersOf(rig: DownloadRig): ReadonlySet<ArrayBuffer> {
  const buffers = new Set<ArrayBuffer>();
  const { put } = rig.sink;
  rig.sink.put = (index, bytes, onWritten) => {
    buffers.add(bytes.buffer);
    return put.call(rig.sink, index, bytes, onWritten);
  };
  return buffers;
}

describe('no network', () => {
  it('waits for it without blaming the server, for as long as it takes', async () => {
    const rig = new DownloadRig();
    rig.clock.after(400, () => {
      rig.net.setOffline(true);
    });
    rig.clock.after(4 * 3_600_000, () => {
      rig.net.setOffline(false);
    });
    expect(await rig.run()).toMatchObject({ ok: true });
    expect(rig.net.sentBytes).toBeLessThanOrEqual(SIZE + CHUNK);
    expect(rig.told.map(({ waiting }) => waiting)).toContainEqual({ for: 'network' });
    expect(rig.clock.nowMs()).toBeLessThan(4 * 3_600_000 + 5_000);
    expect(rig.leftOpen).toEqual(NOTHING_LEFT);
  });
});
