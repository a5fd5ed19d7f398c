/** The pages that exist. Each has a URL of its own, so that it survives a reload and can be bookmarked. */
export type PageName = 'council' | 'device' | 'models' | 'monitor' | 'benchmark' | 'settings';

export type Route =
  /** `recordId`: a record of the history that is open on the council page. */
  | { readonly page: 'council'; readonly recordId: string | null }
  | { readonly page: 'device' }
  | { readonly page: 'models' }
  | { readonly page: 'monitor' }
  | { readonly page: 'settings' }
  /** `shared`: the fragment of a shared benchmark result. */
  | { readonly page: 'benchmark'; readonly shared: string | null };

/** Pages that take nothing from the fragment; one whose parts have addresses of their own (`#/models/storage`) looks itself. */
const PLAIN = ['device', 'models', 'monitor', 'settings'] as const;
const HOME: Route = { page: 'council', recordId: null };
/** Links of every codec version open the page; the codec itself says which versions it can read. */
const SHARED_RESULT = /^#b\d+\./;
const RECORD = /^#\/history\/([^/]+)$/;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a URL fragment shows. Anything unknown is the council page: a link must never end on nothing. */
export function parseRoute(hash: string): Route {
  if (SHARED_RESULT.test(hash)) return { page: 'benchmark', shared: hash };
  const page = PLAIN.find((name) => `${hash}/`.startsWith(`#/${name}/`));
  if (page !== undefined) return { page };
  if (hash === '#/benchmark') return { page: 'benchmark', shared: null };
  const recordId = RECORD.exec(hash)?.[1];
  return recordId === undefined ? HOME : { page: 'council', recordId: decoded(recordId) };
}

/** The fragment under which a page opens. */
export function hashOf(page: PageName): string {
  return page === 'council' ? '#/' : `#/${page}`;
}

/** The fragment that opens one record of the history. */
export function hashOfRecord(id: string): string {
  return `#/history/${encodeURIComponent(id)}`;
}
