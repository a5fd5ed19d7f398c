import { lazily } from './lazily.ts';

/** A port of which every method is asynchronous, so that its code may come with the first call. */
type AsyncPort<Port> = { readonly [Name in keyof Port]: (...args: never[]) => Promise<unknown> };

/** A port whose code is fetched with its first call; after a failed fetch, with the next. */
export function deferredPort<Port extends AsyncPort<Port>>(load: () => Promise<Port>): Port {
  const loaded = lazily(load);
  return new Proxy({} as Port, {
    get: (_none, name) =>
      // Or whoever awaits the port would wait for ever.
      name === 'then'
        ? undefined
        : async (...args: unknown[]): Promise<unknown> => {
            const port = await loaded();
            const method: unknown = Reflect.get(port, name);
            return (method as (...args: unknown[]) => Promise<unknown>).apply(port, args);
          },
  });
}
