import { expect, it } from 'vitest';
import { EGRESS_FOLDERS, securityHeaders } from '#contracts/security-headers';

function connects(pathname: string): readonly string[] {
  const policy = securityHeaders(pathname)['Content-Security-Policy'] ?? '';
  const directive = policy.split('; ').find((each) => each.startsWith('connect-src'));
  return directive?.split(' ').slice(1) ?? [];
}

it.each([
  '/',
  '/index.html',
  '/assets/wllama.worker-a1.js',
  '/assets/web-llm.worker-a1.js',
  '/assets/remote.worker-a1.js',
  '/starter/alder.gguf',
])('%s may reach nothing but the app', (pathname) => {
  expect(connects(pathname)).toEqual(["'self'", 'blob:']);
});

it('only the workers built for it reach other hosts, under any base path', () => {
  expect(connects('/egress/hub/model-store.worker-a1.js')).toContain('https://huggingface.co');
  expect(connects('/egress/hub/model-store.worker-a1.js')).not.toContain('https:');
  expect(connects('/pages/witan/egress/remote/remote.worker-a1.js')).toContain('https:');
});

it('every response is isolated', () => {
  for (const pathname of ['/', ...EGRESS_FOLDERS])
    expect(securityHeaders(pathname)).toMatchObject({
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
});
