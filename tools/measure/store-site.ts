import { join } from 'node:path';
import { FaultyFile, type FileScript } from '../../test/fakes/faulty-file.ts';
import { oneModelCatalogue } from '../../test/fakes/one-model-catalogue.ts';
import type { ServeOptions } from '../serve/preview.ts';
import { serveApp, type AppServer } from '../serve/preview.ts';

/** The built app with a catalogue of one model, and the server of its file beside it: nowhere else may the app reach. */
export interface StoreSite {
  readonly app: AppServer;
  readonly file: FaultyFile;
  /** Gives the model other bytes, or other manners. */
  obey(script: FileScript): void;
}

/** Where the file lies, from the app's own address on; any name below it gives the same file. */
export const FILE_PATH = 'hub/model.gguf';

/** @param besides what else is to be served */
export async function serveStore(script: FileScript, besides?: ServeOptions['besides']): Promise<StoreSite> {
  const file = new FaultyFile();
  let catalogue = '';
  const obey = (next: FileScript): void => {
    file.obey(next);
    if (next.sizeBytes !== undefined) catalogue = JSON.stringify(oneModelCatalogue(file.bytes));
  };
  obey(script);
  const app = await serveApp({
    root: join(import.meta.dirname, '../..'),
    port: 0,
    besides: (request, response, next) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      if (pathname.endsWith('/catalogue/gguf.json')) {
        response.setHeader('Content-Type', 'application/json');
        response.end(catalogue);
      } else if (pathname.startsWith('/hub/')) file.serve(request, response);
      else if (besides === undefined) next();
      else besides(request, response, next);
    },
  });
  return { app, file, obey };
}
