import { hashOf, parseRoute, type PageName } from './route.ts';

/** The page that the URL fragment names. `listen` keeps it current and returns the function that stops listening. */
export class HashRouter {
  route = $state.raw(parseRoute(location.hash));

  listen(): () => void {
    const update = (): void => {
      this.route = parseRoute(location.hash);
    };
    addEventListener('hashchange', update);
    return () => {
      removeEventListener('hashchange', update);
    };
  }

  go(page: PageName): void {
    const hash = hashOf(page);
    if (location.hash !== hash) location.hash = hash;
  }
}
