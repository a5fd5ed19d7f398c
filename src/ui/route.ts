/** The pages that exist, in the order of the navigation. Each has a URL of its own, so that it survives a reload and can be bookmarked. */
export const PAGE_TITLES = {
  council: 'Council',
  device: 'Device',
  models: 'Models',
  monitor: 'Monitor',
  benchmark: 'Benchmark',
  plan: 'Plan',
  settings: 'Settings',
} as const;
export type PageName = keyof typeof PAGE_TITLES;
export const PAGE_NAMES = Object.keys(PAGE_TITLES) as readonly PageName[];

type PlainPage = Exclude<PageName, 'council' | 'benchmark'>;
/** Of pages that are what their name says and no more. */
type PlainRoute = { [Page in PlainPage]: { readonly page: Page } }[PlainPage];

export type Route =
  /** `recordId`, `conversationId`: a record of the history, or a conversation, that is open on the council page. */
  | { readonly page: 'council'; readonly recordId: string | null; readonly conversationId?: string }
  | PlainRoute
  /** `shared`: the fragment of a shared benchmark result. */
  | { readonly page: 'benchmark'; readonly shared: string | null };

const HOME: Route = { page: 'council', recordId: null };
/** Links of every codec version open the page; the codec itself says which versions it can read. */
const SHARED_RESULT = /^#b\d+\./;
const OPENED = /^#\/(history|conversation)\/([^/]+)$/;

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
  // One whose parts have addresses of their own (`#/models/storage`) looks itself.
  const page = PAGE_NAMES.find((name) => `${hash}/`.startsWith(`${hashOf(name)}/`)) ?? 'council';
  if (page === 'benchmark') return { page, shared: null };
  if (page !== 'council') return { page };
  const [, what, id = ''] = OPENED.exec(hash) ?? [];
  if (what === 'conversation') return { page, recordId: null, conversationId: decoded(id) };
  return what === undefined ? HOME : { page, recordId: decoded(id) };
}

/** The fragment under which a page opens. */
export function hashOf(page: PageName): string {
  return page === 'council' ? '#/' : `#/${page}`;
}

/** The fragment that opens a conversation. */
export function hashOfConversation(id: string): string {
  return `#/conversation/${encodeURIComponent(id)}`;
}

/** The fragment that opens one record of the history. */
export function hashOfRecord(id: string): string {
  return `#/history/${encodeURIComponent(id)}`;
}
